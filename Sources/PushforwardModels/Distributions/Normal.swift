#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The normal distribution, on the real line.
///
/// p(x) = exp(−(x − mean)² / (2 standardDeviation²)) / (standardDeviation √(2π)). SciPy: `norm(loc=mean,
/// scale=standardDeviation)`.
/// - Note: Far tails (|z| > 10) carry the rounding of (x − mean)/standardDeviation, about z²·1e-16 relative.
public struct Normal: ContinuousDistribution {
  /// The standard normal distribution, mean 0 and standard deviation 1.
  public static let standard = Normal(unchecked: 0, 1)

  /// The mean, in the units of x.
  public let mean: Double
  /// The standard deviation, positive, in the units of x.
  public let standardDeviation: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless mean is finite and standard deviation positive and finite.
  public init(mean: Double, standardDeviation: Double) throws(DistributionError) {
    try Require.finite(mean, "mean", of: Self.kind)
    try Require.positive(standardDeviation, "standardDeviation", of: Self.kind)
    self.init(unchecked: mean, standardDeviation)
  }

  private init(unchecked mean: Double, _ standardDeviation: Double) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// `normal`.
  public static var kind: String { "normal" }
  /// The real line.
  public var support: ClosedRange<Double> { -.infinity ... .infinity }
  /// Log-density, in nats.
  public func logProb(_ x: Double) -> Double {
    let z = (x - mean) / standardDeviation
    return -0.5 * z * z - log(standardDeviation) - 0.5 * SpecialFunctions.logTwoPi
  }
  /// Both tails at x.
  public func tails(at x: Double) -> TailProbability {
    SpecialFunctions.normalTails((x - mean) / standardDeviation)
  }
  /// The quantile.
  public func quantile(at p: TailProbability) -> Double {
    mean + standardDeviation * SpecialFunctions.normalQuantile(p)
  }
  /// One draw, by inversion.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    mean + standardDeviation * generator.standardNormal()
  }
  /// standardDeviation².
  public var variance: Double { standardDeviation * standardDeviation }
  /// ½ log(2πe·variance), in nats.
  public var entropy: Double { log(standardDeviation) + 0.5 * (SpecialFunctions.logTwoPi + 1) }
}

extension Normal: Codable {
  private enum CodingKeys: String, CodingKey { case mean, standardDeviation }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      mean: values.decode(Double.self, forKey: .mean),
      standardDeviation: values.decode(Double.self, forKey: .standardDeviation))
  }
}
