import PushforwardCore

/// A coupling layer: some features are transformed univariately, the others (and the context) say how.
///
/// The features that the mask leaves alone feed a network whose output parameterises a transformer for those it marks.
/// Both directions are one network pass.
///
/// - SeeAlso: Dinh et al. (2017), "Density estimation using Real NVP", arXiv:1605.08803.
public struct Coupling<Scalar: TileScalar>: Bijection {
  /// Which features are transformed; the others condition.
  public let isTransformed: [Bool]
  /// What is applied to each transformed feature.
  public let transformer: Transformer
  /// The network.
  public let conditioner: MLP<Scalar>
  private let pickHeld: GatherOperation<Scalar>
  private let pickTransformed: GatherOperation<Scalar>
  private let merge: GatherOperation<Scalar>
  private let forwards: TransformerOperation<Scalar>
  private let backwards: TransformerOperation<Scalar>

  /// Features of x and of z.
  public var features: Int { isTransformed.count }
  /// Features of the context it reads; 0 when it reads none.
  public var contextFeatures: Int { conditioner.contextFeatures }

  /// Adds a layer's parameters to `layout` under `name`.
  public init(
    isTransformed: [Bool], contextFeatures: Int = 0, transformer: Transformer, network: NetworkSettings,
    layout: inout ParameterLayout, name: String
  ) {
    self.isTransformed = isTransformed
    self.transformer = transformer
    let held = isTransformed.indices.filter { !isTransformed[$0] }
    let moved = isTransformed.indices.filter { isTransformed[$0] }
    conditioner = MLP(
      inputs: held.count, contextFeatures: contextFeatures, outputs: moved.count * transformer.parameterCount,
      settings: network, outputGain: Autoregressive<Scalar>.outputGain, layout: &layout, name: "\(name).conditioner")
    pickHeld = GatherOperation(index: held)
    pickTransformed = GatherOperation(index: moved)
    // Where each feature stands in [held, moved].
    var place = [Int](repeating: 0, count: isTransformed.count)
    for (position, feature) in (held + moved).enumerated() { place[feature] = position }
    merge = GatherOperation(index: place)
    forwards = TransformerOperation(transformer, inverse: false, ownsParameters: true)
    backwards = TransformerOperation(transformer, inverse: true)
  }

  /// Maps data to base space and adds the log-determinant.
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try apply(forwards, x, context: context, logAbsDet: logAbsDet, on: tape)
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try apply(backwards, z, context: context, logAbsDet: logAbsDet, on: tape)
  }

  @_specialize(where Scalar == Float)
  private func apply(
    _ operation: TransformerOperation<Scalar>, _ x: Variable, context: Variable?, logAbsDet: Variable,
    on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(x, context: context)
    return try tape.scope {
      let held = tape.record(pickHeld, x, outputFeatures: pickHeld.outputFeatures)
      let moved = tape.record(pickTransformed, x, outputFeatures: pickTransformed.outputFeatures)
      let parameters = try conditioner(held.features > 0 ? held : nil, context: context, on: tape)
      let image = tape.record(
        operation, moved, parameters, outputFeatures: moved.features, accumulator: logAbsDet)
      return tape.record(merge, tape.concatenate(held, image), outputFeatures: features)
    }
  }
}
