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
  /// - SeeAlso: DLMF 8.17.22; Temme (1992), "Asymptotic inversion of the incomplete beta function" (DLMF 8.18.9).
  package static func incompleteBeta(
    _ a: Double, _ b: Double, _ x: Double, _ y: Double, logX: Double, logY: Double
  ) -> TailProbability {
    if a.isNaN || b.isNaN || x.isNaN || y.isNaN { return .invalid }
    if logX == -.infinity { return .zero }
    if logY == -.infinity { return .one }
    if min(a, b) > 1e9 { return uniformBeta(a, b, x, y, logX: logX, logY: logY) }
    let kernel = logBetaKernel(a, b, x, y, logX: logX, logY: logY)
    if x * (a + b + 2) <= a + 1 {
      return TailProbability(logLower: kernel - log(a * betaFraction(a, b, x)))
    }
    return TailProbability(logUpper: kernel - log(b * betaFraction(b, a, y)))
  }

  /// The denominator 1 + d₁/(1 + d₂/(1 + …)) of DLMF 8.17.22, by Lentz's method.
  private static func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    var c = 1.0
    var d = 0.0
    var value = 1.0
    func advance(_ coefficient: Double) -> Double {
      d = 1 / (1 + coefficient * d)
      c = 1 + coefficient / c
      value *= c * d
      return abs(c * d - 1)
    }
    var odd = advance(-(a + b) * x / (a + 1))
    for step in 1..<10_000_000 {
      let m = Double(step)
      let even = advance(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)))
      if even <= Double.ulpOfOne, odd <= Double.ulpOfOne { break }
      odd = advance(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)))
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
