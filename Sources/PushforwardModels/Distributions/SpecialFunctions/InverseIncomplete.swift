#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Root of an increasing function by Newton's method kept inside a shrinking bracket.
enum RootFinding {
  /// The root of an increasing function.
  ///
  /// - Parameters:
  ///   - guess: Where to start.
  ///   - bounds: Known to hold the root; ends may be infinite.
  ///   - function: Value and slope. An unusable slope (zero, not finite) only costs speed.
  /// - Returns: The point where steps or bracket have shrunk to rounding; NaN if the function gives NaN.
  static func increasingRoot(
    from guess: Double, in bounds: ClosedRange<Double>, _ function: (Double) -> (value: Double, slope: Double)
  ) -> Double {
    var low = bounds.lowerBound
    var high = bounds.upperBound
    var point = min(max(guess, low), high)
    if !point.isFinite { point = low.isFinite ? low : (high.isFinite ? high : 0) }
    var previousStep = Double.infinity
    var reach = max(1, abs(point))
    for _ in 0..<400 {
      let (value, slope) = function(point)
      if value.isNaN { return .nan }
      if value == 0 { return point }
      if value < 0 { low = max(low, point) } else { high = min(high, point) }
      var next = point - value / slope
      let isConverging = abs(next - point) < 0.5 * previousStep
      if !(next > low && next < high) || !isConverging {
        if low.isFinite && high.isFinite {
          next = low + 0.5 * (high - low)
        } else if !(next > low && next < high) || abs(next - point) > reach {
          next = point + (value < 0 ? reach : -reach)
          reach *= 2
        }
      }
      let step = abs(next - point)
      if step <= 2e-16 * abs(next) || next == low || next == high { return next }
      previousStep = step
      point = next
    }
    return point
  }
}

extension SpecialFunctions {
  /// The y with P(a, y) = p: quantile of the standard gamma distribution of shape a.
  ///
  /// - Returns: y, or NaN for an invalid probability.
  /// - Note: Accuracy 1e-13 where P's is; a result below the smallest `Double` is 0.
  package static func inverseIncompleteGamma(_ a: Double, _ p: TailProbability) -> Double {
    if !p.isValid { return .nan }
    if p.logLower == -.infinity { return 0 }
    if p.logUpper == -.infinity { return .infinity }
    let smallEnd = (p.logLower + logGammaOnePlus(a)) / a
    var guess = smallEnd
    if a > 0.5 {
      let cube = 1 - 1 / (9 * a) + normalQuantile(p) / (3 * a.squareRoot())  // Wilson and Hilferty (1931).
      if cube > 0.1 { guess = log(a * cube * cube * cube) }
    } else if p.lower > 0.5 {
      guess = max(guess, log(max(-p.logUpper + log(a), 1e-3)))
    }
    let usesLower = p.lower < p.upper
    func residual(_ logY: Double, _ y: Double) -> (value: Double, slope: Double) {
      let tails = incompleteGamma(a, y, logY: logY)
      let logDensity = logPoissonKernel(a, y, logY: logY) + log(a)
      if usesLower { return (tails.logLower - p.logLower, exp(logDensity - tails.logLower)) }
      return (p.logUpper - tails.logUpper, exp(logDensity - tails.logUpper))
    }
    let logY = RootFinding.increasingRoot(from: guess, in: -Double.infinity...709.78) { residual($0, exp($0)) }
    // exp magnifies the rounding of log y: one step in y itself.
    let y = exp(logY)
    let (value, slope) = residual(log(y), y)
    let correction = value / slope
    return y > 1e-300 && abs(correction) < 1e-8 ? y * (1 - correction) : y
  }

  /// The x with I_x(a, b) = p, with y = 1 − x: quantile of the beta distribution.
  ///
  /// - Returns: Both parts and their logarithms, which hold where x or y has rounded to zero; NaN for an invalid
  ///   probability.
  package static func inverseIncompleteBeta(
    _ a: Double, _ b: Double, _ p: TailProbability
  ) -> TailProbability {
    if !p.isValid { return .invalid }
    if p.logLower == -.infinity { return .zero }
    if p.logUpper == -.infinity { return .one }
    let middle = incompleteBeta(a, b, 0.5, 0.5, logX: -0.6931471805599453, logY: -0.6931471805599453)
    let isBelow = p.lower < 0.5 ? p.logLower <= middle.logLower : p.logUpper >= middle.logUpper
    return isBelow ? lowerHalfQuantile(a, b, p) : lowerHalfQuantile(b, a, p.swapped).swapped
  }

  /// The quantile for one known to lie in x ≤ ½, solved in log x.
  private static func lowerHalfQuantile(_ a: Double, _ b: Double, _ p: TailProbability) -> TailProbability {
    let usesLower = p.lower < p.upper
    func residual(_ logX: Double, _ x: Double) -> (value: Double, slope: Double) {
      let logY = log1p(-x)
      let tails = incompleteBeta(a, b, x, 1 - x, logX: logX, logY: logY)
      let logDensity = logBetaKernel(a, b, x, 1 - x, logX: logX, logY: logY) - logY
      if usesLower { return (tails.logLower - p.logLower, exp(logDensity - tails.logLower)) }
      return (p.logUpper - tails.logUpper, exp(logDensity - tails.logUpper))
    }
    let smallEnd = (p.logLower + log(a) + logBeta(a, b)) / a
    let start = a > 1 && b > 1 ? log(a / (a + b)) : smallEnd
    let logX = RootFinding.increasingRoot(
      from: min(start, -0.6931471805599453), in: -Double.infinity...(-0.6931471805599453)
    ) {
      residual($0, exp($0))
    }
    var x = exp(logX)
    if x > 1e-300 {
      let (value, slope) = residual(log(x), x)
      let correction = value / slope
      if abs(correction) < 1e-8 { x *= 1 - correction }
      return TailProbability(lower: x, upper: 1 - x, logLower: log(x), logUpper: log1p(-x))
    }
    return TailProbability(lower: x, upper: 1 - x, logLower: logX, logUpper: log1p(-x))
  }
}
