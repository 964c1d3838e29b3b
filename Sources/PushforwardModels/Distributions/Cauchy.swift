#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The Cauchy distribution, on the real line; it has no mean and no variance.
///
/// p(x) = 1 / (π scale (1 + ((x − location)/scale)²)). SciPy: `cauchy(loc=location, scale=scale)`.
public struct Cauchy: ContinuousDistribution {
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

  /// `cauchy`.
  public static var kind: String { "cauchy" }
  /// The real line.
  public var support: ClosedRange<Double> { -.infinity ... .infinity }
  /// Log-density, in nats.
  public func logProb(_ x: Double) -> Double {
    let z = abs(x - location) / scale
    // Beyond 1e8 the 1 is below rounding, and z² may overflow.
    let growth = z > 1e8 ? 2 * log(z) : log1p(z * z)
    return -growth - log(scale) - log(.pi)
  }
  /// Both tails at x.
  public func tails(at x: Double) -> TailProbability {
    let z = (x - location) / scale
    if z.isNaN { return .invalid }
    let tail = atan2(1, abs(z)) / .pi
    let below = TailProbability(lower: tail, upper: 1 - tail)
    return z > 0 ? below.swapped : below
  }
  /// The quantile.
  public func quantile(at p: TailProbability) -> Double {
    if !p.isValid { return .nan }
    if p.lower < 0.25 { return location - scale * Self.cotangent(p.lower, log: p.logLower) }
    if p.upper < 0.25 { return location + scale * Self.cotangent(p.upper, log: p.logUpper) }
    return location + scale * tan(.pi * 0.5 * (p.lower - p.upper))
  }
  /// NaN: it does not exist.
  public var mean: Double { .nan }
  /// NaN: it does not exist.
  public var variance: Double { .nan }
  /// log(4π·scale), in nats.
  public var entropy: Double { log(4 * .pi) + log(scale) }

  /// cot(πp), from log p where p is too small for π·p to be exact.
  private static func cotangent(_ p: Double, log logP: Double) -> Double {
    p < 1e-9 ? exp(-logP - log(.pi)) : 1 / tan(.pi * p)
  }
}

extension Cauchy: Codable {
  private enum CodingKeys: String, CodingKey { case location, scale }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      location: values.decode(Double.self, forKey: .location),
      scale: values.decode(Double.self, forKey: .scale))
  }
}
