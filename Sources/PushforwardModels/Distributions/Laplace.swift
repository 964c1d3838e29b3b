#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The Laplace (double exponential) distribution, on the real line.
///
/// p(x) = exp(−|x − location|/scale) / (2 scale). SciPy: `laplace(loc=location, scale=scale)`.
public struct Laplace: ContinuousDistribution {
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

  /// `laplace`.
  public static var kind: String { "laplace" }
  /// The real line.
  public var support: ClosedRange<Double> { -.infinity ... .infinity }
  /// Log-density, in nats.
  public func logProb(_ x: Double) -> Double {
    -abs(x - location) / scale - log(scale) - Self.logTwo
  }
  /// Both tails at x.
  public func tails(at x: Double) -> TailProbability {
    let z = (x - location) / scale
    if z.isNaN { return .invalid }
    let tail = 0.5 * exp(-abs(z))
    let below = TailProbability(
      lower: tail, upper: 1 - tail, logLower: -abs(z) - Self.logTwo, logUpper: log1p(-tail))
    return z > 0 ? below.swapped : below
  }
  /// The quantile.
  public func quantile(at p: TailProbability) -> Double {
    if !p.isValid { return .nan }
    // Near the median log 2 + log p would cancel: log1p(2p − 1).
    if p.lower <= 0.5 {
      return location + scale * (p.lower > 0.25 ? log1p(p.lower - p.upper) : p.logLower + Self.logTwo)
    }
    return location - scale * (p.upper > 0.25 ? log1p(p.upper - p.lower) : p.logUpper + Self.logTwo)
  }
  /// The location.
  public var mean: Double { location }
  /// 2·scale².
  public var variance: Double { 2 * scale * scale }
  /// 1 + log(2·scale), in nats.
  public var entropy: Double { 1 + Self.logTwo + log(scale) }
  /// The location, where the density has its peak.
  public var kinks: [Double] { [location] }

  private static let logTwo = 0.6931471805599453
}

extension Laplace: Codable {
  private enum CodingKeys: String, CodingKey { case location, scale }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      location: values.decode(Double.self, forKey: .location),
      scale: values.decode(Double.self, forKey: .scale))
  }
}
