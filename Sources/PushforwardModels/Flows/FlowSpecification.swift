import PushforwardCore

/// What a flow is made of, as data: all that is needed, with its parameters, to build it again.
public struct FlowSpecification: Codable, Sendable, Equatable {
  /// The family it was made as (`maf`, `nsf`, ...), for people.
  public var family: String
  /// Features of a row.
  public var features: Int
  /// Features of the raw context, 0 when unconditional.
  public var contextFeatures: Int
  /// A network that the context passes first; its last hidden width becomes the flow's context.
  public var embedding: NetworkSettings?
  /// The map between data and base space.
  public var bijection: BijectionSpecification
  /// The base distribution.
  public var base: BaseSpecification

  /// A flow of the given parts, over a standard normal by default.
  public init(
    family: String = "custom", features: Int, contextFeatures: Int = 0, embedding: NetworkSettings? = nil,
    bijection: BijectionSpecification, base: BaseSpecification = .standardNormal
  ) {
    self.family = family
    self.features = features
    self.contextFeatures = contextFeatures
    self.embedding = embedding
    self.bijection = bijection
    self.base = base
  }
}
