/// Any distribution of one real number, with its type erased; how files hold one.
///
/// Encodes as `{"kind": "normal", "parameters": {…}}` and decodes every kind of this module, mixtures, truncations and
/// affine images of any of them included.
public struct AnyDistribution: UnivariateDistribution {
  /// The distribution inside; never an `AnyDistribution`.
  public let base: any UnivariateDistribution

  /// Erases the type of a distribution, and of those inside it.
  public init(_ distribution: some UnivariateDistribution) {
    self = distribution.erased
  }

  init(wrapping distribution: some UnivariateDistribution) {
    base = distribution
  }

  /// `any`.
  public static var kind: String { "any" }
  /// The measure of the distribution inside.
  public var measure: Measure { base.measure }
  /// The support of the distribution inside.
  public var support: ClosedRange<Double> { base.support }
  /// Log-density or log-mass, in nats.
  public func logProb(_ x: Double) -> Double { base.logProb(x) }
  /// Both tails at x.
  public func tails(at x: Double) -> TailProbability { base.tails(at: x) }
  /// The quantile.
  public func quantile(at p: TailProbability) -> Double { base.quantile(at: p) }
  /// One draw.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    base.sample(using: &generator)
  }
  /// The next support point below x.
  public func point(below x: Double) -> Double { base.point(below: x) }
  /// The next support point above x.
  public func point(above x: Double) -> Double { base.point(above: x) }
  /// The mean.
  public var mean: Double { base.mean }
  /// The variance.
  public var variance: Double { base.variance }
  /// The entropy, in nats.
  public var entropy: Double { base.entropy }
  /// The panels of numerical integrals.
  public var integrationBreaks: [Double] { base.integrationBreaks }
  /// Itself.
  public var erased: AnyDistribution { self }

  /// Whether both hold the same kind with the same parameters.
  public static func == (first: AnyDistribution, second: AnyDistribution) -> Bool {
    func equals<Base: UnivariateDistribution>(_ base: Base) -> Bool { (second.base as? Base) == base }
    return equals(first.base)
  }
}

extension AnyDistribution: Codable {
  private enum CodingKeys: String, CodingKey { case kind, parameters }

  /// Every kind that can be decoded.
  package static let kinds: [String: any UnivariateDistribution.Type] = {
    let types: [any UnivariateDistribution.Type] = [
      Normal.self, Uniform.self, StudentT.self, Logistic.self, Laplace.self, Cauchy.self, LogNormal.self, Gamma.self,
      Beta.self, Exponential.self, Bernoulli.self, Binomial.self, Poisson.self, Categorical.self,
      MixtureDistribution<AnyDistribution>.self, TruncatedDistribution<AnyDistribution>.self,
      AffineTransformed<AnyDistribution>.self,
    ]
    return Dictionary(uniqueKeysWithValues: types.map { ($0.kind, $0) })
  }()

  /// Decodes a distribution of a known kind and checks its parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let kind = try values.decode(String.self, forKey: .kind)
    guard let type = Self.kinds[kind] else {
      throw DistributionError.invalidParameter(
        distribution: Self.kind, parameter: "kind", expected: "one of \(Self.kinds.keys.sorted())", found: kind)
    }
    func decode<Base: UnivariateDistribution>(_: Base.Type) throws -> AnyDistribution {
      try AnyDistribution(wrapping: values.decode(Base.self, forKey: .parameters))
    }
    self = try decode(type)
  }

  /// Encodes kind and parameters.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(type(of: base).kind, forKey: .kind)
    try values.encode(base, forKey: .parameters)
  }
}
