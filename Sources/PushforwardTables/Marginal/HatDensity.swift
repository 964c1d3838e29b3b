#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A continuous, piecewise linear density on knots with generalized Pareto tails: a mixture of hat functions.
///
/// Component i is a triangle with its peak at knot i that reaches to the neighbouring knots; the first and the last are half
/// a triangle joined to a tail. Every component integrates to one, so weights that sum to one make a density, and maximum
/// likelihood is a few steps of expectation-maximization.
package struct HatDensity: Sendable, Equatable {
  package private(set) var knots: [Double]
  private(set) var weights: [Double]
  private(set) var lower: ParetoTail
  private(set) var upper: ParetoTail

  /// Equal weights.
  ///
  /// - Parameters:
  ///   - knots: Ascending, at least two.
  ///   - lower: The tail below the first knot.
  ///   - upper: The tail above the last knot.
  init(knots: [Double], lower: ParetoTail, upper: ParetoTail) {
    self.knots = knots
    self.lower = lower
    self.upper = upper
    weights = [Double](repeating: 1 / Double(knots.count), count: knots.count)
  }

  /// A density with all its parts; `isSound` says whether it is one.
  init(knots: [Double], weights: [Double], lower: ParetoTail, upper: ParetoTail) {
    self.knots = knots
    self.weights = weights
    self.lower = lower
    self.upper = upper
  }

  /// Whether a decoded density can be used.
  var isSound: Bool {
    guard knots.count >= 2, weights.count == knots.count, lower.isSound, upper.isSound else { return false }
    return knots.allSatisfy(\.isFinite) && zip(knots, knots.dropFirst()).allSatisfy { $0 < $1 }
      && weights.allSatisfy { $0 > 0 && $0 <= 1 } && abs(weights.reduce(0, +) - 1) < 1e-6
      && densities.allSatisfy { $0 > 0 && $0.isFinite }
  }

  /// The peak of each component.
  private var heights: [Double] {
    let last = knots.count - 1
    return knots.indices.map { i in
      if i == 0 { return 1 / (lower.scale + (knots[1] - knots[0]) / 2) }
      if i == last { return 1 / (upper.scale + (knots[last] - knots[last - 1]) / 2) }
      return 2 / (knots[i + 1] - knots[i - 1])
    }
  }

  /// The density at each knot.
  var densities: [Double] { zip(weights, heights).map(*) }

  /// Mass below the first knot.
  var lowerMass: Double { weights[0] * heights[0] * lower.scale }

  /// Mass above the last knot.
  var upperMass: Double { weights[weights.count - 1] * heights[weights.count - 1] * upper.scale }

  /// For each point, the component to its left and the densities of it and the next there; tails have one component.
  private func components(_ points: [Double]) -> [Part] {
    let heights = heights
    let last = knots.count - 1
    var interval = 0
    return points.map { x in
      if x < knots[0] { return Part(left: 0, a: heights[0] * exp(lower.logRelativeDensity(knots[0] - x)), b: 0) }
      if x >= knots[last] {
        return Part(left: last - 1, a: 0, b: heights[last] * exp(upper.logRelativeDensity(x - knots[last])))
      }
      while interval < last - 1, x >= knots[interval + 1] { interval += 1 }
      while interval > 0, x < knots[interval] { interval -= 1 }
      let t = (x - knots[interval]) / (knots[interval + 1] - knots[interval])
      return Part(left: interval, a: heights[interval] * (1 - t), b: heights[interval + 1] * t)
    }
  }

  private struct Part {
    var left: Int
    var a: Double
    var b: Double
  }

  /// Expectation-maximization with half an observation of prior for each component.
  ///
  /// - Parameters:
  ///   - points: Values, ascending is fastest.
  ///   - counts: Their counts, which need not be whole.
  ///   - iterations: At most so many; fewer when the weights have settled.
  mutating func fit(_ points: [Double], counts: [Double], iterations: Int) {
    let used = points.indices.filter { counts[$0] > 0 }
    let parts = components(used.map { points[$0] })
    let usedCounts = used.map { counts[$0] }
    let prior = 0.5
    for _ in 0..<iterations {
      var sums = [Double](repeating: prior, count: weights.count)
      for i in parts.indices {
        let part = parts[i]
        let a = weights[part.left] * part.a
        let b = weights[part.left + 1] * part.b
        let share = usedCounts[i] / max(a + b, .leastNormalMagnitude)
        sums[part.left] += share * a
        sums[part.left + 1] += share * b
      }
      let total = sums.reduce(0, +)
      var change = 0.0
      for i in sums.indices {
        let weight = sums[i] / total
        change = max(change, (weight - weights[i]).magnitude / weight)
        weights[i] = weight
      }
      if change < 1e-3 { break }
    }
  }

  /// Sum of counts times log-densities, in nats.
  func logLikelihood(_ points: [Double], counts: [Double]) -> Double {
    let used = points.indices.filter { counts[$0] > 0 }
    return zip(used, components(used.map { points[$0] })).reduce(0) { sum, item in
      let (i, part) = item
      let density = weights[part.left] * part.a + weights[part.left + 1] * part.b
      return sum + counts[i] * log(max(density, .leastNormalMagnitude))
    }
  }

  /// Densities at points.
  func densities(at points: [Double]) -> [Double] {
    components(points).map { weights[$0.left] * $0.a + weights[$0.left + 1] * $0.b }
  }
}
