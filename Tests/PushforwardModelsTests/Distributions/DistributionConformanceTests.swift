import Foundation
import PushforwardModels
import Testing

/// A registered distribution: every one passes the conformance suite and survives a file.
struct RegisteredDistribution: CustomTestStringConvertible, Sendable {
  let name: String
  let tolerance: Double
  let make: @Sendable () throws -> any UnivariateDistribution
  var testDescription: String { name }

  init(
    _ name: String, tolerance: Double = 1e-10,
    _ make: @escaping @Sendable @autoclosure () throws -> any UnivariateDistribution
  ) {
    self.name = name
    self.tolerance = tolerance
    self.make = make
  }

  private static let twoNormals = { @Sendable () throws in
    try MixtureDistribution(
      weights: [1, 3],
      components: [
        Normal(mean: -2, standardDeviation: 0.25), Normal(mean: 3, standardDeviation: 1.5),
      ])
  }

  static let all: [RegisteredDistribution] = [
    .init("normal", Normal.standard),
    .init("normal shifted", try Normal(mean: -300, standardDeviation: 0.01)),
    .init("uniform", try Uniform(lower: -2, upper: 5.5)),
    .init("student-t 1.5", try StudentT(degreesOfFreedom: 1.5)),
    .init("student-t 6", try StudentT(degreesOfFreedom: 6, location: 2, scale: 0.3)),
    .init("student-t 1e6", try StudentT(degreesOfFreedom: 1e6)),
    .init("logistic", try Logistic(location: 1, scale: 0.7)),
    .init("laplace", try Laplace(location: -1, scale: 2)),
    .init("cauchy", try Cauchy(location: 0.5, scale: 2)),
    .init("log-normal", try LogNormal(logMean: 0.3, logStandardDeviation: 0.8)),
    .init("exponential", try Exponential(rate: 3)),
    .init("gamma 0.3", try Gamma(shape: 0.3, rate: 2)),
    .init("gamma 4.5", try Gamma(shape: 4.5, rate: 0.01)),
    .init("gamma 1e6", tolerance: 1e-9, try Gamma(shape: 1e6, rate: 1)),
    .init("beta 2 5", try Beta(alpha: 2, beta: 5.5)),
    .init("beta 0.4 3", try Beta(alpha: 0.4, beta: 3)),
    // 1 − x cannot come closer to 0 than 1e-16, which holds 1e-10 of this one's mass.
    .init("beta 3 0.6", tolerance: 1e-8, try Beta(alpha: 3, beta: 0.6)),
    .init("bernoulli", try Bernoulli(probability: 0.3)),
    .init("binomial few", try Binomial(trials: 12, probability: 0.2)),
    .init("binomial many", try Binomial(trials: 500, probability: 0.7)),
    .init("binomial 1e6", try Binomial(trials: 1_000_000, probability: 0.4)),
    .init("poisson 3", try Poisson(mean: 3)),
    .init("poisson 80", try Poisson(mean: 80)),
    .init("poisson 1e5", try Poisson(mean: 1e5)),
    .init("categorical", try Categorical(weights: [3, 0.5, 2, 4, 1])),
    .init("mixture of normals", try twoNormals()),
    .init(
      "mixture of kinds",
      try MixtureDistribution(
        weights: [0.4, 0.6],
        components: [
          AnyDistribution(Laplace(location: 0, scale: 1)), AnyDistribution(Gamma(shape: 3, rate: 1)),
        ])),
    .init(
      "mixture of counts",
      try MixtureDistribution(weights: [0.5, 0.5], components: [Poisson(mean: 2), Poisson(mean: 30)])),
    .init("truncated normal", try TruncatedDistribution(Normal.standard, lower: -0.5, upper: 2)),
    .init("truncated normal tail", try TruncatedDistribution(Normal.standard, lower: 45)),
    .init("truncated log-normal", try TruncatedDistribution(LogNormal(logMean: 0, logStandardDeviation: 1), upper: 3)),
    .init("truncated mixture", try TruncatedDistribution(twoNormals(), lower: -2.1, upper: 3)),
    .init("truncated poisson", try TruncatedDistribution(Poisson(mean: 6), lower: 3, upper: 11)),
    .init(
      "affine log-normal", try AffineTransformed(LogNormal(logMean: 0, logStandardDeviation: 0.5), shift: 4, scale: -2)),
    .init("affine poisson", try AffineTransformed(Poisson(mean: 5), shift: 0.5, scale: 0.1)),
    .init("affine binomial", try AffineTransformed(Binomial(trials: 9, probability: 0.3), shift: 1, scale: -0.25)),
    .init(
      "affine truncated mixture",
      try AffineTransformed(TruncatedDistribution(twoNormals(), lower: -3), shift: 1, scale: -0.5)),
  ]
}

struct DistributionConformanceTests {
  @Test(arguments: RegisteredDistribution.all)
  func conforms(_ registered: RegisteredDistribution) throws {
    let failures = DistributionConformance(try registered.make(), tolerance: registered.tolerance).failures
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  @Test(arguments: RegisteredDistribution.all)
  func survivesAFile(_ registered: RegisteredDistribution) throws {
    let distribution = try registered.make()
    func decodesAsItself<Kind: UnivariateDistribution>(_ distribution: Kind) throws -> Bool {
      try JSONDecoder().decode(Kind.self, from: JSONEncoder().encode(distribution)) == distribution
    }
    #expect(try decodesAsItself(distribution))
    let erased = distribution.erased
    #expect(try decodesAsItself(erased))
    let x = distribution.quantile(0.3)
    #expect(erased.logProb(x) == distribution.logProb(x))
    #expect(erased.quantile(0.3) == x)
  }

  /// Quantiles of probabilities far below the smallest Double, which truncations in the tails are made of.
  @Test func quantilesOfLogarithms() throws {
    let all: [any UnivariateDistribution] = [
      Normal.standard, try StudentT(degreesOfFreedom: 6), try Logistic(location: 0, scale: 1),
      try Laplace(location: 0, scale: 1), try Gamma(shape: 4.5, rate: 1), try Exponential(rate: 2),
      try LogNormal(logMean: 0, logStandardDeviation: 2),
      try MixtureDistribution(weights: [1, 2], components: [Normal.standard, Normal(mean: 1, standardDeviation: 2)]),
    ]
    for distribution in all {
      for logarithm in [-800, -2000.0] {
        if distribution.support.lowerBound < 0 {
          let low = distribution.quantile(at: TailProbability(logLower: logarithm))
          #expect(abs(distribution.logCDF(low) / logarithm - 1) < 1e-12, "\(distribution): \(low)")
        }
        let high = distribution.quantile(at: TailProbability(logUpper: logarithm))
        #expect(abs(distribution.logSurvival(high) / logarithm - 1) < 1e-12, "\(distribution): \(high)")
      }
    }
  }

  /// A normal distribution with one thing wrong.
  struct BrokenNormal: ContinuousDistribution {
    let fault: String
    static let kind = "broken"
    var support: ClosedRange<Double> { fault == "outside" ? -1...1 : -.infinity ... .infinity }
    func logProb(_ x: Double) -> Double {
      if fault == "NaN", x.isNaN { return -.infinity }
      return Normal.standard.logProb(x) + (fault == "total" ? 1e-3 : 0)
    }
    func tails(at x: Double) -> TailProbability {
      switch fault {
      case "cdf is integral": return Normal.standard.tails(at: 1.001 * x)
      case "complement": return TailProbability(lower: 0.2, upper: 0.7, logLower: log(0.2), logUpper: log(0.7))
      default: return Normal.standard.tails(at: x)
      }
    }
    func quantile(at p: TailProbability) -> Double {
      Normal.standard.quantile(at: p) * (fault == "quantile" ? 1 + 1e-7 : 1)
    }
    func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
      Normal.standard.sample(using: &generator) * (fault == "draws follow cdf" ? 1.1 : 1)
        + (fault == "mean of draws" ? 0.06 : 0)
    }
    var mean: Double { fault == "mean" ? 1e-6 : 0 }
    var variance: Double { fault == "variance" ? 1.000001 : 1 }
    var entropy: Double { Normal.standard.entropy + (fault == "entropy" ? 1e-6 : 0) }
  }

  /// A Poisson distribution with one thing wrong.
  struct BrokenPoisson: DiscreteDistribution {
    let fault: String
    static let kind = "broken"
    private var good: Poisson { get throws { try Poisson(mean: 4) } }
    var support: ClosedRange<Double> { 0 ... .infinity }
    func logProb(_ x: Double) -> Double { (try? good.logProb(fault == "total" ? x + 1 : x)) ?? .nan }
    func tails(at x: Double) -> TailProbability {
      (try? good.tails(at: fault == "cdf is integral" ? x - 1 : x)) ?? .init(lower: .nan)
    }
    func quantile(at p: TailProbability) -> Double {
      ((try? good.quantile(at: p)) ?? .nan) + (fault == "quantile" ? 1 : 0)
    }
    func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
      let draw = (try? good.sample(using: &generator)) ?? .nan
      switch fault {
      case "draws follow cdf": return max(2, draw)
      case "draws in support": return draw + 0.5
      default: return draw
      }
    }
    var mean: Double { 4 }
    var variance: Double { fault == "variance" ? 2 : 4 }
  }

  @Test(arguments: [
    "total", "cdf is integral", "complement", "quantile", "draws follow cdf", "mean of draws", "mean", "variance",
    "entropy", "NaN", "outside",
  ])
  func rejectsBrokenDensity(_ fault: String) {
    let failures = DistributionConformance(BrokenNormal(fault: fault)).failures
    #expect(failures.contains { $0.hasPrefix(fault + ":") }, "\(failures)")
  }

  @Test(arguments: ["total", "cdf is integral", "quantile", "draws follow cdf", "draws in support", "variance"])
  func rejectsBrokenMass(_ fault: String) {
    let failures = DistributionConformance(BrokenPoisson(fault: fault)).failures
    #expect(failures.contains { $0.hasPrefix(fault + ":") }, "\(failures)")
  }

  @Test func acceptsTheUnbroken() {
    #expect(DistributionConformance(BrokenNormal(fault: "none")).failures == [])
    #expect(DistributionConformance(BrokenPoisson(fault: "none")).failures == [])
  }
}
