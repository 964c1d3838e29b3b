import PushforwardCore
import PushforwardModels
import Testing

/// Whole arrays against SciPy's and 50-digit values.
struct DistributionReferenceTests {
  /// What a case may differ by, where 1e-12 is not to be had.
  struct Exception {
    let namePrefix: String
    let fields: Set<String>
    let tolerance: Double
    let reason: String
  }

  static let exceptions = [
    Exception(
      namePrefix: "truncated normal sliver", fields: ["variance"], tolerance: 1e-11,
      reason: "quadrature nodes are Doubles near 1, a grid of 2e-16 over a width of 1e-6")
  ]

  static func tolerance(_ name: String, _ field: String) -> Double {
    exceptions.first { name.hasPrefix($0.namePrefix) && $0.fields.contains(field) }?.tolerance ?? 1e-12
  }

  /// Relative difference; for logarithms relative to 1 at least, as that is the relative error of the probability.
  static func difference(_ found: Double, _ expected: Double, isLog: Bool) -> Double {
    if found == expected || (found.isNaN && expected.isNaN) { return 0 }
    let difference = abs(found - expected) / (isLog ? max(1, abs(expected)) : abs(expected))
    return difference.isNaN ? .infinity : difference
  }

  @Test(arguments: DistributionReference.shared.cases)
  func values(_ reference: DistributionReference.Case) {
    let distribution = reference.distribution
    func compare(
      _ field: String, at points: [Double], _ expected: [DistributionReference.Number], isLog: Bool = false,
      _ found: (Double) -> Double
    ) {
      let tolerance = Self.tolerance(reference.name, field)
      for (point, number) in zip(points, expected) {
        let value = found(point)
        let difference = Self.difference(value, number.value, isLog: isLog)
        #expect(difference <= tolerance, "\(field) at \(point): found \(value), expected \(number.value)")
      }
      #expect(points.count == expected.count)
    }
    compare("logProb", at: reference.x, reference.logProb, isLog: true, distribution.logProb)
    compare("lower", at: reference.x, reference.lower, distribution.cdf)
    compare("upper", at: reference.x, reference.upper, distribution.survival)
    compare("logLower", at: reference.x, reference.logLower, isLog: true, distribution.logCDF)
    compare("logUpper", at: reference.x, reference.logUpper, isLog: true, distribution.logSurvival)
    compare("quantile", at: reference.level, reference.quantile) { distribution.quantile($0) }
    compare("upperQuantile", at: reference.level, reference.upperQuantile) { distribution.quantile(survival: $0) }
    for (field, expected, found) in [
      ("mean", reference.mean, distribution.mean), ("variance", reference.variance, distribution.variance),
      ("entropy", reference.entropy, distribution.entropy),
    ] {
      guard let expected else { continue }
      let difference = Self.difference(found, expected.value, isLog: field == "entropy")
      #expect(
        difference <= Self.tolerance(reference.name, field), "\(field): found \(found), expected \(expected.value)")
    }
  }

  @Test(arguments: DistributionReference.shared.divergences)
  func divergences(_ reference: DistributionReference.Divergence) throws {
    let found = try #require(KullbackLeibler.closedForm(from: reference.from, to: reference.to))
    #expect(abs(found - reference.value.value) <= 1e-12 * reference.value.value + 1e-15, "found \(found)")
    var generator = PhiloxGenerator(seed: 11)
    let estimate = KullbackLeibler.estimate(from: reference.from, to: reference.to, draws: 4000, using: &generator)
    #expect(abs(estimate.value - found) <= 4 * estimate.standardError + 1e-15, "seed 11: \(estimate)")
  }

  @Test func specialFunctions() {
    let reference = DistributionReference.shared.specialFunctions
    func compare(
      _ points: [Double], _ expected: [DistributionReference.Number], floor: Double, tolerance: Double,
      _ function: (Double) -> Double
    ) {
      for (x, number) in zip(points, expected) {
        let found = function(x)
        #expect(
          abs(found - number.value) <= tolerance * max(abs(number.value), floor),
          "at \(x): found \(found), expected \(number.value)")
      }
    }
    compare(reference.positive, reference.digamma, floor: 1, tolerance: 2e-15, SpecialFunctions.digamma)
    compare(
      reference.positive, reference.logGammaOnePlus, floor: 1e-20, tolerance: 3e-15, SpecialFunctions.logGammaOnePlus)
    compare(reference.positive, reference.stirlingError, floor: 1, tolerance: 3e-15, SpecialFunctions.stirlingError)
    compare(reference.real, reference.erfcx, floor: 0, tolerance: 2e-15, SpecialFunctions.erfcx)
  }
}
