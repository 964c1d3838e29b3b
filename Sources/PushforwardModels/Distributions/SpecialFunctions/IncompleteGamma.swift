#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension SpecialFunctions {
  /// The regularised incomplete gamma functions P(a, y) (lower) and Q(a, y) (upper), for a > 0, y ≥ 0.
  ///
  /// The smaller tail is always computed directly. Series for P below the mean, continued fraction for Q above it,
  /// Temme's uniform expansion near the mean of a large shape.
  /// - Parameters:
  ///   - a: The shape.
  ///   - y: The upper end of P's integral.
  ///   - logY: log y; finite where y itself has rounded to zero.
  /// - Returns: P as `lower`, Q as `upper`.
  /// - Note: Accuracy 1e-13 (the larger of it and 2e-16·|log tail|, the rounding of the exponent).
  /// - SeeAlso: DLMF 8.7.1, 8.9.2 and 8.12; Temme (1979), "The asymptotic expansion of the incomplete gamma functions".
  package static func incompleteGamma(_ a: Double, _ y: Double, logY: Double) -> TailProbability {
    if a.isNaN || y.isNaN { return .invalid }
    if logY == -.infinity { return .zero }
    if y == .infinity { return .one }
    if a > 1e5, abs(y - a) < 0.3 * a { return uniformGamma(a, y) }
    if a < 1, y < 2 { return smallGamma(a, y, logY: logY) }
    let kernel = logPoissonKernel(a, y, logY: logY)
    if y < a + 1 { return TailProbability(logLower: kernel + log(gammaSeries(a, y))) }
    return TailProbability(logUpper: kernel + log(a * gammaFraction(a, y)))
  }

  /// Σ yⁿ / ((a+1)…(a+n)), n from 0.
  private static func gammaSeries(_ a: Double, _ y: Double) -> Double {
    var term = 1.0
    var sum = 1.0
    var n = 1.0
    while term > 1e-17 * sum {
      term *= y / (a + n)
      sum += term
      n += 1
    }
    return sum
  }

  /// Γ(a, y) e^y y^(−a), by the even part of its continued fraction (DLMF 8.9.2), forwards with Lentz's method.
  private static func gammaFraction(_ a: Double, _ y: Double) -> Double {
    if y > 1e300 { return 1 / y }  // Reciprocals below would be subnormal, and never settle.
    var b = y + 1 - a
    var d = 1 / b
    var c = Double.infinity
    var value = d
    for n in 1..<10_000_000 {
      let coefficient = -Double(n) * (Double(n) - a)
      b += 2
      d = 1 / (b + coefficient * d)
      c = b + coefficient / c
      let factor = c * d
      value *= factor
      if abs(factor - 1) <= Double.ulpOfOne { break }
    }
    return value
  }

  /// Both tails for a < 1, y < 2, where either may be tiny: Q = −expm1(g) − a·e^g·s, g = log(y^a / Γ(a + 1)).
  private static func smallGamma(_ a: Double, _ y: Double, logY: Double) -> TailProbability {
    var power = 1.0
    var sum = 0.0
    for n in 1..<35 {
      power *= -y / Double(n)
      sum += power / (a + Double(n))
    }
    let g = a * logY - logGammaOnePlus(a)
    let lower = exp(g) * (1 + a * sum)
    let upper = -expm1(g) - a * exp(g) * sum
    return TailProbability(lower: lower, upper: upper, logLower: g + log1p(a * sum), logUpper: log(upper))
  }

  /// Temme's expansion ½erfc(±√D) ± e^(−D)/√(2πa)·R with D = a·(η²/2), without terms of order a⁻³ and beyond.
  private static func uniformGamma(_ a: Double, _ y: Double) -> TailProbability {
    let deviance = deviance(a, y)
    let root = deviance.squareRoot()
    let eta = (y < a ? -1 : 1) * root * (2 / a).squareRoot()
    let remainder =
      (polynomial(temme0, eta) + (polynomial(temme1, eta) + polynomial(temme2, eta) / a) / a)
      / (2 * Double.pi * a).squareRoot()
    if y < a { return TailProbability(logLower: log(0.5 * erfcx(root) - remainder) - deviance) }
    return TailProbability(logUpper: log(0.5 * erfcx(root) + remainder) - deviance)
  }

  static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
    coefficients.reversed().reduce(0) { $0 * x + $1 }
  }

  // Taylor coefficients in η of the expansion's first three functions, by the recurrence DLMF 8.12.12 in 60 digits.
  private static let temme0 = [
    -0.333333333333333333, 0.0833333333333333333, -0.0148148148148148148, 0.00115740740740740741,
    0.0003527336860670194, -0.000178755144032921811, 3.91926317852243778e-5, -2.18544851067999216e-6,
    -1.85406221071515996e-6, 8.29671134095308601e-7, -1.76659527368260793e-7, 6.70785354340149858e-9,
    1.0261809784240308e-8, -4.38203601845335319e-9, 9.14769958223679023e-10, -2.55141939949462498e-11,
  ]
  private static let temme1 = [
    -0.00185185185185185185, -0.00347222222222222222, 0.0026455026455026455, -0.000990226337448559671,
    0.000205761316872427984, -4.01877572016460905e-7, -1.80985503344899778e-5, 7.64916091608111008e-6,
    -1.6120900894563446e-6, 4.64712780280743434e-9, 1.37863344691572096e-7, -5.75254560351770496e-8,
  ]
  private static let temme2 = [
    0.0041335978835978836, -0.00268132716049382716, 0.000771604938271604938, 2.00938786008230453e-6,
    -0.000107366532263651605, 5.29234488291201254e-5, -1.27606351886187277e-5, 3.42357873409613807e-8,
  ]
}
