#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension SpecialFunctions {
  /// log Γ(x) for x > 0: the C library's, in its thread-safe form.
  ///
  /// - Note: Accuracy 1e-15.
  package static func logGamma(_ x: Double) -> Double {
    var sign: Int32 = 0
    return x < 0 ? .nan : lgamma_r(x, &sign)
  }

  /// log Γ(1 + x) for x ≥ 0, relatively accurate down to x = 0, where it vanishes.
  package static func logGammaOnePlus(_ x: Double) -> Double {
    if !(x < 0.25) { return logGamma(1 + x) }
    // −log(1+x) + x(1−γ) + Σ (−x)^k (ζ(k)−1)/k, Abramowitz and Stegun 6.1.33.
    let zetaMinusOne = [
      0.644934066848226436, 0.202056903159594285, 0.0823232337111381915, 0.0369277551433699263, 0.0173430619844491397,
      0.00834927738192282684, 0.00407735619794433938, 0.00200839282608221442, 0.000994575127818085337,
      0.000494188604119464559, 0.000246086553308048299, 0.000122713347578489147, 6.12481350587048293e-5,
      3.05882363070204936e-5, 1.52822594086518717e-5, 7.63719763789976227e-6, 3.81729326499983986e-6,
    ]
    var sum = 0.0
    for k in stride(from: zetaMinusOne.count + 1, through: 2, by: -1) {
      sum = zetaMinusOne[k - 2] / Double(k) - x * sum
    }
    return -log1p(x) + x * (0.422784335098467139393 + x * sum)
  }

  /// ψ(x), the derivative of log Γ, for x > 0.
  ///
  /// - Note: Accuracy 1e-15 relative to max(1, |ψ|): relative accuracy is lost at the zero, 1.4616.
  package static func digamma(_ x: Double) -> Double {
    if !(x > 0) { return x == 0 ? -.infinity : .nan }
    if x >= 10 { return log(x) - 0.5 / x - digammaExcess(x) }
    var shifted = x
    var sum = 0.0
    while shifted < 10 {
      sum -= 1 / shifted
      shifted += 1
    }
    return sum + (log(shifted) - 0.5 / shifted - digammaExcess(shifted))
  }

  /// log x − 1/(2x) − ψ(x) for x > 0, about 1/(12x²): what Stirling's formula leaves of ψ.
  package static func digammaExcess(_ x: Double) -> Double {
    if x < 10 { return log(x) - 0.5 / x - digamma(x) }
    let t = 1 / (x * x)
    return t
      * (1.0 / 12 - t
        * (1.0 / 120 - t * (1.0 / 252 - t * (1.0 / 240 - t * (1.0 / 132 - t * (691.0 / 32760 - t / 12))))))
  }

  /// log Γ(x) − (x − ½) log x + x − ½ log 2π for x > 0, about 1/(12x): what Stirling's formula leaves of log Γ.
  ///
  /// Densities written with it do not subtract numbers of the size of x log x.
  /// - Note: Accuracy 3e-15 absolute below 15, 1e-15 relative above.
  /// - SeeAlso: Loader (2000), "Fast and accurate computation of binomial probabilities".
  package static func stirlingError(_ x: Double) -> Double {
    if x >= 15 {
      let t = 1 / (x * x)
      return
        (1.0 / 12 - t
        * (1.0 / 360 - t * (1.0 / 1260 - t * (1.0 / 1680 - t * (1.0 / 1188 - t * (691.0 / 360360 - t / 156))))))
        / x
    }
    if x < 4 { return logGamma(x) - (x - 0.5) * log(x) + x - 0.5 * logTwoPi }
    // Upwards: δ(x) = δ(x + 1) + (x + ½) log(1 + 1/x) − 1.
    var shifted = x
    var sum = 0.0
    while shifted < 15 {
      sum += (shifted + 0.5) * log1p(1 / shifted) - 1
      shifted += 1
    }
    return sum + stirlingError(shifted)
  }

  /// x log(x/m) + m − x ≥ 0 for x ≥ 0, m > 0: half of the Poisson deviance, without cancellation near x = m.
  ///
  /// - Parameters:
  ///   - x: At least 0.
  ///   - m: Positive.
  ///   - logRatio: log(x/m), for where the quotient has left the range of a Double.
  /// - Returns: The deviance, in nats.
  /// - SeeAlso: Loader (2000), the function bd0.
  package static func deviance(_ x: Double, _ m: Double, logRatio: Double? = nil) -> Double {
    if x == 0 { return m }
    let difference = x - m
    if abs(difference) < 0.3 * (x + m) {
      // x log(x/m) = 2x·atanh(v), v = (x − m)/(x + m), by its series.
      let v = difference / (x + m)
      let square = v * v
      var power = 2 * x * v
      var sum = difference * v
      for j in 1..<1000 {
        power *= square
        let next = sum + power / Double(2 * j + 1)
        if next == sum { break }
        sum = next
      }
      return sum
    }
    let ratio = x / m
    return x * (ratio.isNormal ? log(ratio) : logRatio ?? log(ratio)) - difference
  }

  /// log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b) for a, b > 0, without cancellation for large arguments.
  package static func logBeta(_ a: Double, _ b: Double) -> Double {
    let small = min(a, b)
    let large = max(a, b)
    let sum = a + b
    if large < 10 { return logGamma(a) + logGamma(b) - logGamma(sum) }
    if small < 10 { return logGamma(small) + logGammaRatio(large, plus: small) }
    return 0.5 * logTwoPi - 0.5 * log(large) + (small - 0.5) * log(small / sum) - large * log1p(small / large)
      + stirlingError(small) + stirlingError(large) - stirlingError(sum)
  }

  /// log Γ(x) − log Γ(x + d) for x ≥ 10, d ≥ 0.
  package static func logGammaRatio(_ x: Double, plus d: Double) -> Double {
    -(x - 0.5) * log1p(d / x) - d * log(x + d) + d + stirlingError(x) - stirlingError(x + d)
  }

  /// log Γ(y) − log Γ(x) − ψ(x)(y − x) ≥ 0: the Bregman divergence of log Γ, of which Kullback–Leibler
  /// divergences of gamma and beta densities are sums.
  package static func logGammaBregman(_ y: Double, around x: Double) -> Double {
    deviance(y, x) + 0.5 * deviance(1, y / x) + stirlingError(y) - stirlingError(x) + digammaExcess(x) * (y - x)
  }

  /// log Γ(x) − (x − 1)ψ(x) + x for x > 0, of the size of log x: entropies of gamma and beta densities are sums of it.
  package static func entropyTerm(_ x: Double) -> Double {
    if x < 10 { return logGamma(x) - (x - 1) * digamma(x) + x }
    return 0.5 * (logTwoPi + log(x) + 1 - 1 / x) + stirlingError(x) + (x - 1) * digammaExcess(x)
  }

  /// log(yᵃ e⁻ʸ / Γ(a + 1)), the Poisson log mass continued to real a > 0; `logY` is log y.
  package static func logPoissonKernel(_ a: Double, _ y: Double, logY: Double) -> Double {
    if y == .infinity { return -.infinity }
    if a < 4 { return a * logY - y - logGammaOnePlus(a) }
    return -0.5 * (logTwoPi + log(a)) - stirlingError(a) - deviance(a, y, logRatio: log(a) - logY)
  }

  /// log(xᵃ yᵇ / B(a, b)) for y = 1 − x, a, b > 0; `logX` and `logY` are the logarithms.
  package static func logBetaKernel(
    _ a: Double, _ b: Double, _ x: Double, _ y: Double, logX: Double, logY: Double
  ) -> Double {
    if min(a, b) < 4 { return a * logX + b * logY - logBeta(a, b) }
    let sum = a + b
    return 0.5 * (log(a / sum) + log(b) - logTwoPi) - stirlingError(a) - stirlingError(b) + stirlingError(sum)
      - deviance(a, sum * x, logRatio: log(a / sum) - logX) - deviance(b, sum * y, logRatio: log(b / sum) - logY)
  }
}
