import PushforwardCore

/// The named flows, with the sizes that describe them.
public enum FlowFamily: String, Codable, Sendable, CaseIterable {
  /// Masked autoregressive flow, affine transformers (Papamakarios et al. 2017, arXiv:1705.07057).
  case maf
  /// Neural spline flow, autoregressive (Durkan et al. 2019, arXiv:1906.04032).
  case nsf
  /// Neural spline flow of coupling layers.
  case nsfCoupling = "nsf-coupling"
  /// Affine coupling layers with alternating masks (Dinh et al. 2017, arXiv:1605.08803).
  case realNVP = "realnvp"
  /// Additive coupling layers and a final scaling (Dinh et al. 2014, arXiv:1410.8516).
  case nice
  /// Planar layers and a final scaling (Rezende and Mohamed 2015, arXiv:1505.05770).
  case planar
  /// Radial layers and a final scaling (Rezende and Mohamed 2015, arXiv:1505.05770).
  case radial

  /// Sizes of a flow.
  public struct Size: Codable, Sendable, Equatable {
    /// Number of autoregressive, coupling, planar or radial layers.
    public var transforms: Int
    /// The conditioners' hidden layers.
    public var network: NetworkSettings
    /// Spline bins.
    public var bins: Int
    /// Splines act on `[-bound, bound]`.
    public var bound: Double
    /// Whether batch normalization follows every layer but the last.
    public var batchNormalization: Bool

    /// Five transforms of two hidden layers of 128, 8 bins on [-5, 5] by default.
    public init(
      transforms: Int = 5, network: NetworkSettings = NetworkSettings(), bins: Int = 8, bound: Double = 5,
      batchNormalization: Bool = false
    ) {
      self.transforms = transforms
      self.network = network
      self.bins = bins
      self.bound = bound
      self.batchNormalization = batchNormalization
    }
  }

  /// The specification of a flow of this family.
  public func specification(
    features: Int, contextFeatures: Int = 0, embedding: NetworkSettings? = nil, size: Size = Size()
  ) -> FlowSpecification {
    var parts: [BijectionSpecification] = []
    for index in 0..<size.transforms {
      switch self {
      case .maf:
        parts.append(.autoregressive(transformer: .affine, network: size.network))
      case .nsf:
        parts.append(
          .autoregressive(transformer: .spline(bins: size.bins, bound: size.bound), network: size.network))
      case .nsfCoupling, .realNVP, .nice:
        let transformer: Transformer =
          self == .nsfCoupling ? .spline(bins: size.bins, bound: size.bound) : self == .nice ? .additive : .affine
        // A single feature has nothing to hold back: every layer transforms it from the context alone.
        let mask = (0..<features).map { features == 1 || ($0 + index) % 2 == 1 }
        parts.append(.coupling(isTransformed: mask, transformer: transformer, network: size.network))
      case .planar:
        parts.append(.planar(network: contextFeatures > 0 ? size.network : nil))
      case .radial:
        parts.append(.radial(network: contextFeatures > 0 ? size.network : nil))
      }
      if index + 1 == size.transforms { continue }
      if size.batchNormalization { parts.append(.batchNormalization(epsilon: 1e-5)) }
      if (self == .maf || self == .nsf) && features > 1 { parts.append(.reversal) }
    }
    // None of these can scale all of the space by itself.
    if self == .nice || self == .planar || self == .radial { parts.append(.elementwiseAffine) }
    return FlowSpecification(
      family: rawValue, features: features, contextFeatures: contextFeatures, embedding: embedding,
      bijection: .composition(parts))
  }
}
