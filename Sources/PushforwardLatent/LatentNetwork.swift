import PushforwardCore
import PushforwardModels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The structure of a variational autoencoder without its numbers: what a tape runs.
///
/// Values on the tape: cells `columns x lanes` in the model's coding (see `VariationalAutoencoder.code`), latent values
/// `latentFeatures x lanes`, log-densities one value a lane, in nats.
public struct LatentNetwork<Scalar: LatentScalar>: Sendable {
  /// What it was built from.
  public let specification: LatentSpecification
  /// Names and places of the parameters.
  public let layout: ParameterLayout
  private let encoder: MLP<Scalar>
  private let decoder: MLP<Scalar>
  /// The prior, when it is a flow.
  public let prior: FlowNetwork<Scalar>?
  private let posteriorFlow: Composition<Scalar>?
  private let inputs: CellInputOperation<Scalar>
  private let likelihood: LikelihoodOperation<Scalar>
  private let inputFeatures: Int
  private let takeMean: GatherOperation<Scalar>
  private let takeDeviation: GatherOperation<Scalar>
  private let takeContext: GatherOperation<Scalar>?

  /// Logarithms of the posterior's deviations lie within plus and minus this.
  private static var logDeviationBound: Double { 7 }

  /// What the encoder says of a row: a normal distribution, and the context of the flow behind it.
  public struct Encoding {
    /// The normal distribution's means.
    public let mean: Variable
    /// Logarithms of its standard deviations.
    public let logDeviation: Variable
    /// What the posterior's flow reads.
    public let context: Variable?
  }

  /// Builds the structure.
  ///
  /// - Throws: `EngineError` when the specification contradicts itself, or for a prior whose density has no derivative
  ///   (inverted autoregressive layers).
  public init(_ specification: LatentSpecification) throws {
    try specification.validate()
    self.specification = specification
    let latent = specification.latentFeatures
    let flags = specification.flagsMissing
    inputFeatures =
      specification.columns.reduce(0) { $0 + $1.inputFeatures } + (flags ? specification.columns.count : 0)
    let outputs = specification.columns.reduce(0) { $0 + $1.parameterCount }
    let kernels = specification.columns.map { $0.kernelColumn(floor: specification.scaleFloor) }
    inputs = CellInputOperation(kernels, flags: flags)
    likelihood = LikelihoodOperation(kernels)
    var layout = ParameterLayout()
    let hidden = specification.posterior?.contextFeatures ?? 0
    encoder = MLP(
      inputs: inputFeatures, contextFeatures: specification.contextFeatures, outputs: 2 * latent + hidden,
      settings: specification.encoder, outputGain: 0.1, layout: &layout, name: "encoder")
    decoder = MLP(
      inputs: latent, contextFeatures: specification.contextFeatures, outputs: outputs,
      settings: specification.decoder, outputGain: 0.1, layout: &layout, name: "decoder")
    takeMean = GatherOperation(index: Array(0..<latent))
    takeDeviation = GatherOperation(index: Array(latent..<2 * latent))
    takeContext = hidden > 0 ? GatherOperation(index: Array(2 * latent..<2 * latent + hidden)) : nil
    posteriorFlow = try specification.posterior?.make(features: latent, layout: &layout, name: "posterior")
    prior = try specification.prior.map { try FlowNetwork($0, layout: &layout, prefix: "prior.") }
    if let prior, !prior.bijection.forwardIsDifferentiable {
      throw EngineError.notDifferentiable(
        operation: "the density of this prior", remedy: "use layers with a differentiable forward direction")
    }
    self.layout = layout
  }

  /// Names of the parameters of the decoder's last layer, whose biases start from the data.
  static var outputBiasName: String { "decoder.output.bias" }

  /// Encodes rows.
  ///
  /// - Throws: `EngineError.featureCount`.
  public func encode(_ cells: Variable, context: Variable?, on tape: Tape<Scalar>) throws -> Encoding {
    if cells.features != specification.columns.count {
      throw EngineError.featureCount(
        operation: "encoder", expected: specification.columns.count, found: cells.features)
    }
    let seen = tape.record(inputs, cells, outputFeatures: inputFeatures)
    let all = try encoder(seen, context: context, on: tape)
    let raw = tape.record(takeDeviation, all, outputFeatures: specification.latentFeatures)
    let bound = Self.logDeviationBound
    return Encoding(
      mean: tape.record(takeMean, all, outputFeatures: specification.latentFeatures),
      logDeviation: tape.affine(tape.apply(.tanh, tape.affine(raw, scale: 1 / bound)), scale: bound),
      context: takeContext.map { tape.record($0, all, outputFeatures: $0.outputFeatures) })
  }

  /// The latent value that standard normal noise stands for, and its log-density under the approximate posterior.
  ///
  /// - Throws: `EngineError.featureCount`.
  public func latent(
    _ encoding: Encoding, noise: Variable, on tape: Tape<Scalar>
  ) throws -> (z: Variable, logPosterior: Variable) {
    let logPosterior = tape.makeZeros(features: 1)
    tape.accumulateStandardNormalLogDensity(noise, into: logPosterior)
    tape.accumulate(tape.sumFeatures(encoding.logDeviation), into: logPosterior, scale: -1)
    let start = tape.add(encoding.mean, tape.multiply(tape.exp(encoding.logDeviation), noise))
    guard let posteriorFlow else { return (start, logPosterior) }
    let logAbsDet = tape.makeZeros(features: 1)
    let z = try posteriorFlow.forward(start, context: encoding.context, logAbsDet: logAbsDet, on: tape)
    tape.accumulate(logAbsDet, into: logPosterior, scale: -1)
    return (z, logPosterior)
  }

  /// The log-density of latent values under the prior.
  ///
  /// - Throws: `EngineError.featureCount`.
  public func logPrior(_ z: Variable, context: Variable?, on tape: Tape<Scalar>) throws -> Variable {
    if let prior {
      return try prior.logProb(z, context: prior.specification.contextFeatures > 0 ? context : nil, on: tape).logProb
    }
    let total = tape.makeZeros(features: 1)
    tape.accumulateStandardNormalLogDensity(z, into: total)
    return total
  }

  /// Latent values that the prior gives for draws of its base, rows numbered from `firstRow`.
  ///
  /// - Throws: `EngineError.featureCount`.
  func drawPrior(
    stream: RandomStream, firstRow: UInt64, context: Variable?, on tape: Tape<Scalar>
  ) throws -> Variable {
    guard let prior else { return noise(stream: stream, firstRow: firstRow, on: tape) }
    let base = prior.drawBase(stream: stream, firstRow: firstRow, on: tape)
    return try prior.decode(base, context: prior.specification.contextFeatures > 0 ? context : nil, on: tape).x
  }

  /// Standard normal noise of the latent space, rows numbered from `firstRow`.
  func noise(stream: RandomStream, firstRow: UInt64, on tape: Tape<Scalar>) -> Variable {
    let noise = tape.makeValue(features: specification.latentFeatures)
    Scalar.normal(
      stream.seed, stream.purpose.rawValue, firstRow, tape.pointer(noise), noise.features, tape.tiles, tape.lanes)
    return noise
  }

  /// Standard normal noise of the latent space, each row's a function of the stream and its own key.
  ///
  /// - Precondition: one key for each of the tape's rows.
  func noise(stream: RandomStream, keys: ArraySlice<UInt64>, on tape: Tape<Scalar>) -> Variable {
    let features = specification.latentFeatures
    let noise = tape.makeValue(features: features)
    let (out, lanes) = (tape.pointer(noise), tape.lanes)
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: features) { draws in
      for place in 0..<tape.tiles * lanes {
        // Padding repeats the last row.
        let key = keys[min(keys.startIndex + place, keys.endIndex - 1)]
        Scalar.normal(stream.seed, stream.purpose.rawValue, key, draws.baseAddress!, features, 1, 1)
        let first = place / lanes * features * lanes + place % lanes
        for feature in 0..<features { out[first + feature * lanes] = draws[feature] }
      }
    }
    return noise
  }

  /// The columns' parameters for latent values: each column's own, one after the other.
  ///
  /// - Throws: `EngineError.featureCount`.
  public func decode(_ z: Variable, context: Variable?, on tape: Tape<Scalar>) throws -> Variable {
    try decoder(z, context: context, on: tape)
  }

  /// `log p(cells | z, context)` of the cells that are not missing.
  ///
  /// - Throws: `EngineError.featureCount`.
  public func logLikelihood(
    _ cells: Variable, z: Variable, context: Variable?, on tape: Tape<Scalar>
  ) throws -> Variable {
    let total = tape.makeZeros(features: 1)
    tape.record(likelihood, try decode(z, context: context, on: tape), cells, outputFeatures: 0, accumulator: total)
    return total
  }

  /// Divergence of the approximate posterior from the prior, feature by feature, in nats; `nil` where it has no closed
  /// form (a flow is involved).
  func divergence(_ encoding: Encoding, on tape: Tape<Scalar>) -> Variable? {
    guard prior == nil, posteriorFlow == nil else { return nil }
    let variance = tape.exp(tape.affine(encoding.logDeviation, scale: 2))
    let square = tape.add(tape.square(encoding.mean), variance)
    return tape.affine(tape.subtract(square, tape.affine(encoding.logDeviation, scale: 2)), scale: 0.5, shift: -0.5)
  }
}
