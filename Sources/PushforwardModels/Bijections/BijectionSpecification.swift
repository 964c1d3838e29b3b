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
  /// `LULinear`: z feature i is feature `order[i]` of the triangular product; as they stand when `nil`.
  case luLinear(order: [Int]?)
  /// `ElementwiseAffine`.
  case elementwiseAffine
  /// `ActNorm`.
  case actNorm
  /// `BatchNormalization`.
  case batchNormalization(epsilon: Double)
  /// `Logit`: one interval a feature, or one for all.
  case logit(lower: [Double], upper: [Double], alpha: Double)
  /// `Planar`; the network shifts its parameters by the context.
  case planar(network: NetworkSettings?)
  /// `Radial`; the network shifts its parameters by the context.
  case radial(network: NetworkSettings?)
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
      try Self.check(order: order, features: features)
      return Permutation<Scalar>(order: order)
    case .reversal:
      return Permutation<Scalar>(order: Array((0..<features).reversed()))
    case .luLinear(let order):
      if let order { try Self.check(order: order, features: features) }
      return LULinear<Scalar>(features: features, order: order, layout: &layout, name: name)
    case .elementwiseAffine:
      return ElementwiseAffine<Scalar>(features: features, layout: &layout, name: name)
    case .actNorm:
      return ActNorm<Scalar>(features: features, layout: &layout, name: name)
    case .batchNormalization(let epsilon):
      if !(epsilon > 0) {
        throw EngineError.invalidSetting(name: "epsilon", expected: "above 0", found: "\(epsilon)")
      }
      return BatchNormalization<Scalar>(features: features, epsilon: epsilon, layout: &layout, name: name)
    case .logit(let lower, let upper, let alpha):
      return try Self.logit(lower: lower, upper: upper, alpha: alpha, features: features)
    case .planar(let network):
      try network?.validate()
      return Planar<Scalar>(
        features: features, contextFeatures: contextFeatures, network: network, layout: &layout, name: name)
    case .radial(let network):
      try network?.validate()
      return Radial<Scalar>(
        features: features, contextFeatures: contextFeatures, network: network, layout: &layout, name: name)
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

  /// The sigmoid onto an interval: an inverted logit.
  public static func sigmoid(lower: [Double], upper: [Double], alpha: Double = 0) -> BijectionSpecification {
    .inverted(.logit(lower: lower, upper: upper, alpha: alpha))
  }

  private static func logit<Scalar: TileScalar>(
    lower: [Double], upper: [Double], alpha: Double, features: Int
  ) throws -> Logit<Scalar> {
    for ends in [lower, upper] where ends.count != 1 && ends.count != features {
      throw EngineError.featureCount(operation: "logit, ends of the interval", expected: features, found: ends.count)
    }
    let low = lower.count == 1 ? [Double](repeating: lower[0], count: features) : lower
    let high = upper.count == 1 ? [Double](repeating: upper[0], count: features) : upper
    if let bad = zip(low, high).first(where: { !($0 < $1 && ($1 - $0).isFinite) }) {
      throw EngineError.invalidSetting(
        name: "logit interval", expected: "finite ends, lower below upper", found: "\(bad.0)...\(bad.1)")
    }
    if !(0..<0.5).contains(alpha) {
      throw EngineError.invalidSetting(name: "logit alpha", expected: "at least 0 and below 0.5", found: "\(alpha)")
    }
    return Logit(lower: low, upper: high, alpha: alpha)
  }

  private static func check(order: [Int], features: Int) throws {
    if order.sorted() != Array(0..<features) {
      throw EngineError.invalidSetting(
        name: "permutation", expected: "each of 0..<\(features) once", found: "\(order)")
    }
  }
}
