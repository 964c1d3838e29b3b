#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A distribution with masses at points that do not accumulate, such as the whole numbers.
public protocol DiscreteDistribution: UnivariateDistribution {}

extension DiscreteDistribution {
  /// The mass at x: zero between the points.
  public func pmf(_ x: Double) -> Double { prob(x) }
  /// Always `.mass`.
  public var measure: Measure { .mass }
  /// None: masses are summed.
  public var integrationBreaks: [Double] { [support.lowerBound, support.upperBound] }

  /// The next whole number below x inside the support.
  public func point(below x: Double) -> Double {
    if x <= support.lowerBound { return -.infinity }
    let next = x.rounded(.up) - 1
    return min(next < x ? next : x.nextDown, support.upperBound)  // From 2⁵³ on, every Double is a whole number.
  }

  /// The next whole number above x inside the support.
  public func point(above x: Double) -> Double {
    if x >= support.upperBound { return .infinity }
    let next = x.rounded(.down) + 1
    return max(next > x ? next : x.nextUp, support.lowerBound)
  }

  /// The quantile of a uniform number.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    quantile(at: TailProbability(lower: generator.uniform()))
  }

  /// By search over the support, in O(log(quantile)) evaluations of the distribution function.
  public func quantile(at p: TailProbability) -> Double { discreteQuantile(p, near: 0) }

  /// −Σ p log p, summed over the support.
  public var entropy: Double { expectation { -logProb($0) } }
}

extension UnivariateDistribution {
  /// Whether x is at or above the quantile: P(X ≤ x) ≥ p, judged in the smaller tail.
  func reaches(_ p: TailProbability, at x: Double) -> Bool {
    let tails = tails(at: x)
    return p.lower <= 0.5 ? tails.logLower >= p.logLower : tails.logUpper <= p.logUpper
  }

  /// The smallest support point that reaches `p`: doubling steps from a guess, then bisection down to neighbours.
  ///
  /// Moments are not used: they may be sums that need quantiles. Only the distribution function decides, so
  /// cdf(quantile(p)) ≥ p holds exactly as computed.
  func discreteQuantile(_ p: TailProbability, near guess: Double) -> Double {
    if !p.isValid { return .nan }
    if p.logLower == -.infinity { return support.lowerBound }
    if p.logUpper == -.infinity { return support.upperBound }
    var low = -Double.infinity  // Does not reach p.
    var high = point(below: min(max(guess, support.lowerBound), support.upperBound).nextUp)  // Reaches p, at last.
    if high == -.infinity { high = support.lowerBound }
    var reach = 1.0
    if reaches(p, at: high) {
      while true {
        let candidate = point(below: high - reach)
        if candidate == -.infinity { break }
        if !reaches(p, at: candidate) {
          low = candidate
          break
        }
        high = candidate
        reach *= 2
      }
    } else {
      repeat {
        low = high
        if low >= support.upperBound { return support.upperBound }
        high = min(point(above: low + reach), support.upperBound)
        reach *= 2
      } while high.isFinite && !reaches(p, at: high)
      if high == .infinity { return high }
    }
    while true {
      let bottom = low == -.infinity ? support.lowerBound : low
      var middle = point(below: (bottom + 0.5 * (high - bottom)).nextUp)
      if middle <= low { middle = point(above: low) }
      if middle >= high { middle = point(below: high) }
      if middle <= low { return high }
      if reaches(p, at: middle) { high = middle } else { low = middle }
    }
  }

  /// The quantile of a density by solving its own distribution function between two points known to enclose it.
  func continuousQuantile(_ p: TailProbability, in bounds: ClosedRange<Double>, from guess: Double) -> Double {
    if !p.isValid { return .nan }
    if p.logLower == -.infinity { return support.lowerBound }
    if p.logUpper == -.infinity { return support.upperBound }
    let usesLower = p.lower <= 0.5
    return RootFinding.increasingRoot(from: guess, in: bounds) { x in
      let tails = tails(at: x)
      let logDensity = logProb(x)
      return usesLower
        ? (tails.logLower - p.logLower, exp(logDensity - tails.logLower))
        : (p.logUpper - tails.logUpper, exp(logDensity - tails.logUpper))
    }
  }
}
