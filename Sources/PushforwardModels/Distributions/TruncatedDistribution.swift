#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A distribution conditioned to a closed interval.
///
/// Works in the far tails too: a normal cut to [40, 41] has its digits, though the mass there is below the smallest
/// `Double`. SciPy: `truncate`, `truncnorm` (whose bounds are standardised; these are in the units of x).
public struct TruncatedDistribution<Base: UnivariateDistribution>: UnivariateDistribution {
  /// The distribution that is cut.
  public let base: Base
  /// The lower bound, included; −∞ for none.
  public let lower: Double
  /// The upper bound, included; +∞ for none.
  public let upper: Double
  /// The interval of probability one.
  public let support: ClosedRange<Double>
  /// log P(lower ≤ X ≤ upper) under the base, in nats.
  public let logMass: Double
  private let belowSupport: Double
  private let isNarrow: Bool

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` for a NaN bound, bounds in the wrong order, or an interval that has
  ///   no probability under the base.
  public init(
    _ base: Base, lower: Double = -.infinity, upper: Double = .infinity
  ) throws(DistributionError) {
    try Require.that(!lower.isNaN, lower, "lower", of: Self.kind, is: "a number")
    try Require.that(upper >= lower, upper, "upper", of: Self.kind, is: "at least lower, \(lower)")
    let isMass = base.measure == .mass
    let below = isMass ? base.point(below: lower) : max(lower, base.support.lowerBound)
    let first = isMass ? base.point(above: below) : below
    let last = isMass ? base.point(below: base.point(above: upper)) : min(upper, base.support.upperBound)
    let logMass = base.logProbability(above: below, through: last)
    try Require.that(
      logMass > -.infinity && first <= last, "\(lower)...\(upper)", "interval", of: Self.kind,
      is: "of positive probability under the \(Base.kind) distribution")
    self.base = base
    self.lower = lower
    self.upper = upper
    self.logMass = min(0, logMass)
    support = first...last
    belowSupport = below
    let low = base.tails(at: below)
    let high = base.tails(at: last)
    let tail = low.lower > 0.5 ? low.logUpper : (high.lower <= 0.5 ? high.logLower : 0)
    isNarrow = logMass - tail < -6.9 && below.isFinite && last.isFinite
  }

  /// `truncated`.
  public static var kind: String { "truncated" }
  /// That of the base.
  public var measure: Measure { base.measure }
  /// Log-density or log-mass, in nats: the base's, less the log of the interval's mass.
  public func logProb(_ x: Double) -> Double {
    if x.isNaN { return x }
    return support.contains(x) ? base.logProb(x) - logMass : -.infinity
  }
  /// Both tails at x.
  public func tails(at x: Double) -> TailProbability {
    if x.isNaN { return .invalid }
    if x < support.lowerBound { return .zero }
    if x >= support.upperBound { return .one }
    let logLower = min(0, base.logProbability(above: belowSupport, through: x) - logMass)
    let logUpper = min(0, base.logProbability(above: x, through: support.upperBound) - logMass)
    return TailProbability(lower: exp(logLower), upper: exp(logUpper), logLower: logLower, logUpper: logUpper)
  }
  /// The quantile, by the base's.
  public func quantile(at p: TailProbability) -> Double {
    if !p.isValid { return .nan }
    if p.logLower == -.infinity { return support.lowerBound }
    if p.logUpper == -.infinity { return support.upperBound }
    // Sums of tails only: F(x) = F(a) + p·mass, S(x) = S(b) + q·mass.
    let low = base.tails(at: belowSupport)
    let lower = SpecialFunctions.logAddExp(low.logLower, p.logLower + logMass)
    let usesLower = low.lower <= 0.5 && lower < -0.6931471805599453
    let level =
      usesLower
      ? TailProbability(logLower: lower)
      : TailProbability(
        logUpper: min(
          0, SpecialFunctions.logAddExp(base.tails(at: support.upperBound).logUpper, p.logUpper + logMass)))
    let guess = min(max(base.quantile(at: level), support.lowerBound), support.upperBound)
    if measure == .mass { return discreteQuantile(p, near: guess) }
    return isNarrow ? continuousQuantile(p, in: support, from: guess) : guess
  }
  /// One draw, by inversion.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    quantile(at: TailProbability(lower: generator.uniform()))
  }
  /// The base's next point below x that lies inside the bounds.
  public func point(below x: Double) -> Double {
    if measure == .density { return x }
    let point = base.point(below: min(x, support.upperBound.nextUp))
    return point < support.lowerBound ? -.infinity : point
  }
  /// The base's next point above x that lies inside the bounds.
  public func point(above x: Double) -> Double {
    if measure == .density { return x }
    let point = base.point(above: max(x, support.lowerBound.nextDown))
    return point > support.upperBound ? .infinity : point
  }

  /// By quadrature or summation, to about 1e-11; ±∞ or NaN where only an open end decides.
  public var mean: Double {
    if !base.mean.isFinite {
      switch (support.lowerBound.isFinite, support.upperBound.isFinite) {
      case (false, false): return base.mean
      case (true, false): return .infinity
      case (false, true): return -.infinity
      case (true, true): break
      }
    }
    return expectation { $0 }
  }
  /// By quadrature or summation, to about 1e-11; +∞ where the base's diverges at an open end.
  public var variance: Double {
    let mean = mean
    if !mean.isFinite { return .nan }
    let isBounded = support.lowerBound.isFinite && support.upperBound.isFinite
    if !isBounded && !base.variance.isFinite { return .infinity }
    return expectation { ($0 - mean) * ($0 - mean) }
  }
  /// In nats, by quadrature or summation, to about 1e-10.
  public var entropy: Double { expectation { -logProb($0) } }
  /// The base's breaks inside the interval, with quantiles of its own.
  public var integrationBreaks: [Double] {
    if measure == .mass { return [support.lowerBound, support.upperBound] }
    let levels = [1e-6, 0.01, 0.2]
    let own = levels.map { quantile($0) } + [quantile(0.5)] + levels.map { quantile(survival: $0) }
    let inside = (base.integrationBreaks + own).filter { $0 > support.lowerBound && $0 < support.upperBound }
    return [support.lowerBound] + Set(inside).sorted() + [support.upperBound]
  }
  /// The truncation of the erased base.
  public var erased: AnyDistribution {
    AnyDistribution(wrapping: TruncatedDistribution<AnyDistribution>(erasing: self))
  }
}

extension TruncatedDistribution: ContinuousDistribution where Base: ContinuousDistribution {}
extension TruncatedDistribution: DiscreteDistribution where Base: DiscreteDistribution {}

extension TruncatedDistribution where Base == AnyDistribution {
  fileprivate init(erasing other: TruncatedDistribution<some UnivariateDistribution>) {
    base = other.base.erased
    lower = other.lower
    upper = other.upper
    support = other.support
    logMass = other.logMass
    belowSupport = other.belowSupport
    isNarrow = other.isNarrow
  }
}

extension TruncatedDistribution: Codable {
  private enum CodingKeys: String, CodingKey { case base, lower, upper }

  /// Decodes and checks the parameters; a bound that is absent is infinite.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      values.decode(Base.self, forKey: .base),
      lower: values.decodeIfPresent(Double.self, forKey: .lower) ?? -.infinity,
      upper: values.decodeIfPresent(Double.self, forKey: .upper) ?? .infinity)
  }

  /// Encodes base and finite bounds: JSON has no infinity.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(base, forKey: .base)
    if lower.isFinite { try values.encode(lower, forKey: .lower) }
    if upper.isFinite { try values.encode(upper, forKey: .upper) }
  }
}
