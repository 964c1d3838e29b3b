import PushforwardCore

/// The structure of a flow without its numbers: what a tape runs.
///
/// Shared by training and inference.
public struct FlowNetwork<Scalar: TileScalar>: Sendable {
  /// What it was built from.
  public let specification: FlowSpecification
  /// Names and places of the parameters.
  public let layout: ParameterLayout
  /// The map between data and base space.
  public let bijection: any Bijection<Scalar>
  /// The context's network, when there is one.
  public let embedding: MLP<Scalar>?

  /// Builds the structure.
  ///
  /// - Throws: `EngineError` when the specification contradicts itself.
  public init(_ specification: FlowSpecification) throws {
    var layout = ParameterLayout()
    try self.init(specification, layout: &layout, prefix: "")
  }

  /// Builds the structure as part of a larger model: adds the flow's parameters to that model's layout.
  ///
  /// - Parameters:
  ///   - specification: What it is made of.
  ///   - layout: Where the parameters are added; tapes that run the flow carry parameters of the finished layout.
  ///   - prefix: What the parameters' names begin with, a dot at its end.
  /// - Throws: `EngineError` when the specification contradicts itself.
  public init(_ specification: FlowSpecification, layout: inout ParameterLayout, prefix: String) throws {
    try specification.validate()
    var contextFeatures = specification.contextFeatures
    if let settings = specification.embedding, contextFeatures > 0, let width = settings.hidden.last {
      embedding = MLP(
        inputs: contextFeatures, outputs: width, settings: settings, layout: &layout, name: "\(prefix)embedding")
      contextFeatures = width
    } else {
      embedding = nil
    }
    bijection = try specification.bijection.make(
      features: specification.features, contextFeatures: contextFeatures, layout: &layout, name: "\(prefix)flow")
    self.specification = specification
    self.layout = layout
  }

  /// The context as the bijection reads it.
  func embedded(_ context: Variable?, on tape: Tape<Scalar>) throws -> Variable? {
    guard (context?.features ?? 0) == specification.contextFeatures else {
      throw EngineError.featureCount(
        operation: "flow, context", expected: specification.contextFeatures, found: context?.features ?? 0)
    }
    guard let context, let embedding else { return context }
    return try tape.scope { try embedding(context, on: tape) }
  }

  /// Encodes and scores: z, and `log p(x | context)` in nats, one value a lane.
  ///
  /// - Throws: `EngineError.featureCount`.
  @_specialize(where Scalar == Float)
  public func logProb(
    _ x: Variable, context: Variable? = nil, on tape: Tape<Scalar>
  ) throws -> (z: Variable, logProb: Variable) {
    let total = tape.makeZeros(features: 1)
    let inner = try embedded(context, on: tape)
    let z = try bijection.forward(x, context: inner, logAbsDet: total, on: tape)
    specification.base.accumulateLogProb(z, into: total, on: tape)
    return (z, total)
  }

  /// Decodes: x, and `log |det dx/dz|` in nats, one value a lane.
  ///
  /// - Throws: `EngineError.featureCount`, or `.notDifferentiable` on a recording tape.
  public func decode(
    _ z: Variable, context: Variable? = nil, on tape: Tape<Scalar>
  ) throws -> (x: Variable, logAbsDet: Variable) {
    let total = tape.makeZeros(features: 1)
    let inner = try embedded(context, on: tape)
    return (try bijection.inverse(z, context: inner, logAbsDet: total, on: tape), total)
  }
}

extension FlowNetwork {
  /// Draws one base value for each row of the tape, rows numbered from `firstRow`.
  public func drawBase(stream: RandomStream, firstRow: UInt64, on tape: Tape<Scalar>) -> Variable {
    specification.base.sample(
      features: specification.features, stream: stream, firstRow: firstRow, on: tape)
  }

  /// Adds the base's log-density of z to an accumulator.
  public func accumulateBaseLogProb(_ z: Variable, into total: Variable, on tape: Tape<Scalar>) {
    specification.base.accumulateLogProb(z, into: total, on: tape)
  }
}
