#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The logistic distribution, on the real line.
///
/// P(X ≤ x) = 1 / (1 + exp(−(x − location)/scale)). SciPy: `logistic(loc=location, scale=scale)`.
public struct Logistic: ContinuousDistribution {
  /// The location (the median), in the units of x.
  public let location: Double
  /// The scale, positive, in the units of x.
  public let scale: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless location is finite and scale positive and finite.
  public init(location: Double, scale: Double) throws(DistributionError) {
    try Require.finite(location, "location", of: Self.kind)
    try Require.positive(scale, "scale", of: Self.kind)
    self.location = location
    self.scale = scale
  }

  /// `logistic`.
  public static var kind: String { "logistic" }
  /// The real line.
  public var support: ClosedRange<Double> { -.infinity ... .infinity }
  /// Log-density, in nats.
  public func logProb(_ x: Double) -> Double {
    let z = abs(x - location) / scale
    return -z - 2 * log1p(exp(-z)) - log(scale)
  }
  /// Both tails at x.
  public func tails(at x: Double) -> TailProbability {
    let z = (x - location) / scale
    let weight = exp(-abs(z))
    let common = log1p(weight)
    let small = (plain: weight / (1 + weight), log: -abs(z) - common)
    let below = TailProbability(lower: small.plain, upper: 1 / (1 + weight), logLower: small.log, logUpper: -common)
    return z > 0 ? below.swapped : below
  }
  /// The quantile.
  public func quantile(at p: TailProbability) -> Double {
    // Near the median the logits' difference would cancel: log(p/q) = log1p((p − q)/q).
    let isCentral = p.lower > 0.25 && p.upper > 0.25
    let z = isCentral ? log1p((p.lower - p.upper) / p.upper) : p.logLower - p.logUpper
    return location + scale * z
  }
  /// The location.
  public var mean: Double { location }
  /// scale²·π²/3.
  public var variance: Double { scale * scale * (.pi * .pi / 3) }
  /// 2 + log scale, in nats.
  public var entropy: Double { 2 + log(scale) }
}

extension Logistic: Codable {
  private enum CodingKeys: String, CodingKey { case location, scale }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      location: values.decode(Double.self, forKey: .location),
      scale: values.decode(Double.self, forKey: .scale))
  }
}
