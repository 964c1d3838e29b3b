#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The log-normal distribution, on the positive numbers: log X is normal.
///
/// SciPy: `lognorm(s=logStandardDeviation, scale=exp(logMean))`.
public struct LogNormal: ContinuousDistribution {
  /// The mean of log X, no unit.
  public let logMean: Double
  /// The standard deviation of log X, positive, no unit.
  public let logStandardDeviation: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless the mean is finite, the deviation positive and finite.
  public init(logMean: Double, logStandardDeviation: Double) throws(DistributionError) {
    try Require.finite(logMean, "logMean", of: Self.kind)
    try Require.positive(logStandardDeviation, "logStandardDeviation", of: Self.kind)
    self.logMean = logMean
    self.logStandardDeviation = logStandardDeviation
  }

  /// `log-normal`.
  public static var kind: String { "log-normal" }
  /// [0, ∞).
  public var support: ClosedRange<Double> { 0 ... .infinity }
  private func standardised(_ x: Double) -> Double { (log(x) - logMean) / logStandardDeviation }

  /// Log-density, in nats per unit of x; −∞ at 0 and below.
  public func logProb(_ x: Double) -> Double {
    if x <= 0 || x == .infinity { return -.infinity }
    let z = standardised(x)
    return -0.5 * z * z - log(logStandardDeviation) - 0.5 * SpecialFunctions.logTwoPi - log(x)
  }
  /// Both tails at x.
  public func tails(at x: Double) -> TailProbability {
    x <= 0 ? .zero : SpecialFunctions.normalTails(standardised(x))
  }
  /// The quantile.
  public func quantile(at p: TailProbability) -> Double {
    exp(logMean + logStandardDeviation * SpecialFunctions.normalQuantile(p))
  }
  /// One draw: the exponential of a normal.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    exp(logMean + logStandardDeviation * generator.standardNormal())
  }
  /// exp(logMean + ½logStandardDeviation²).
  public var mean: Double { exp(logMean + 0.5 * logStandardDeviation * logStandardDeviation) }
  /// mean²·(exp(logStandardDeviation²) − 1).
  public var variance: Double {
    let square = logStandardDeviation * logStandardDeviation
    return expm1(square) * exp(2 * logMean + square)
  }
  /// logMean + ½log(2πe·logStandardDeviation²), in nats.
  public var entropy: Double { logMean + log(logStandardDeviation) + 0.5 * (SpecialFunctions.logTwoPi + 1) }
}

extension LogNormal: Codable {
  private enum CodingKeys: String, CodingKey { case logMean, logStandardDeviation }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      logMean: values.decode(Double.self, forKey: .logMean),
      logStandardDeviation: values.decode(Double.self, forKey: .logStandardDeviation))
  }
}
