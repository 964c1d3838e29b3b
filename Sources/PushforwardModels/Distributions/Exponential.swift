#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The exponential distribution, on the numbers from 0.
///
/// p(x) = rate·exp(−rate·x). SciPy: `expon(scale=1/rate)`.
public struct Exponential: ContinuousDistribution {
  /// Events per unit of x, positive: 1/mean.
  public let rate: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless the rate is positive and finite.
  public init(rate: Double) throws(DistributionError) {
    try Require.positive(rate, "rate", of: Self.kind)
    self.rate = rate
  }

  /// `exponential`.
  public static var kind: String { "exponential" }
  /// [0, ∞).
  public var support: ClosedRange<Double> { 0 ... .infinity }
  /// Log-density, in nats.
  public func logProb(_ x: Double) -> Double { x < 0 ? -.infinity : log(rate) - rate * x }
  /// Both tails at x.
  public func tails(at x: Double) -> TailProbability {
    if x <= 0 { return .zero }
    return TailProbability(logUpper: -rate * x)
  }
  /// The quantile.
  public func quantile(at p: TailProbability) -> Double { p.isValid ? -p.logUpper / rate : .nan }
  /// 1/rate.
  public var mean: Double { 1 / rate }
  /// 1/rate².
  public var variance: Double { 1 / rate / rate }
  /// 1 − log rate, in nats.
  public var entropy: Double { 1 - log(rate) }
}

extension Exponential: Codable {
  private enum CodingKeys: String, CodingKey { case rate }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(rate: values.decode(Double.self, forKey: .rate))
  }
}
