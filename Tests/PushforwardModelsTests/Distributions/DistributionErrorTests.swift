import Foundation
import PushforwardModels
import Testing

struct DistributionErrorTests {
  @Test func namesWhatWasExpectedAndFound() {
    #expect(
      throws: DistributionError.invalidParameter(
        distribution: "normal", parameter: "standardDeviation", expected: "positive and finite", found: "-1.0")
    ) { try Normal(mean: 0, standardDeviation: -1) }
    let error = #expect(throws: DistributionError.self) { try Gamma(shape: .nan, rate: 1) }
    #expect(error?.description == "gamma: shape must be from 1e-300 to 1e15, found nan")
  }

  static let bad: [(String, @Sendable () throws -> any UnivariateDistribution)] = [
    ("normal mean", { try Normal(mean: .infinity, standardDeviation: 1) }),
    ("uniform order", { try Uniform(lower: 1, upper: 1) }),
    ("uniform width", { try Uniform(lower: -1e308, upper: 1e308) }),
    ("student-t", { try StudentT(degreesOfFreedom: 0) }),
    ("logistic", { try Logistic(location: .nan, scale: 1) }),
    ("laplace", { try Laplace(location: 0, scale: 0) }),
    ("cauchy", { try Cauchy(location: 0, scale: .infinity) }),
    ("log-normal", { try LogNormal(logMean: 0, logStandardDeviation: -2) }),
    ("exponential", { try Exponential(rate: 0) }),
    ("beta", { try Beta(alpha: 1, beta: -1) }),
    ("bernoulli", { try Bernoulli(probability: 1.5) }),
    ("binomial", { try Binomial(trials: -1, probability: 0.5) }),
    ("poisson", { try Poisson(mean: -1) }),
    ("categorical none", { try Categorical(weights: []) }),
    ("categorical negative", { try Categorical(weights: [1, -1, 3]) }),
    ("categorical zero", { try Categorical(weights: [0, 0]) }),
    ("categorical logits", { try Categorical(logits: [-.infinity, -.infinity]) }),
    ("mixture count", { try MixtureDistribution(weights: [1], components: [Normal.standard, .standard]) }),
    ("mixture none", { try MixtureDistribution<Normal>(weights: [], components: []) }),
    (
      "mixture measures",
      {
        try MixtureDistribution(
          weights: [1, 1], components: [AnyDistribution(Normal.standard), AnyDistribution(Poisson(mean: 1))])
      }
    ),
    ("truncated order", { try TruncatedDistribution(Normal.standard, lower: 1, upper: 0) }),
    ("truncated NaN", { try TruncatedDistribution(Normal.standard, lower: .nan) }),
    ("truncated empty", { try TruncatedDistribution(Uniform(lower: 0, upper: 1), lower: 2, upper: 3) }),
    ("truncated point", { try TruncatedDistribution(Normal.standard, lower: 1, upper: 1) }),
    ("truncated between", { try TruncatedDistribution(Poisson(mean: 3), lower: 1.25, upper: 1.75) }),
    ("affine", { try AffineTransformed(Normal.standard, shift: 0, scale: 0) }),
  ]

  @Test(arguments: bad.map(\.0))
  func rejects(_ name: String) throws {
    let make = try #require(Self.bad.first { $0.0 == name }).1
    #expect(throws: DistributionError.self) { try make() }
  }

  @Test(arguments: [
    #"{"kind":"normal","parameters":{"mean":0,"standardDeviation":-1}}"#,
    #"{"kind":"nonsense","parameters":{}}"#,
    #"{"kind":"any","parameters":{}}"#,
    #"{"kind":"mixture","parameters":{"weights":[],"components":[]}}"#,
    #"{"kind":"truncated","parameters":{"base":{"kind":"uniform","parameters":{"lower":0,"upper":1}},"lower":5}}"#,
    #"{"kind":"binomial","parameters":{"trials":5}}"#,
  ])
  func decodingChecksParameters(_ text: String) {
    #expect(throws: (any Error).self) { try JSONDecoder().decode(AnyDistribution.self, from: Data(text.utf8)) }
  }

  /// Parameters at the ends of their ranges: every answer is a number of the right sign or a NaN, and comes at once.
  @Test func extremeParametersAreHarmless() throws {
    let tiny = Double.leastNonzeroMagnitude
    let huge = Double.greatestFiniteMagnitude
    var all: [any UnivariateDistribution] = []
    for a in [tiny, 1e-300, 1e-10, 1e10, 1e15, 1e300, huge] {
      let shape = min(max(a, 1e-300), 1e15)
      all += [
        try Gamma(shape: shape, rate: 1), try Gamma(shape: 1, rate: a), try Beta(alpha: shape, beta: 1),
        try Beta(alpha: shape, beta: shape), try StudentT(degreesOfFreedom: shape), try Poisson(mean: shape),
        try Normal(mean: 0, standardDeviation: a), try Exponential(rate: a),
        try LogNormal(logMean: 0, logStandardDeviation: a),
      ]
    }
    all += [
      try Binomial(trials: 1 << 53, probability: 0.5), try Binomial(trials: 1 << 53, probability: 1e-300),
      try Binomial(trials: 0, probability: 0.5), try Binomial(trials: 5, probability: 0),
      try Binomial(trials: 5, probability: 1), try Bernoulli(probability: 0), try Bernoulli(probability: 1),
    ]
    for distribution in all {
      for x in [-huge, -1, -tiny, 0, tiny, 0.5, 1, 1e10, huge, .infinity] {
        let tails = distribution.tails(at: x)
        #expect(tails.lower >= 0 && tails.lower <= 1 && tails.upper >= 0 && tails.upper <= 1, "\(distribution) at \(x)")
        #expect(!distribution.logProb(x).isNaN, "\(distribution) at \(x)")
      }
      for level in [0, tiny, 0.3, 0.5, 1 - 0x1p-53, 1] {
        #expect(!distribution.quantile(level).isNaN, "\(distribution) quantile \(level)")
      }
    }
  }
}
