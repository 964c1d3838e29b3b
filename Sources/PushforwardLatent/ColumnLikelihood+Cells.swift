import PushforwardModels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// From a decoder's numbers back to cells in the column's own units.
extension ColumnLikelihood {
  /// What to make of a decoder's numbers.
  public enum Rendering: Sendable {
    /// The mean; the most likely category where there are more than two. For a column of 0 and 1 the chance of a 1.
    case mean
    /// The most likely value; for numbers the one at the centre of their distribution.
    case typical
  }

  private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
  private static func sigmoid(_ x: Double) -> Double {
    x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
  }

  /// Mean and scale of a column of numbers, in its own units.
  func located(_ parameters: some Collection<Double>, floor: Double) -> (mean: Double, scale: Double) {
    let numbers = Array(parameters)
    let column = kernelColumn(floor: floor)
    let scale = Self.softplus(numbers[1]) + column.floor
    switch self {
    case .gaussian(let center, let unit), .discretized(_, _, _, let center, let unit):
      return (center + unit * numbers[0], unit * scale)
    case .bernoulli, .categorical: return (numbers[0], scale)
    }
  }

  /// A number on the lattice, within its ends.
  private func onLattice(_ value: Double) -> Double {
    guard case .discretized(let lower, let upper, let step, _, _) = self else { return value }
    let origin = lower ?? 0
    let nearest = origin + ((value - origin) / step).rounded() * step
    return min(max(nearest, lower ?? -.infinity), upper ?? .infinity)
  }

  /// Levels of a category, two of a flag, none of a number.
  var levelCount: Int {
    switch self {
    case .gaussian, .discretized: 0
    case .bernoulli: 2
    case .categorical(let levels): levels
    }
  }

  /// Probabilities of a category's levels, or of 0 and 1; empty for numbers.
  func masses(_ parameters: some Collection<Double>) -> [Double] {
    switch self {
    case .gaussian, .discretized: return []
    case .bernoulli:
      let one = Self.sigmoid(parameters.first!)
      return [1 - one, one]
    case .categorical:
      let most = parameters.max() ?? 0
      let masses = parameters.map { exp($0 - most) }
      let total = masses.reduce(0, +)
      return masses.map { $0 / total }
    }
  }

  /// One cell that stands for the whole distribution.
  func cell(_ parameters: some Collection<Double>, floor: Double, _ rendering: Rendering) -> Double {
    switch self {
    case .gaussian: return located(parameters, floor: floor).mean
    case .bernoulli:
      let chance = Self.sigmoid(parameters.first!)
      return rendering == .mean ? chance : chance > 0.5 ? 1 : 0
    case .categorical:
      let logits = Array(parameters)
      return Double(logits.indices.max { logits[$0] < logits[$1] || (logits[$0] == logits[$1] && $0 > $1) } ?? 0)
    case .discretized(let lower, let upper, _, _, _):
      let (mean, scale) = located(parameters, floor: floor)
      guard rendering == .mean else { return onLattice(mean) }
      // The mean of the distribution drawn in to the ends: what lies beyond an end counts as the end.
      var value = mean
      if let lower { value += scale * Self.softplus((lower - mean) / scale) }
      if let upper { value -= scale * Self.softplus((mean - upper) / scale) }
      return value
    }
  }

  /// A draw, from a uniform number between 0 and 1.
  func draw(_ parameters: some Collection<Double>, floor: Double, uniform: Double) -> Double {
    switch self {
    case .gaussian:
      let (mean, scale) = located(parameters, floor: floor)
      return mean + scale * Normal.standard.quantile(uniform)
    case .bernoulli: return uniform < Self.sigmoid(parameters.first!) ? 1 : 0
    case .categorical:
      let masses = masses(parameters)
      var left = uniform
      for (level, mass) in masses.enumerated() {
        left -= mass
        if left < 0 { return Double(level) }
      }
      return Double(masses.count - 1)
    case .discretized:
      let (mean, scale) = located(parameters, floor: floor)
      return onLattice(mean + scale * (log(uniform) - log1p(-uniform)))
    }
  }
}
