#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The Poisson distribution, on the whole numbers from 0.
///
/// SciPy: `poisson(mu=mean)`.
public struct Poisson: DiscreteDistribution {
  /// The mean, from 1e-300 to 1e15: expected count.
  public let mean: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless the mean is from 1e-300 to 1e15.
  public init(mean: Double) throws(DistributionError) {
    try Require.shape(mean, "mean", of: Self.kind)
    self.mean = mean
  }

  /// `poisson`.
  public static var kind: String { "poisson" }
  /// [0, ∞).
  public var support: ClosedRange<Double> { 0 ... .infinity }

  /// Log-mass, in nats, by Loader's saddle-point form: no loss of digits for large counts.
  public func logProb(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x < 0 || x == .infinity || x != x.rounded(.down) { return -.infinity }
    return x == 0 ? -mean : SpecialFunctions.logPoissonKernel(x, mean, logY: log(mean))
  }
  /// Both tails at x, by the incomplete gamma functions.
  public func tails(at x: Double) -> TailProbability {
    if x.isNaN { return .invalid }
    if x < 0 { return .zero }
    if x == .infinity { return .one }
    return SpecialFunctions.incompleteGamma(x.rounded(.down) + 1, mean, logY: log(mean)).swapped
  }
  /// The quantile, by search from a Cornish–Fisher guess.
  public func quantile(at p: TailProbability) -> Double {
    let z = SpecialFunctions.normalQuantile(p)
    return discreteQuantile(p, near: z.isFinite ? mean + mean.squareRoot() * z + (z * z - 1) / 6 : mean)
  }

  /// One draw: by inversion below mean 10, else by Hörmann's transformed rejection.
  ///
  /// - SeeAlso: Hörmann (1993), "The transformed rejection method for generating Poisson random variables", PTRS.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    mean < 10 ? invertedSample(&generator) : rejectionSample(&generator)
  }

  private func invertedSample(_ generator: inout some RandomNumberGenerator) -> Double {
    var rest = generator.uniform()
    var mass = exp(-mean)
    var k = 0.0
    while rest > mass && mass > 0 {
      rest -= mass
      k += 1
      mass *= mean / k
    }
    return k
  }

  private func rejectionSample(_ generator: inout some RandomNumberGenerator) -> Double {
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = -0.059 + 0.02483 * b
    let logInverseAlpha = log(1.1239 + 1.1328 / (b - 3.4))
    let bound = 0.9277 - 3.6224 / (b - 2)
    while true {
      let u = generator.uniform() - 0.5
      let v = generator.uniform()
      let side = 0.5 - abs(u)
      let k = ((2 * a / side + b) * u + mean + 0.43).rounded(.down)
      if side >= 0.07 && v <= bound { return k }
      if k < 0 || (side < 0.013 && v > side) { continue }
      if log(v) + logInverseAlpha - log(a / (side * side) + b) <= logProb(k) { return k }
    }
  }

  /// The mean.
  public var variance: Double { mean }
  /// In nats: summed up to mean 1e4; above, ½log(2πe·mean) with three corrections, to 1e-16.
  public var entropy: Double {
    if mean <= 1e4 { return expectation { -logProb($0) } }
    return 0.5 * (SpecialFunctions.logTwoPi + 1 + log(mean))
      - (1.0 / 12 + (1.0 / 24 + 19.0 / 360 / mean) / mean) / mean
  }
}

extension Poisson: Codable {
  private enum CodingKeys: String, CodingKey { case mean }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(mean: values.decode(Double.self, forKey: .mean))
  }
}
