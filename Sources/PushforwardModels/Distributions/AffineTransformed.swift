#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The distribution of shift + scale·X.
///
/// SciPy: `loc` and `scale`, but the scale may be negative and X discrete.
public struct AffineTransformed<Base: UnivariateDistribution>: UnivariateDistribution {
  /// The distribution of X.
  public let base: Base
  /// Added last, in the units of the result.
  public let shift: Double
  /// Multiplied first, not zero, units of the result per unit of X.
  public let scale: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless both are finite and the scale is not zero.
  public init(_ base: Base, shift: Double, scale: Double) throws(DistributionError) {
    try Require.finite(shift, "shift", of: Self.kind)
    try Require.that(scale.isFinite && scale != 0, scale, "scale", of: Self.kind, is: "finite and not zero")
    self.base = base
    self.shift = shift
    self.scale = scale
  }

  /// `affine`.
  public static var kind: String { "affine" }
  /// That of the base.
  public var measure: Measure { base.measure }
  /// The image of the base's support.
  public var support: ClosedRange<Double> {
    let ends = [base.support.lowerBound, base.support.upperBound].map(image)
    return min(ends[0], ends[1])...max(ends[0], ends[1])
  }
  private func image(_ x: Double) -> Double { shift + scale * x }

  /// The x whose image y is: for masses the support point itself, if y is its image to within rounding.
  private func preimage(_ y: Double) -> Double {
    let x = (y - shift) / scale
    if measure == .density || !x.isFinite { return x }
    let below = base.point(below: x)
    for candidate in [base.point(above: below), base.point(above: x), below] where candidate.isFinite {
      let slack = 4 * max(abs(shift), abs(scale * candidate)).ulp
      if abs(image(candidate) - y) <= slack { return candidate }
    }
    return x
  }

  /// Log-density (the base's less log|scale|) or log-mass (the base's), in nats.
  public func logProb(_ y: Double) -> Double {
    base.logProb(preimage(y)) - (measure == .density ? log(abs(scale)) : 0)
  }
  /// Both tails at y.
  public func tails(at y: Double) -> TailProbability {
    let x = preimage(y)
    // A negative scale turns P(Y ≤ y) into P(X ≥ x), which takes in the mass at x.
    return scale > 0 ? base.tails(at: x) : base.tails(at: base.point(below: x)).swapped
  }
  /// The quantile.
  public func quantile(at p: TailProbability) -> Double {
    if !p.isValid { return .nan }
    let guess = image(base.quantile(at: scale > 0 ? p : p.swapped))
    return measure == .mass && scale < 0 ? discreteQuantile(p, near: guess) : guess
  }
  /// One draw.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    image(base.sample(using: &generator))
  }
  /// The image of the base's neighbouring point.
  public func point(below y: Double) -> Double {
    if measure == .density { return y }
    return image(scale > 0 ? base.point(below: preimage(y)) : base.point(above: preimage(y)))
  }
  /// The image of the base's neighbouring point.
  public func point(above y: Double) -> Double {
    if measure == .density { return y }
    return image(scale > 0 ? base.point(above: preimage(y)) : base.point(below: preimage(y)))
  }
  /// shift + scale·(the base's).
  public var mean: Double { image(base.mean) }
  /// scale²·(the base's).
  public var variance: Double { scale * scale * base.variance }
  /// The base's, plus log|scale| for a density; in nats.
  public var entropy: Double { base.entropy + (measure == .density ? log(abs(scale)) : 0) }
  /// The images of the base's.
  public var integrationBreaks: [Double] { base.integrationBreaks.map(image).sorted() }
  /// The image of the erased base.
  public var erased: AnyDistribution {
    AnyDistribution(wrapping: AffineTransformed<AnyDistribution>(erasing: self))
  }
}

extension AffineTransformed: ContinuousDistribution where Base: ContinuousDistribution {}
extension AffineTransformed: DiscreteDistribution where Base: DiscreteDistribution {}

extension AffineTransformed where Base == AnyDistribution {
  fileprivate init(erasing other: AffineTransformed<some UnivariateDistribution>) {
    base = other.base.erased
    shift = other.shift
    scale = other.scale
  }
}

extension AffineTransformed: Codable {
  private enum CodingKeys: String, CodingKey { case base, shift, scale }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      values.decode(Base.self, forKey: .base), shift: values.decode(Double.self, forKey: .shift),
      scale: values.decode(Double.self, forKey: .scale))
  }
}
