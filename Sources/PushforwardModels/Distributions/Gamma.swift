#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The gamma distribution, on the numbers from 0.
///
/// p(x) = rate^shape x^(shape−1) exp(−rate·x) / Γ(shape). SciPy: `gamma(a=shape, scale=1/rate)`. Chi-squared with k
/// degrees of freedom is shape k/2, rate ½.
public struct Gamma: ContinuousDistribution {
  /// The shape, from 1e-300 to 1e15, no unit.
  public let shape: Double
  /// The rate, positive, per unit of x: the inverse of the scale.
  public let rate: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless shape is from 1e-300 to 1e15 and rate positive and finite.
  public init(shape: Double, rate: Double) throws(DistributionError) {
    try Require.shape(shape, "shape", of: Self.kind)
    try Require.positive(rate, "rate", of: Self.kind)
    self.shape = shape
    self.rate = rate
  }

  /// `gamma`.
  public static var kind: String { "gamma" }
  /// [0, ∞).
  public var support: ClosedRange<Double> { 0 ... .infinity }

  /// Log-density, in nats; at 0 it is +∞ for shape < 1, log rate for shape 1, −∞ above.
  public func logProb(_ x: Double) -> Double {
    if x < 0 || x == .infinity { return -.infinity }
    if x == 0 { return shape < 1 ? .infinity : (shape == 1 ? log(rate) : -.infinity) }
    let kernel = SpecialFunctions.logPoissonKernel(shape, rate * x, logY: log(rate) + log(x))
    return kernel + log(shape) - log(x)
  }
  /// Both tails at x, by the incomplete gamma functions.
  public func tails(at x: Double) -> TailProbability {
    if x <= 0 { return .zero }
    let y = rate * x
    let isOrdinary = y > 1e-300 && y < .infinity
    return SpecialFunctions.incompleteGamma(shape, y, logY: isOrdinary ? log(y) : log(rate) + log(x))
  }
  /// The quantile, by the inverse of the incomplete gamma functions.
  public func quantile(at p: TailProbability) -> Double {
    SpecialFunctions.inverseIncompleteGamma(shape, p) / rate
  }
  /// One draw.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    exp(Self.logStandardSample(shape: shape, using: &generator)) / rate
  }

  /// The logarithm of a draw with rate 1, finite for every shape.
  ///
  /// - SeeAlso: Marsaglia and Tsang (2000), "A simple method for generating gamma variables"; below shape 1 by the
  ///   product G(shape + 1)·U^(1/shape).
  static func logStandardSample<Generator: RandomNumberGenerator>(
    shape: Double, using generator: inout Generator
  ) -> Double {
    if shape < 1 {
      return logStandardSample(shape: shape + 1, using: &generator) + log(generator.uniform()) / shape
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let z = generator.standardNormal()
      let root = 1 + c * z
      if root <= 0 { continue }
      let logCube = 3 * log(root)
      // The exact test alone; the paper's squeeze only saves logarithms.
      if log(generator.uniform()) < 0.5 * z * z + d * (1 - root * root * root + logCube) { return log(d) + logCube }
    }
  }

  /// shape/rate.
  public var mean: Double { shape / rate }
  /// shape/rate².
  public var variance: Double { shape / rate / rate }
  /// shape − log rate + log Γ(shape) + (1 − shape)ψ(shape), in nats.
  public var entropy: Double { SpecialFunctions.entropyTerm(shape) - log(rate) }
}

extension Gamma: Codable {
  private enum CodingKeys: String, CodingKey { case shape, rate }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(shape: values.decode(Double.self, forKey: .shape), rate: values.decode(Double.self, forKey: .rate))
  }
}
