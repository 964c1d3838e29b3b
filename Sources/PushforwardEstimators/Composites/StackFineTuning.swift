import PushforwardCore
import PushforwardMixtures
import PushforwardModels
import PushforwardTables
import PushforwardTraining

/// Trains a flow and the model of its latent space together, by the likelihood of the whole.
///
/// A flow inside is trained along with the one outside, by one gradient. A Gaussian mixture inside takes turns with it: the flow
/// is trained under the mixture, then the mixture is fitted again to where the rows have come to lie.
struct StackFineTuning {
  let stack: ModelStack
  let options: FitOptions
  let workers: WorkerPool
  /// Turns of the flow and a mixture inside.
  private static var turns: Int { 3 }

  /// - Throws: `EstimatorError.cannotCombine` when the inner model has no derivative, and what training throws.
  func run(on table: Table, shouldStop: () -> Bool, progress: (FitEvent) -> Void) throws -> ModelStack {
    let encoder = stack.outer.encoder
    let rows = try encoder.prepare(table)
    let split = Split(rows: rows.rowCount, heldOutFraction: 0.1, seed: options.seed &+ 1)
    let training = EncodedSource(
      encoder: encoder, rows: rows, indices: split.training, weights: nil, seed: options.seed)
    let judging =
      split.heldOut.isEmpty
      ? nil : EncodedSource(encoder: encoder, rows: rows, indices: split.heldOut, weights: nil, seed: options.seed)
    switch stack.inner {
    case let inner as DensityModel:
      let objective = try StackedFlows(outer: stack.outer, inner: inner)
      let found = try train(
        objective, objective.joined(stack.outer.flow.parameters, inner.flow.parameters), training, judging,
        epochs: epochs, shouldStop: shouldStop, progress: progress)
      let (outer, latent) = objective.parted(found)
      return try ModelStack(stack.outer.replacing(outer), inner.replacing(latent))
    case is MixtureModel:
      var now = stack
      for turn in 0..<Self.turns {
        guard let inner = now.inner as? MixtureModel else { break }
        let objective = try FlowOnMixture(network: now.outer.flow.network, mixture: inner)
        let found = try train(
          objective, now.outer.flow.parameters, training, judging, epochs: max(1, epochs / Self.turns),
          shouldStop: shouldStop, progress: progress)
        let outer = now.outer.replacing(found)
        var own = options
        own.model = .gmm
        (own.components, own.covariance) = (inner.mixture.components, inner.mixture.kind)
        let latent = try ModelStack.latent(
          outer, table, jitterSeed: options.seed &+ UInt64(turn), workers: workers)
        now = try ModelStack(
          outer, Models.fit(latent.table, options: Models.latentOptions(outer, own), shouldStop: shouldStop))
        if shouldStop() { break }
      }
      return now
    default:
      throw EstimatorError.cannotCombine(
        detail: "only a flow or a Gaussian mixture inside can be trained together with the flow outside, not "
          + stack.inner.record.model.rawValue)
    }
  }

  private var epochs: Int { options.maximumEpochs ?? 30 }

  private func train<Goal: Objective<Float>>(
    _ objective: Goal, _ start: Parameters<Float>, _ training: EncodedSource, _ judging: EncodedSource?, epochs: Int,
    shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> Parameters<Float> {
    var settings = TrainingSettings()
    settings.batchSize = options.batchSize ?? 256
    settings.learningRate = options.learningRate ?? 5e-4
    settings.maximumEpochs = epochs
    settings.maximumSeconds = options.maximumSeconds
    settings.patience = options.patience ?? max(5, epochs / 3)
    settings.startsFromData = false
    settings.seed = options.seed
    progress(.training(epochs: epochs))
    let trainer = try Trainer(objective: objective, training: training, heldOut: judging, settings: settings)
    return try trainer.run(from: start, workers: workers, shouldStop: shouldStop) { progress(.progress($0)) }.parameters
  }
}

/// The likelihood of a flow whose latent space another flow describes; both are trained.
private struct StackedFlows: Objective {
  private let outer: FlowNetwork<Float>
  private let inner: FlowNetwork<Float>
  let layout: ParameterLayout
  /// From the outer flow's latent space to the scale of the inner one.
  private let between: FixedAffineOperation<Float>
  private let logScale: Double
  private static let prefixes = (outer: "outer.", inner: "inner.")

  init(outer: DensityModel, inner: DensityModel) throws {
    var layout = ParameterLayout()
    self.outer = try FlowNetwork(outer.flow.specification, layout: &layout, prefix: Self.prefixes.outer)
    self.inner = try FlowNetwork(inner.flow.specification, layout: &layout, prefix: Self.prefixes.inner)
    self.layout = layout
    // Columns of the inner model may be in another order than the latent ones only if they were chosen so.
    guard inner.columns == ModelStack.names(outer) else {
      throw EstimatorError.cannotCombine(detail: "the inner flow's columns are not in the order of the latent ones")
    }
    let maps = try inner.encoder.columns.map { try AffineMap($0.transform) }
    between = FixedAffineOperation(
      scale: maps.map(\.scale), origin: maps.map(\.origin), offset: maps.map { _ in 0 })
    logScale = maps.reduce(0) { $0 + Logarithm.of($1.scale) }
  }

  func value(of x: Variable, context: Variable?, on tape: Tape<Float>) throws -> Variable {
    let (z, total) = try outer.logDeterminant(x, context: context, on: tape)
    let u = tape.record(between, z, outputFeatures: z.features)
    tape.accumulate(try inner.logProb(u, on: tape).logProb, into: total)
    tape.addConstant(logScale, to: total)
    return total
  }

  func joined(_ outer: Parameters<Float>, _ inner: Parameters<Float>) -> Parameters<Float> {
    Parameters(joining: [(Self.prefixes.outer, outer), (Self.prefixes.inner, inner)], layout: layout)
  }

  /// The parameters of each flow, in the layout that it has alone.
  func parted(_ all: Parameters<Float>) -> (outer: Parameters<Float>, inner: Parameters<Float>) {
    func part(_ network: FlowNetwork<Float>, _ prefix: String) -> Parameters<Float> {
      let own = (try? FlowNetwork<Float>(network.specification))?.layout ?? ParameterLayout()
      return all.part(prefix: prefix, layout: own)
    }
    return (part(outer, Self.prefixes.outer), part(inner, Self.prefixes.inner))
  }
}

/// The likelihood of a flow whose latent space a Gaussian mixture describes; the flow is trained.
private struct FlowOnMixture: Objective {
  let network: FlowNetwork<Float>
  private let density: MixtureDensityOperation
  var layout: ParameterLayout { network.layout }

  init(network: FlowNetwork<Float>, mixture model: MixtureModel) throws {
    self.network = network
    let maps = try model.part.encoding.numbers.map { try AffineMap($0.transform) }
    // In the units of the latent space: the mixture's own columns are z = origin + u / scale.
    density = MixtureDensityOperation(
      model.mixture.mapped(scale: maps.map { 1 / $0.scale }, shift: maps.map(\.origin)))
  }

  func value(of x: Variable, context: Variable?, on tape: Tape<Float>) throws -> Variable {
    let (z, total) = try network.logDeterminant(x, context: context, on: tape)
    tape.record(density, z, outputFeatures: 0, accumulator: total)
    return total
  }
}

/// A column's map u = scale (x − origin).
private struct AffineMap {
  let scale: Double
  let origin: Double

  init(_ transform: ColumnTransform) throws {
    let (zero, one, two) = (transform.forward(0).z, transform.forward(1).z, transform.forward(2).z)
    guard abs(two - 2 * one + zero) <= 1e-9 * max(abs(zero), abs(two), 1), one > zero else {
      throw EstimatorError.cannotCombine(
        detail: "the inner model bends its columns; fit it to plainly scaled ones to train it with the flow outside")
    }
    scale = one - zero
    origin = -zero / (one - zero)
  }
}

/// Adds the log-density of each row under a Gaussian mixture that is held fixed.
private final class MixtureDensityOperation: TapeOperation<Float>, @unchecked Sendable {
  private let features: Int
  /// log weight + log|det Wₖ| − d/2 log 2π.
  private let constants: [Double]
  private let means: [Double]
  /// Wₖ = Lₖ⁻¹ with LₖLₖᵀ the covariance: lower triangular.
  private let whitening: [[Double]]

  init(_ mixture: GaussianMixture) {
    let d = mixture.features
    features = d
    means = mixture.means
    var (constants, whitening): ([Double], [[Double]]) = ([], [])
    for k in 0..<mixture.components {
      let inverse = SmallMatrix.inverse(ofLower: SmallMatrix.factor(of: mixture.covarianceMatrix(k), d), d)
      let logDet = (0..<d).reduce(0.0) { $0 + Logarithm.of(inverse[$1 * d + $1]) }
      constants.append(Logarithm.of(mixture.weights[k]) + logDet - NormalScale.halfLogTwoPi * Double(d))
      whitening.append(inverse)
    }
    (self.constants, self.whitening) = (constants, whitening)
  }

  /// log p of a row, and its slope along each feature if `slope` is there.
  private func evaluate(_ z: [Double], slope: UnsafeMutableBufferPointer<Double>?) -> Double {
    var whitened = [Double](repeating: 0, count: constants.count * features)
    var logs = constants
    for k in constants.indices where logs[k].isFinite {
      for i in 0..<features {
        var value = 0.0
        for j in 0...i { value += whitening[k][i * features + j] * (z[j] - means[k * features + j]) }
        whitened[k * features + i] = value
        logs[k] -= 0.5 * value * value
      }
    }
    let total = Logarithm.sum(logs)
    guard let slope, total.isFinite else { return total }
    for k in constants.indices {
      let share = Logarithm.exponential(logs[k] - total)
      if share < 1e-12 { continue }
      for i in 0..<features {
        for j in 0...i { slope[j] -= share * whitening[k][i * features + j] * whitened[k * features + i] }
      }
    }
    return total
  }

  private func row(_ x: UnsafePointer<Float>, _ row: Int, _ lanes: Int) -> [Double] {
    let first = row / lanes * features * lanes + row % lanes
    return (0..<features).map { Double(x[first + $0 * lanes]) }
  }

  override func forward(_ context: OperationContext<Float>, _ node: inout TapeNode<Float>) {
    let (z, total) = (context.input(node, 0), context.accumulator(node)!)
    for place in 0..<context.lanes * context.tiles {
      total[place] += Float(evaluate(row(z, place, context.lanes), slope: nil))
    }
  }

  override func backward(_ context: OperationContext<Float>, _ node: TapeNode<Float>) {
    guard let dz = context.inputGradient(node, 0) else { return }
    let (z, seed, lanes) = (context.input(node, 0), context.accumulatorGradient(node), context.lanes)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: features) { slope in
      for place in 0..<lanes * context.tiles where seed[place] != 0 {
        slope.initialize(repeating: 0)
        _ = evaluate(row(z, place, lanes), slope: slope)
        let first = place / lanes * features * lanes + place % lanes
        for feature in 0..<features { dz[first + feature * lanes] += seed[place] * Float(slope[feature]) }
      }
    }
  }
}

extension DensityModel {
  /// The same model with other numbers in its flow.
  func replacing(_ parameters: Parameters<Float>) -> DensityModel {
    var record = record
    record.fingerprint = NumberHash.text(of: parameters.fingerprint)
    return DensityModel(
      schema: schema, encoder: encoder, flow: Flow(network: flow.network, parameters: parameters), record: record,
      gaussian: gaussian, gaussianEncoder: gaussianEncoder)
  }
}

extension FlowNetwork<Float> {
  /// The latent values of rows, and a new accumulator that holds their log-determinants: the log-density less the base's.
  fileprivate func logDeterminant(
    _ x: Variable, context: Variable?, on tape: Tape<Float>
  ) throws -> (z: Variable, total: Variable) {
    let (z, logProb) = try logProb(x, context: context, on: tape)
    let total = tape.makeZeros(features: 1)
    tape.accumulate(logProb, into: total)
    let base = tape.makeZeros(features: 1)
    accumulateBaseLogProb(z, into: base, on: tape)
    tape.accumulate(base, into: total, scale: -1)
    return (z, total)
  }
}
