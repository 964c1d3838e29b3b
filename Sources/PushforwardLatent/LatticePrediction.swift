import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The distribution of a column of numbers on a lattice in each row: a mixture of discretised logistic distributions.
public struct LatticePrediction: Sendable {
  private let parts: LatentNumbers
  private let lower: Double?
  private let upper: Double?
  private let step: Double

  /// The distribution that a mixture is to a column; `nil` for a likelihood that has no lattice.
  ///
  /// - Parameters:
  ///   - parts: The mixture.
  ///   - likelihood: The column's.
  public init?(_ parts: LatentNumbers, _ likelihood: ColumnLikelihood) {
    guard case .discretized(let lower, let upper, let step, _, _) = likelihood else { return nil }
    (self.parts, self.lower, self.upper, self.step) = (parts, lower, upper, step)
  }

  private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

  /// The components of a row that count.
  private func components(_ row: Int) -> [(weight: Double, location: Double, scale: Double)] {
    (0..<parts.weights.columns).compactMap { draw in
      let weight = parts.weights[row, draw]
      return weight > 1e-14 ? (weight, parts.locations[row, draw], parts.scales[row, draw]) : nil
    }
  }

  private func isLowest(_ x: Double) -> Bool { lower.map { x < $0 + 0.5 * step } ?? false }
  private func isHighest(_ x: Double) -> Bool { upper.map { x > $0 - 0.5 * step } ?? false }

  /// Logarithm of a number's mass in a row.
  public func logMass(_ row: Int, _ x: Double) -> Double {
    let logs = components(row).map { weight, location, scale -> Double in
      let (a, b) = ((x - 0.5 * step - location) / scale, (x + 0.5 * step - location) / scale)
      switch (isLowest(x), isHighest(x)) {
      case (true, true): return log(weight)
      case (true, false): return log(weight) - Self.softplus(-b)
      case (false, true): return log(weight) - Self.softplus(a)
      // s(b) - s(a) = s(b) s(-a) (1 - e^(a - b)).
      case (false, false): return log(weight) - Self.softplus(-b) - Self.softplus(a) + log1p(-exp(a - b))
      }
    }
    let top = logs.max() ?? -.infinity
    return top.isFinite ? top + log(logs.reduce(0) { $0 + exp($1 - top) }) : top
  }

  /// Mass of the numbers up to and with `x` in a row.
  public func cdf(_ row: Int, _ x: Double) -> Double {
    if isHighest(x) { return 1 }
    if let lower, x < lower - 0.5 * step { return 0 }
    let sum = components(row).reduce(0) { sum, part in
      sum + part.weight / (1 + exp(-(x + 0.5 * step - part.location) / part.scale))
    }
    return min(sum, 1)
  }

  /// Expectation in a row: of the logistic distributions drawn in to the ends.
  public func mean(_ row: Int) -> Double {
    components(row).reduce(0) { sum, part in
      var value = part.location
      if let lower { value += part.scale * Self.softplus((lower - part.location) / part.scale) }
      if let upper { value -= part.scale * Self.softplus((part.location - upper) / part.scale) }
      return sum + part.weight * value
    }
  }

  /// The smallest numbers on the lattice with at least the masses `levels` up to them, for levels in (0, 1).
  public func quantiles(_ row: Int, _ levels: [Double]) -> [Double] {
    let all = components(row)
    let origin = lower ?? 0
    func place(_ x: Double) -> Double { ((x - origin) / step).rounded() }
    // Of many levels most ask for the same few numbers.
    var known: [Double: Double] = [:]
    func below(_ place: Double) -> Double {
      if let mass = known[place] { return mass }
      let mass = cdf(row, origin + step * place)
      known[place] = mass
      return mass
    }
    return levels.map { level in
      // The quantiles of the parts lie around that of the whole.
      let odds = log(level) - log1p(-level)
      var (low, high) = (Double.infinity, -Double.infinity)
      for part in all {
        low = min(low, part.location + odds * part.scale)
        high = max(high, part.location + odds * part.scale)
      }
      (low, high) = (place(low) - 1, place(high) + 1)
      if let lower { (low, high) = (max(low, place(lower) - 1), max(high, place(lower))) }
      if let upper { (low, high) = (min(low, place(upper) - 1), min(high, place(upper))) }
      while high - low > 1 {
        let middle = ((low + high) / 2).rounded(.down)
        if below(middle) >= level { high = middle } else { low = middle }
      }
      return origin + step * high
    }
  }
}
