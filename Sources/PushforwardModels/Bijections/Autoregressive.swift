import PushforwardCore

/// A masked autoregressive layer: feature `d` goes through a univariate transformer whose parameters a MADE computes
/// from the context and the features before `d`.
///
/// `forward` (density) is one network pass. `inverse` (sampling) is one pass too: every hidden unit is computed once,
/// when its degree is reached, instead of D passes of the whole network.
///
/// - SeeAlso: Papamakarios et al. (2017), "Masked Autoregressive Flow for Density Estimation", arXiv:1705.07057.
public struct Autoregressive<Scalar: TileScalar>: Bijection {
  /// The conditioner.
  public let made: MADE<Scalar>
  /// What is applied to each feature.
  public let transformer: Transformer
  private let forwards: TransformerOperation<Scalar>
  private let backwards: IncrementalInverse<Scalar>

  /// Features of x and of z.
  public var features: Int { made.features }
  /// Features of the context it reads; 0 when it reads none.
  public var contextFeatures: Int { made.contextFeatures }
  /// Whether `inverse` has derivatives on a recording tape.
  public var inverseIsDifferentiable: Bool { false }

  /// Adds a layer's parameters to `layout` under `name`.
  public init(
    features: Int, contextFeatures: Int = 0, transformer: Transformer, network: NetworkSettings,
    hiddenDegrees: [[Int]]? = nil, layout: inout ParameterLayout, name: String
  ) {
    made = MADE(
      features: features, contextFeatures: contextFeatures, outputsPerFeature: transformer.parameterCount,
      settings: network, hiddenDegrees: hiddenDegrees, outputGain: Self.outputGain, layout: &layout,
      name: "\(name).conditioner")
    self.transformer = transformer
    forwards = TransformerOperation(transformer, inverse: false, ownsParameters: true)
    backwards = IncrementalInverse(made: made, transformer: transformer)
  }

  /// Output weights start small, so that a fresh layer is near the identity.
  static var outputGain: Double { 0.1 }

  /// Maps data to base space and adds the log-determinant.
  @_specialize(where Scalar == Float)
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(x, context: context)
    return try tape.scope {
      let parameters = try made(x, context: context, on: tape)
      return tape.record(forwards, x, parameters, outputFeatures: features, accumulator: logAbsDet)
    }
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(z, context: context)
    if tape.recordsGradients {
      throw EngineError.notDifferentiable(
        operation: "the inverse of an autoregressive layer", remedy: "use an Inverted autoregressive layer")
    }
    return tape.record(
      backwards, z, contextFeatures > 0 ? context : nil, outputFeatures: features, accumulator: logAbsDet)
  }
}

extension Autoregressive: RowCompilable {
  func rowSteps(_ parameters: UnsafePointer<Scalar>) -> [RowStep<Scalar>]? {
    RowNetwork(backwards.description, parameters: parameters).map { [.network($0)] }
  }
}
