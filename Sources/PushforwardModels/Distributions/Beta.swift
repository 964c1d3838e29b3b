#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The beta distribution, on [0, 1].
///
/// p(x) = x^(alpha−1) (1 − x)^(beta−1) / B(alpha, beta). SciPy: `beta(a=alpha, b=beta)`.
public struct Beta: ContinuousDistribution {
  /// The first shape, from 1e-300 to 1e15, no unit.
  public let alpha: Double
  /// The second shape, from 1e-300 to 1e15, no unit.
  public let beta: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless both are from 1e-300 to 1e15.
  public init(alpha: Double, beta: Double) throws(DistributionError) {
    try Require.shape(alpha, "alpha", of: Self.kind)
    try Require.shape(beta, "beta", of: Self.kind)
    self.alpha = alpha
    self.beta = beta
  }

  /// `beta`.
  public static var kind: String { "beta" }
  /// [0, 1].
  public var support: ClosedRange<Double> { 0...1 }

  /// Log-density, in nats; at an end it is +∞ if that end's shape is below 1, −∞ if above.
  public func logProb(_ x: Double) -> Double {
    if x < 0 || x > 1 { return -.infinity }
    if x == 0 { return endLogProb(alpha, other: beta) }
    if x == 1 { return endLogProb(beta, other: alpha) }
    let logX = log(x)
    let logY = log1p(-x)
    return SpecialFunctions.logBetaKernel(alpha, beta, x, 1 - x, logX: logX, logY: logY) - logX - logY
  }
  private func endLogProb(_ shape: Double, other: Double) -> Double {
    shape < 1 ? .infinity : (shape == 1 ? log(other) : -.infinity)
  }
  /// Both tails at x, by the incomplete beta function.
  public func tails(at x: Double) -> TailProbability {
    if x <= 0 { return .zero }
    if x >= 1 { return .one }
    return SpecialFunctions.incompleteBeta(alpha, beta, x, 1 - x, logX: log(x), logY: log1p(-x))
  }
  /// The quantile, by the inverse of the incomplete beta function.
  public func quantile(at p: TailProbability) -> Double {
    SpecialFunctions.inverseIncompleteBeta(alpha, beta, p).lower
  }
  /// One draw, from the ratio of two gammas, as logarithms so that tiny shapes do not give 0/0.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    let first = Gamma.logStandardSample(shape: alpha, using: &generator)
    let second = Gamma.logStandardSample(shape: beta, using: &generator)
    return 1 / (1 + exp(second - first))
  }
  /// alpha/(alpha + beta).
  public var mean: Double { alpha / (alpha + beta) }
  /// alpha·beta / ((alpha + beta)²(alpha + beta + 1)).
  public var variance: Double {
    let sum = alpha + beta
    return alpha / sum * (beta / sum) / (sum + 1)
  }
  /// log B − (alpha − 1)ψ(alpha) − (beta − 1)ψ(beta) + (alpha + beta − 2)ψ(alpha + beta), in nats.
  public var entropy: Double {
    SpecialFunctions.entropyTerm(alpha) + SpecialFunctions.entropyTerm(beta)
      - SpecialFunctions.entropyTerm(alpha + beta) - SpecialFunctions.digamma(alpha + beta)
  }
}

extension Beta: Codable {
  private enum CodingKeys: String, CodingKey { case alpha, beta }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(alpha: values.decode(Double.self, forKey: .alpha), beta: values.decode(Double.self, forKey: .beta))
  }
}
