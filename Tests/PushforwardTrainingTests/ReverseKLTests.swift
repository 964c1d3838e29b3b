import PushforwardCore
import PushforwardModels
import PushforwardTraining
import Testing

/// Flows fitted to unnormalised densities: the objective is a lower bound of the log of the target's integral.
@Suite struct ReverseKLTests {
  private func bound(
    _ family: FlowFamily, transforms: Int, inverted: Bool, epochs: Int,
    logDensity: @escaping @Sendable (Variable, Tape<Float>) throws -> Variable
  ) throws -> Double {
    let size = FlowFamily.Size(
      transforms: transforms, network: NetworkSettings(hidden: [32, 32], activation: .silu), bins: 8, bound: 5)
    var specification = family.specification(features: 2, size: size)
    if inverted { specification.bijection = .inverted(specification.bijection) }
    let flow = try Flow<Float>(specification, seed: 3)
    var settings = TrainingSettings()
    settings.maximumEpochs = epochs
    settings.learningRate = 3e-3
    settings.batchSize = 256
    settings.seed = 5
    let trainer = try Trainer(
      objective: ReverseKL(flow.network, logDensity: logDensity), training: DrawSource<Float>(rowsPerEpoch: 256 * 20),
      heldOut: DrawSource<Float>(rowsPerEpoch: 4096), settings: settings)
    return try trainer.run(from: flow.parameters).bestHeldOut
  }

  /// log N(x0; 0, 1) + log N(x1; x0^2, 0.5): normalised, so the bound's limit is 0.
  @Sendable private static func banana(_ x: Variable, _ tape: Tape<Float>) -> Variable {
    let first = tape.select(x, features: [0])
    let second = tape.select(x, features: [1])
    let bent = tape.affine(tape.subtract(second, tape.square(first)), scale: 2)
    let squares = tape.add(tape.square(first), tape.square(bent))
    // -log(2 pi) + log 2
    return tape.affine(squares, scale: -0.5, shift: -1.837_877_066_4 + 0.693_147_180_6)
  }

  /// Two equal normals at (-1.5, 0) and (1.5, 0), standard deviation 0.7, normalised.
  @Sendable private static func twoModes(_ x: Variable, _ tape: Tape<Float>) -> Variable {
    func mode(_ centre: Double) -> Variable {
      let shifted = tape.concatenate(
        tape.affine(tape.select(x, features: [0]), scale: 1 / 0.7, shift: -centre / 0.7),
        tape.affine(tape.select(x, features: [1]), scale: 1 / 0.7))
      // -log(2 pi) - 2 log 0.7 - log 2
      return tape.affine(
        tape.sumFeatures(tape.square(shifted)), scale: -0.5, shift: -1.837_877_066_4 + 0.713_349_887_9 - 0.693_147_180_6
      )
    }
    return tape.logSumExpFeatures(tape.concatenate(mode(-1.5), mode(1.5)))
  }

  @Test func couplingFlowFitsABanana() throws {
    let value = try bound(.realNVP, transforms: 6, inverted: false, epochs: 25, logDensity: Self.banana)
    #expect(value > -0.03 && value < 0.03, "KL(q | f) is \(-value) nats")
  }

  @Test func invertedAutoregressiveFlowFitsABanana() throws {
    let value = try bound(.maf, transforms: 4, inverted: true, epochs: 25, logDensity: Self.banana)
    #expect(value > -0.03 && value < 0.03, "KL(q | f) is \(-value) nats")
  }

  @Test func splineCouplingFitsTwoModes() throws {
    let value = try bound(.nsfCoupling, transforms: 4, inverted: false, epochs: 25, logDensity: Self.twoModes)
    #expect(value > -0.05 && value < 0.05, "KL(q | f) is \(-value) nats")
  }

  @Test func aFlowThatCannotSampleDifferentiablyIsRefused() throws {
    let flow = try Flow<Float>(FlowFamily.maf.specification(features: 2))
    #expect(throws: EngineError.self) { try ReverseKL(flow.network, logDensity: Self.banana) }
  }
}
