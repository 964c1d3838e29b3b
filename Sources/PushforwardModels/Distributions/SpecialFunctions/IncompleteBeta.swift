#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension SpecialFunctions {
  /// The regularised incomplete beta function I_x(a, b) (lower) and its complement (upper), for a, b > 0.
  ///
  /// - Parameters:
  ///   - a: The first shape.
  ///   - b: The second shape.
  ///   - x: In [0, 1].
  ///   - y: 1 − x, passed beside it so that neither end loses digits.
  ///   - logX: log x; finite where x itself has rounded to zero.
  ///   - logY: log y.
  /// - Returns: I_x(a, b) as `lower`, 1 − I_x(a, b) as `upper`.
  /// - Note: Accuracy 1e-13 (the larger of it and 2e-16·|log tail|); the complement of a lower tail close to one, with
  ///   a < 1e-3 or b < 1e-3, to 1e-15/min(a, b).
  /// - Complexity: O(√max(a, b)) steps of the continued fraction, up to 1e9; beyond, Temme's expansion.
  /// - SeeAlso: DLMF 8.17.22 and 8.18.9 (Temme's expansion).
  package static func incompleteBeta(
    _ a: Double, _ b: Double, _ x: Double, _ y: Double, logX: Double, logY: Double
  ) -> TailProbability {
    if a.isNaN || b.isNaN || x.isNaN || y.isNaN { return .invalid }
    if logX == -.infinity { return .zero }
    if logY == -.infinity { return .one }
    if min(a, b) > 1e9 { return uniformBeta(a, b, x, y, logX: logX, logY: logY) }
    let kernel = logBetaKernel(a, b, x, y, logX: logX, logY: logY)
    if x * (a + b + 2) <= a + 1 {
      return TailProbability(logLower: kernel - log(betaFraction(a, b, x, y)))
    }
    return TailProbability(logUpper: kernel - log(betaFraction(b, a, y, x)))
  }

  /// x^a y^b / (B(a, b) I_x(a, b)) by the even part of the continued fraction DLMF 8.17.22, with Lentz's method.
  ///
  /// The even part has λ = a·y − b·x where the fraction itself has 1 − x, all digits of which are lost near x = 1.
  /// - SeeAlso: DiDonato and Morris (1992), "Significant digit computation of the incomplete beta function ratios", (9).
  private static func betaFraction(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
    let lambda = a * y - b * x
    var value = a * (lambda + 1) / (a + 1)
    var c = value
    var d = 0.0
    for step in 1..<10_000_000 {
      let m = Double(step)
      let ratio = m * (b - m) * x / (a + 2 * m - 1)
      let numerator = (a + m - 1) * (a + b + m - 1) * x / (a + 2 * m - 1) * ratio
      let denominator = m + ratio + (a + m) * (lambda + 1 + m * (1 + y)) / (a + 2 * m + 1)
      d = 1 / (denominator + numerator * d)
      c = denominator + numerator / c
      value *= c * d
      if abs(c * d - 1) <= Double.ulpOfOne { break }
    }
    return value
  }

  /// The uniform expansion's leading term with its first correction: relative error O((a+b)^(−3/2)).
  private static func uniformBeta(
    _ a: Double, _ b: Double, _ x: Double, _ y: Double, logX: Double, logY: Double
  ) -> TailProbability {
    let sum = a + b
    let deviance =
      deviance(a, sum * x, logRatio: log(a / sum) - logX) + deviance(b, sum * y, logRatio: log(b / sum) - logY)
    let root = deviance.squareRoot()
    let isLower = x * b < a * y
    let spread = (a / sum * (b / sum)).squareRoot()
    // Distance x − a/(a+b), from the side that keeps its digits.
    let distance = (x * b - a * y) / sum
    let eta = (isLower ? -1 : 1) * root * (2 / sum).squareRoot()
    let correction =
      root < 1e-4 ? (b - a) / sum / (3 * spread) : 1 / eta - spread / distance
    let remainder = correction / (2 * Double.pi * sum).squareRoot()
    if isLower { return TailProbability(logLower: log(0.5 * erfcx(root) + remainder) - deviance) }
    return TailProbability(logUpper: log(0.5 * erfcx(root) - remainder) - deviance)
  }
}
