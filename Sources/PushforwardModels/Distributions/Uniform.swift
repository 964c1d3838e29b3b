#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The uniform distribution on a closed interval.
///
/// SciPy: `uniform(loc=lower, scale=upper - lower)`.
public struct Uniform: ContinuousDistribution {
  /// The lower end, in the units of x.
  public let lower: Double
  /// The upper end, in the units of x.
  public let upper: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless both ends are finite, lower < upper and the width is finite.
  public init(lower: Double, upper: Double) throws(DistributionError) {
    try Require.finite(lower, "lower", of: Self.kind)
    try Require.that(
      upper > lower && (upper - lower).isFinite, upper, "upper", of: Self.kind,
      is: "finite and above lower, \(lower)")
    self.lower = lower
    self.upper = upper
  }

  /// `uniform`.
  public static var kind: String { "uniform" }
  /// [lower, upper].
  public var support: ClosedRange<Double> { lower...upper }
  private var width: Double { upper - lower }

  /// Log-density, in nats: −log(upper − lower) inside, ends included.
  public func logProb(_ x: Double) -> Double {
    if x.isNaN { return x }
    return support.contains(x) ? -log(width) : -.infinity
  }
  /// Both tails at x.
  public func tails(at x: Double) -> TailProbability {
    if x <= lower { return .zero }
    if x >= upper { return .one }
    return TailProbability(lower: (x - lower) / width, upper: (upper - x) / width)
  }
  /// The quantile.
  public func quantile(at p: TailProbability) -> Double {
    if !p.isValid { return .nan }
    return p.lower < 0.5 ? lower + p.lower * width : upper - p.upper * width
  }
  /// The midpoint.
  public var mean: Double { lower + 0.5 * width }
  /// Width²/12.
  public var variance: Double { width * width / 12 }
  /// log(upper − lower), in nats.
  public var entropy: Double { log(width) }
}

extension Uniform: Codable {
  private enum CodingKeys: String, CodingKey { case lower, upper }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(lower: values.decode(Double.self, forKey: .lower), upper: values.decode(Double.self, forKey: .upper))
  }
}
