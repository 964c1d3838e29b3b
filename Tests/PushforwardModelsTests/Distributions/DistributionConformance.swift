import Foundation
import PushforwardCore
import PushforwardModels

/// What every distribution must satisfy on its own, without reference values.
///
/// Returns failures instead of recording them, so that the tests can show that broken distributions are caught.
final class DistributionConformance {
  let distribution: any UnivariateDistribution
  let tolerance: Double
  let seed: UInt64
  private(set) var failures: [String] = []

  init(_ distribution: any UnivariateDistribution, tolerance: Double = 1e-10, seed: UInt64 = 20) {
    self.distribution = distribution
    self.tolerance = tolerance
    self.seed = seed
    checkTotalAndMoments()
    checkTails()
    checkQuantiles()
    checkEdges()
    checkDraws()
  }

  private let levels = [1e-9, 1e-4, 0.02, 0.1, 0.25, 0.5]

  private func require(_ isMet: Bool, _ check: String, _ detail: @autoclosure () -> String) {
    if !isMet { failures.append("\(check): \(detail())") }
  }

  private func isNear(_ a: Double, _ b: Double, scale: Double = 0) -> Bool {
    a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance * max(abs(b), scale, 1e-300)
  }

  /// Densities integrate to one, masses sum to one; mean, variance and entropy are the integrals they stand for.
  private func checkTotalAndMoments() {
    let d = distribution
    let total = d.expectation { _ in 1 }
    require(isNear(total, 1), "total", "\(total)")
    let entropy = d.expectation { -d.logProb($0) }
    require(isNear(d.entropy, entropy, scale: 1), "entropy", "\(d.entropy), integral \(entropy)")
    guard d.mean.isFinite else { return }
    guard d.variance.isFinite else { return }
    let mean = d.expectation { $0 }
    require(isNear(d.mean, mean, scale: d.standardDeviation), "mean", "\(d.mean), integral \(mean)")
    let variance = d.expectation { ($0 - mean) * ($0 - mean) }
    require(isNear(d.variance, variance, scale: 0), "variance", "\(d.variance), integral \(variance)")
  }

  /// The tails complement each other, agree with their logarithms, never fall, and are the integral of the density.
  private func checkTails() {
    let d = distribution
    let lowerPoints = levels.map { d.quantile($0) }
    let points = Set(lowerPoints + levels.map { d.quantile(survival: $0) }).sorted()
    var previous: (x: Double, tails: TailProbability)?
    for x in points {
      let tails = d.tails(at: x)
      require(isNear(tails.lower + tails.upper, 1), "complement", "at \(x): \(tails)")
      require(
        isNear(exp(tails.logLower), tails.lower) && isNear(exp(tails.logUpper), tails.upper), "log tails",
        "at \(x): \(tails)")
      if let previous {
        require(
          tails.lower >= previous.tails.lower && tails.upper <= previous.tails.upper, "monotone", "at \(x): \(tails)")
        let difference =
          tails.lower < 0.5 ? tails.lower - previous.tails.lower : previous.tails.upper - tails.upper
        var sum = 0.0
        if d.measure == .density {
          let breaks = d.integrationBreaks.filter { $0 > previous.x && $0 < x }
          sum = Quadrature.integral(over: [previous.x] + breaks + [x]) { d.prob($0) }
        } else {
          var point = x
          while point > previous.x {
            sum += d.prob(point)
            point = d.point(below: point)
          }
        }
        require(isNear(sum, difference, scale: 0.1), "cdf is integral", "to \(x): \(difference), integral \(sum)")
      }
      previous = (x, tails)
    }
  }

  /// The quantile inverts the distribution function, from either tail; for masses it is the first point to reach p.
  private func checkQuantiles() {
    let d = distribution
    for level in levels {
      for (p, x) in [
        (TailProbability(lower: level), d.quantile(level)),
        (TailProbability(upper: level), d.quantile(survival: level)),
      ] {
        let tails = d.tails(at: x)
        let isLower = p.lower <= 0.5
        let (found, wanted) = isLower ? (tails.logLower, p.logLower) : (tails.logUpper, p.logUpper)
        if d.measure == .density {
          // What rounding x by half a unit in the last place does to the logarithm.
          let slack = 2 * d.prob(x) * x.ulp / exp(wanted)
          require(abs(found - wanted) <= tolerance + slack, "quantile", "level \(level): \(x), log \(found)")
        } else {
          let below = d.tails(at: d.point(below: x))
          require(isLower ? found >= wanted : found <= wanted, "quantile", "level \(level): \(x) is short")
          require(
            isLower ? below.logLower < wanted : below.logUpper > wanted, "quantile", "level \(level): \(x) is not first"
          )
        }
      }
    }
  }

  /// NaN stays visible, levels outside [0, 1] give NaN, the ends of the support are the extreme quantiles, and there is
  /// nothing outside.
  private func checkEdges() {
    let d = distribution
    let tails = d.tails(at: .nan)
    require(d.logProb(.nan).isNaN && tails.logLower.isNaN && tails.upper.isNaN, "NaN", "\(d.logProb(.nan)), \(tails)")
    for level in [-0.1, 1.1, .nan] {
      require(d.quantile(level).isNaN, "invalid level", "\(level): \(d.quantile(level))")
    }
    let (low, high) = (d.support.lowerBound, d.support.upperBound)
    require(d.quantile(0.0) == low && d.quantile(1.0) == high, "extreme levels", "\(d.quantile(0)), \(d.quantile(1))")
    // Points of an affine lattice are met to within a few roundings, so masses are not asked next door.
    let gap = d.measure == .mass ? 1e-9 : 0
    for x in [(low - gap).nextDown, (high + gap).nextUp, low - 1, high + 1, -.infinity, .infinity] {
      let isInside = x >= low && x <= high && x.isFinite
      require(isInside || d.logProb(x) == -.infinity, "outside", "at \(x): \(d.logProb(x))")
      let tails = d.tails(at: x)
      if x < low || x == -.infinity { require(tails.lower == 0, "outside", "at \(x): \(tails)") }
      if x > high || x == .infinity { require(tails.upper == 0, "outside", "at \(x): \(tails)") }
    }
  }

  /// Draws follow the distribution function (Kolmogorov and Smirnov, on the integral transform, randomised where there
  /// are masses), have its mean, and repeat with the seed.
  private func checkDraws() {
    let d = distribution
    let count = 10_000
    var generator = PhiloxGenerator(seed: seed)
    let draws = d.sample(count: count, using: &generator)
    var again = PhiloxGenerator(seed: seed)
    require(d.sample(count: 10, using: &again) == Array(draws[..<10]), "repeatable", "seed \(seed)")
    require(
      draws.allSatisfy { d.support.contains($0) && d.logProb($0) > -.infinity }, "draws in support", "seed \(seed)")
    let transformed = draws.map { x in
      let upTo = d.tails(at: x).lower
      if d.measure == .density { return upTo }
      let before = d.tails(at: d.point(below: x)).lower
      return before + generator.uniform() * (upTo - before)
    }.sorted()
    var distance = 0.0
    for (index, value) in transformed.enumerated() {
      distance = max(distance, value - Double(index) / Double(count), Double(index + 1) / Double(count) - value)
    }
    // Exceeded by one seed in 10 000.
    require(distance * Double(count).squareRoot() < 2.23, "draws follow cdf", "seed \(seed): distance \(distance)")
    if d.variance.isFinite {
      let mean = draws.reduce(0, +) / Double(count)
      let error = d.standardDeviation / Double(count).squareRoot()
      require(abs(mean - d.mean) <= 5 * error + 1e-12 * abs(d.mean), "mean of draws", "seed \(seed): \(mean)")
    }
  }
}
