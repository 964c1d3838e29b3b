#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The binomial distribution: successes among independent trials.
///
/// SciPy: `binom(n=trials, p=probability)`.
public struct Binomial: DiscreteDistribution {
  /// The number of trials, from 0 to 2⁵³.
  public let trials: Int
  /// The probability of success in a trial, in [0, 1].
  public let probability: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless trials is in [0, 2⁵³] and probability in [0, 1].
  public init(trials: Int, probability: Double) throws(DistributionError) {
    try Require.that(trials >= 0 && trials <= 1 << 53, trials, "trials", of: Self.kind, is: "from 0 to 2^53")
    try Require.probability(probability, "probability", of: Self.kind)
    self.trials = trials
    self.probability = probability
  }

  /// `binomial`.
  public static var kind: String { "binomial" }
  /// [0, trials].
  public var support: ClosedRange<Double> { 0...n }
  private var n: Double { Double(trials) }

  /// Log-mass, in nats, by Loader's saddle-point form: no loss of digits for many trials.
  public func logProb(_ x: Double) -> Double {
    if x.isNaN { return x }
    if !support.contains(x) || x != x.rounded(.down) { return -.infinity }
    if probability == 0 { return x == 0 ? 0 : -.infinity }
    if probability == 1 { return x == n ? 0 : -.infinity }
    if x == 0 { return n * log1p(-probability) }
    if x == n { return n * log(probability) }
    let rest = n - x
    return 0.5 * (log(n / x) - log(rest) - SpecialFunctions.logTwoPi)
      + SpecialFunctions.stirlingError(n) - SpecialFunctions.stirlingError(x) - SpecialFunctions.stirlingError(rest)
      - SpecialFunctions.deviance(x, n * probability, logRatio: log(x / n) - log(probability))
      - SpecialFunctions.deviance(rest, n * (1 - probability), logRatio: log(rest / n) - log1p(-probability))
  }
  /// Both tails at x, by the incomplete beta function.
  public func tails(at x: Double) -> TailProbability {
    if x.isNaN { return .invalid }
    let k = x.rounded(.down)
    if k < 0 { return .zero }
    if k >= n || probability == 0 { return .one }
    if probability == 1 { return .zero }
    return SpecialFunctions.incompleteBeta(
      n - k, k + 1, 1 - probability, probability, logX: log1p(-probability), logY: log(probability))
  }
  /// The quantile, by search from a Cornish–Fisher guess.
  public func quantile(at p: TailProbability) -> Double {
    let z = SpecialFunctions.normalQuantile(p)
    let guess = mean + standardDeviation * z + (z * z - 1) * (1 - 2 * probability) / 6
    return discreteQuantile(p, near: z.isFinite ? guess : mean)
  }

  /// One draw: by inversion for a small mean, else by Hörmann's transformed rejection.
  ///
  /// - SeeAlso: Hörmann (1993), "The generation of binomial random variates", algorithm BTRS.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    let p = min(probability, 1 - probability)
    let successes = n * p < 10 ? invertedSample(p, &generator) : rejectionSample(p, &generator)
    return probability <= 0.5 ? successes : n - successes
  }

  private func invertedSample(_ p: Double, _ generator: inout some RandomNumberGenerator) -> Double {
    var rest = generator.uniform()
    var mass = exp(n * log1p(-p))
    var k = 0.0
    while rest > mass && k < n {
      rest -= mass
      k += 1
      mass *= (n - k + 1) / k * (p / (1 - p))
      if mass == 0 { break }
    }
    return k
  }

  private func rejectionSample(_ p: Double, _ generator: inout some RandomNumberGenerator) -> Double {
    let spread = (n * p * (1 - p)).squareRoot()
    let b = 1.15 + 2.53 * spread
    let a = -0.0873 + 0.0248 * b + 0.01 * p
    let logAlpha = log((2.83 + 5.1 / b) * spread)
    let bound = 0.92 - 4.2 / b
    let mode = ((n + 1) * p).rounded(.down)
    func logMass(_ k: Double) -> Double { logProb(probability <= 0.5 ? k : n - k) }
    let logPeak = logMass(mode)
    while true {
      let u = generator.uniform() - 0.5
      let v = generator.uniform()
      let side = 0.5 - abs(u)
      let k = ((2 * a / side + b) * u + n * p + 0.5).rounded(.down)
      if side >= 0.07 && v <= bound { return k }
      if k < 0 || k > n { continue }
      if log(v) + logAlpha - log(a / (side * side) + b) <= logMass(k) - logPeak { return k }
    }
  }

  /// trials·probability.
  public var mean: Double { n * probability }
  /// trials·probability·(1 − probability).
  public var variance: Double { n * probability * (1 - probability) }
  /// In nats: summed up to variance 1e6; above, ½log(2πe·variance) with its first correction, to 1e-12.
  public var entropy: Double {
    if variance <= 1e6 { return expectation { -logProb($0) } }
    return 0.5 * (SpecialFunctions.logTwoPi + 1 + log(variance))
      + (4 * probability * (1 - probability) - 1) / (12 * variance)
  }
}

extension Binomial: Codable {
  private enum CodingKeys: String, CodingKey { case trials, probability }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      trials: values.decode(Int.self, forKey: .trials),
      probability: values.decode(Double.self, forKey: .probability))
  }
}
