#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Double-exponential (tanh-sinh) quadrature, which takes end-point singularities and infinite panels in its stride.
///
/// - SeeAlso: Takahasi and Mori (1974), "Double exponential formulas for numerical integration".
package enum Quadrature {
  /// The integral over consecutive panels between sorted breaks.
  ///
  /// - Parameters:
  ///   - breaks: At least two, sorted; the first may be −∞, the last +∞. The integrand is smooth inside each panel.
  ///   - function: The integrand; values that are not finite, at a singular end, count as zero.
  /// - Returns: The integral; 0 for fewer than two breaks.
  /// - Note: Accuracy 1e-12 of the sum of the panels' sizes for analytic pieces.
  package static func integral(over breaks: [Double], _ function: (Double) -> Double) -> Double {
    var sum = 0.0
    for index in 1..<max(1, breaks.count) where breaks[index] > breaks[index - 1] {
      sum += panel(breaks[index - 1], breaks[index], neighbours: breaks, function)
    }
    return sum
  }

  private static func panel(
    _ low: Double, _ high: Double, neighbours: [Double], _ function: (Double) -> Double
  ) -> Double {
    func integrand(_ x: Double) -> Double {
      let value = function(x)
      return value.isFinite ? value : 0
    }
    switch (low.isFinite, high.isFinite) {
    case (true, true):
      let width = high - low
      return refined { t in
        let u = 0.5 * Double.pi * sinh(abs(t))
        let share = 1 / (1 + exp(2 * u))  // Distance to the near end, as a share of the width.
        if share * width == 0 { return 0 }
        let x = t < 0 ? low + width * share : high - width * share
        return integrand(x) * width * Double.pi * cosh(t) * share * (1 - share)
      }
    case (false, false):
      return panel(low, 0, neighbours: neighbours, function) + panel(0, high, neighbours: neighbours, function)
    default:
      // x = end ± scale·exp(π/2·sinh t), scaled by the extent of the finite panels.
      let finite = neighbours.filter(\.isFinite)
      let extent = (finite.last ?? 0) - (finite.first ?? 0)
      let scale = extent > 0 ? extent : 1
      return refined { t in
        let distance = scale * exp(0.5 * Double.pi * sinh(t))
        if !distance.isFinite { return 0 }
        return integrand(low.isFinite ? low + distance : high - distance) * distance * 0.5 * Double.pi * cosh(t)
      }
    }
  }

  /// The trapezoidal sum over t in [−6.1, 6.1], halving the step until two sums agree.
  private static func refined(_ term: (Double) -> Double) -> Double {
    let limit = 6.1
    var step = 0.25
    var sum = term(0)
    func add(from start: Double, by stride: Double) {
      for direction in [-1.0, 1.0] {
        var t = start
        var small = 0
        while t < limit && small < 6 {
          let value = term(direction * t)
          sum += value
          small = abs(value) <= 1e-22 * abs(sum) && t > 2 ? small + 1 : 0
          t += stride
        }
      }
    }
    add(from: step, by: step)
    var estimate = sum * step
    for _ in 0..<5 {
      add(from: 0.5 * step, by: step)
      step *= 0.5
      let next = sum * step
      if abs(next - estimate) <= 1e-14 * abs(next) { return next }
      estimate = next
    }
    return estimate
  }
}
