#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension SpecialFunctions {
  /// The standard normal distribution function, both tails in full relative accuracy.
  ///
  /// - Note: Accuracy 2e-15 down to the smallest normal `Double`, at z = −37.5.
  package static func normalTails(_ z: Double) -> TailProbability {
    if z > 0 { return normalTails(-z).swapped }
    if z > -1 {
      let lower = 0.5 * erfc(-z * squareRootOfHalf)
      return TailProbability(lower: lower, upper: 0.5 * erfc(z * squareRootOfHalf))
    }
    if z.isNaN { return TailProbability(lower: z) }
    // ½·erfcx(t)·exp(−z²/2): erfcx forgives the rounding of t = |z|/√2, which erfc would magnify z²-fold.
    let square = z * z
    let half = 0.5 * erfcx(-z * squareRootOfHalf)
    let rounding = square.isFinite ? (-square).addingProduct(z, z) : 0
    let lower = half * exp(-0.5 * square) * (1 - 0.5 * rounding)
    return TailProbability(
      lower: lower, upper: 1 - lower, logLower: square.isFinite ? log(half) - 0.5 * square : -.infinity,
      logUpper: log1p(-lower))
  }

  /// The standard normal quantile, both tails in full relative accuracy, beyond the smallest `Double` probability too.
  ///
  /// - Note: Accuracy 1e-15.
  package static func normalQuantile(_ p: TailProbability) -> Double {
    if p.lower < 0.25 { return normalQuantile(logLower: p.logLower) }
    if p.upper < 0.25 { return -normalQuantile(logLower: p.logUpper) }
    // Halley steps on erf(t) = 2p − 1 from its inverse's Taylor series; relative accuracy is kept through zero.
    let target = p.lower - p.upper
    let square = Double.pi * target * target
    var t = 0.88622692545275801365 * target * (1 + square * (1.0 / 12 + square * (7.0 / 480 + square * 127 / 40320)))
    for _ in 0..<2 {
      let step = (erf(t) - target) * 0.88622692545275801365 * exp(t * t)
      t -= step / (1 + t * step)
    }
    return t / squareRootOfHalf
  }

  private static func normalQuantile(logLower target: Double) -> Double {
    if !target.isFinite { return target }
    // Start: Abramowitz and Stegun 26.2.23 (error below 4.5e-4); far out, the fixed point of the tail's leading term.
    let t = (-2 * target).squareRoot()
    var z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    if t > 8 { for _ in 0..<3 { z = (t * t - logTwoPi - 2 * log(z)).squareRoot() } }
    z = -z
    for _ in 0..<3 {
      let logTail = normalTails(z).logLower
      let hazard = exp(-0.5 * z * z - 0.5 * logTwoPi - logTail)
      let step = (logTail - target) / hazard
      z -= step / (1 + 0.5 * step * (hazard + z))
      if abs(step) < 1e-6 * abs(z) { break }
    }
    return z
  }
}
