import PushforwardCore
import PushforwardModels

/// A flow behind the encoder's normal distribution: draws pass through it, so the approximate posterior can bend.
///
/// Its layers read a context that the encoder computes from the row (and from what is given).
/// - SeeAlso: Rezende and Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770; Kingma et al.
///   (2016), "Improving Variational Inference with Inverse Autoregressive Flow", arXiv:1606.04934.
public struct PosteriorFlow: Codable, Sendable, Equatable {
  /// Kinds of layers.
  public enum Family: String, Codable, Sendable, CaseIterable {
    /// Planar layers.
    case planar
    /// Radial layers.
    case radial
    /// Inverse autoregressive: affine, one pass a draw.
    case iaf
    /// Masked autoregressive: affine, drawn feature by feature; a training step costs as many passes as there are
    /// latent features.
    case maf
    /// Inverse autoregressive with rational-quadratic splines.
    case spline
  }

  /// Kind of layers.
  public var family: Family
  /// Number of layers.
  public var transforms: Int
  /// The layers' networks; planar and radial layers pass the context through one without hidden layers by default.
  public var network: NetworkSettings
  /// Spline bins.
  public var bins: Int
  /// Splines act on `[-bound, bound]`.
  public var bound: Double
  /// Features of the context that the encoder computes.
  public var contextFeatures: Int

  /// Four layers by default.
  public init(
    _ family: Family, transforms: Int = 4, network: NetworkSettings? = nil, bins: Int = 8, bound: Double = 5,
    contextFeatures: Int = 32
  ) {
    self.family = family
    self.transforms = transforms
    self.network = network ?? NetworkSettings(hidden: family == .planar || family == .radial ? [] : [64, 64])
    self.bins = bins
    self.bound = bound
    self.contextFeatures = contextFeatures
  }

  /// Checks the sizes, which may come from a file.
  ///
  /// - Throws: `EngineError.invalidSetting`.
  func validate() throws {
    try network.validate()
    let limit = FlowSpecification.maximumWidth
    for (name, value, range) in [
      ("layers of the posterior flow", transforms, 1...256), ("bins of the posterior flow", bins, 1...64),
      ("context of the posterior flow", contextFeatures, 1...limit),
    ] where !range.contains(value) {
      throw EngineError.invalidSetting(
        name: name, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
    }
    if !(bound > 0 && bound.isFinite) {
      throw EngineError.invalidSetting(name: "bound of the posterior flow", expected: "above 0", found: "\(bound)")
    }
    if network.hidden.contains(where: { $0 > limit }) || network.hidden.count > 256 {
      throw EngineError.invalidSetting(
        name: "posterior flow's hidden layers", expected: "at most 256, of at most \(limit) units",
        found: "\(network.hidden)")
    }
  }

  /// The layers, `forward` from the encoder's normal draw to the latent value.
  func make<Scalar: TileScalar>(
    features: Int, layout: inout ParameterLayout, name: String
  ) throws -> Composition<Scalar> {
    var parts: [any Bijection<Scalar>] = []
    for index in 0..<transforms {
      let layer = "\(name).\(index)"
      switch family {
      case .planar:
        parts.append(
          Planar(
            features: features, contextFeatures: contextFeatures, network: network, layout: &layout, name: layer))
      case .radial:
        parts.append(
          Radial(
            features: features, contextFeatures: contextFeatures, network: network, layout: &layout, name: layer))
      case .iaf, .maf, .spline:
        let transformer: Transformer = family == .spline ? .spline(bins: bins, bound: bound) : .affine
        let autoregressive = Autoregressive<Scalar>(
          features: features, contextFeatures: contextFeatures, transformer: transformer, network: network,
          layout: &layout, name: layer)
        if family == .maf {
          parts.append(UnrolledInverse(autoregressive))
        } else {
          parts.append(autoregressive)
        }
        if features > 1 && index + 1 < transforms {
          parts.append(Permutation<Scalar>(order: Array((0..<features).reversed())))
        }
      }
    }
    return Composition(parts, features: features)
  }
}
