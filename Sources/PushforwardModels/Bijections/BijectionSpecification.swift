import PushforwardCore

/// What a bijection is made of, as data: written to the model file, and all that is needed to build it again.
///
/// To add a bijection: a type that conforms to `Bijection`, a case here, a line in `make`, a line in the conformance
/// suite's registry.
public indirect enum BijectionSpecification: Codable, Sendable, Equatable {
  /// `Autoregressive`: features in the order in which they stand.
  case autoregressive(transformer: Transformer, network: NetworkSettings)
  /// `Coupling`.
  case coupling(isTransformed: [Bool], transformer: Transformer, network: NetworkSettings)
  /// `Permutation`: z feature i is x feature `order[i]`.
  case permutation(order: [Int])
  /// `Permutation` that turns the order round.
  case reversal
  /// `Composition`.
  case composition([BijectionSpecification])
  /// `Inverted`.
  case inverted(BijectionSpecification)

  /// Builds the bijection, adding its parameters to `layout` under `name`.
  ///
  /// - Throws: `EngineError.invalidSetting` when the parts do not fit together.
  public func make<Scalar: TileScalar>(
    features: Int, contextFeatures: Int = 0, as type: Scalar.Type = Scalar.self, layout: inout ParameterLayout,
    name: String
  ) throws -> any Bijection<Scalar> {
    switch self {
    case .autoregressive(let transformer, let network):
      try network.validate()
      return Autoregressive<Scalar>(
        features: features, contextFeatures: contextFeatures, transformer: transformer, network: network,
        layout: &layout, name: name)
    case .coupling(let isTransformed, let transformer, let network):
      try network.validate()
      if isTransformed.count != features {
        throw EngineError.featureCount(operation: "coupling mask", expected: features, found: isTransformed.count)
      }
      return Coupling<Scalar>(
        isTransformed: isTransformed, contextFeatures: contextFeatures, transformer: transformer, network: network,
        layout: &layout, name: name)
    case .permutation(let order):
      if order.sorted() != Array(0..<features) {
        throw EngineError.invalidSetting(
          name: "permutation", expected: "each of 0..<\(features) once", found: "\(order)")
      }
      return Permutation<Scalar>(order: order)
    case .reversal:
      return Permutation<Scalar>(order: Array((0..<features).reversed()))
    case .composition(let parts):
      var made: [any Bijection<Scalar>] = []
      for (index, part) in parts.enumerated() {
        made.append(
          try part.make(
            features: features, contextFeatures: contextFeatures, layout: &layout, name: "\(name).\(index)"))
      }
      return Composition(made, features: features)
    case .inverted(let inner):
      return Inverted<Scalar>(
        try inner.make(features: features, contextFeatures: contextFeatures, layout: &layout, name: name))
    }
  }
}
