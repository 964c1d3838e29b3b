#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A distribution whose Kullback–Leibler divergence to its own kind has a closed form.
public protocol ClosedFormDivergence: UnivariateDistribution {
  /// KL(self ‖ other) = E[log p(X) − log q(X)] under self, in nats: at least 0, +∞ where other lacks support.
  func klDivergence(to other: Self) -> Double
}

/// Kullback–Leibler divergences between distributions.
public enum KullbackLeibler {
  /// A Monte-Carlo estimate and how far to trust it.
  public struct Estimate: Sendable, Equatable {
    /// The mean of log p − log q over the draws, in nats.
    public let value: Double
    /// The standard error of `value`, in nats; NaN for fewer than two draws.
    public let standardError: Double
    /// How many draws were made.
    public let draws: Int
  }

  /// KL(p ‖ q) in nats where a closed form is known (both of one kind that has one), otherwise `nil`.
  public static func closedForm(
    from p: any UnivariateDistribution, to q: any UnivariateDistribution
  ) -> Double? {
    func divergence<Kind: ClosedFormDivergence>(_ first: Kind) -> Double? {
      (q.erased.base as? Kind).map { first.klDivergence(to: $0) }
    }
    return (p.erased.base as? any ClosedFormDivergence).flatMap { divergence($0) }
  }

  /// An estimate of KL(p ‖ q) from draws of p, for pairs without a closed form.
  ///
  /// - Parameters:
  ///   - p: The distribution drawn from.
  ///   - q: The other, of the same measure.
  ///   - draws: How many, at least 2 for a standard error.
  ///   - generator: The source of randomness.
  /// - Returns: +∞ as soon as a draw falls outside the support of q.
  public static func estimate(
    from p: some UnivariateDistribution, to q: some UnivariateDistribution, draws: Int,
    using generator: inout some RandomNumberGenerator
  ) -> Estimate {
    var mean = 0.0
    var squares = 0.0
    for index in 0..<max(0, draws) {
      let x = p.sample(using: &generator)
      let value = p.logProb(x) - q.logProb(x)
      if value == .infinity { return Estimate(value: value, standardError: .nan, draws: draws) }
      let offset = value - mean
      mean += offset / Double(index + 1)
      squares += offset * (value - mean)
    }
    let error = draws > 1 ? (squares / Double(draws - 1) / Double(draws)).squareRoot() : .nan
    return Estimate(value: draws > 0 ? mean : .nan, standardError: error, draws: draws)
  }
}

// Each is a sum of non-negative deviances x log(x/m) + m − x, so nearly equal distributions keep their digits.

extension Normal: ClosedFormDivergence {
  /// Closed form, in nats.
  public func klDivergence(to other: Normal) -> Double {
    let ratio = standardDeviation / other.standardDeviation
    let z = (mean - other.mean) / other.standardDeviation
    return 0.5 * (SpecialFunctions.deviance(1, ratio * ratio) + z * z)
  }
}

extension LogNormal: ClosedFormDivergence {
  /// Closed form, in nats: that of the logarithms.
  public func klDivergence(to other: LogNormal) -> Double {
    let ratio = logStandardDeviation / other.logStandardDeviation
    let z = (logMean - other.logMean) / other.logStandardDeviation
    return 0.5 * (SpecialFunctions.deviance(1, ratio * ratio) + z * z)
  }
}

extension Uniform: ClosedFormDivergence {
  /// log of the ratio of widths, in nats; +∞ unless the other covers this one.
  public func klDivergence(to other: Uniform) -> Double {
    lower < other.lower || upper > other.upper ? .infinity : log((other.upper - other.lower) / (upper - lower))
  }
}

extension Exponential: ClosedFormDivergence {
  /// Closed form, in nats.
  public func klDivergence(to other: Exponential) -> Double { SpecialFunctions.deviance(1, other.rate / rate) }
}

extension Laplace: ClosedFormDivergence {
  /// Closed form, in nats.
  public func klDivergence(to other: Laplace) -> Double {
    let distance = abs(location - other.location) / scale
    let ratio = scale / other.scale
    // r − 1 − log r, plus r·(e^−d − 1 + d).
    return SpecialFunctions.deviance(1, ratio) + ratio * (expm1(-distance) + distance)
  }
}

extension Cauchy: ClosedFormDivergence {
  /// Closed form, in nats.
  ///
  /// - SeeAlso: Chyzak and Nielsen (2019), "A closed-form formula for the Kullback-Leibler divergence between Cauchy
  ///   distributions", arXiv:1905.10965.
  public func klDivergence(to other: Cauchy) -> Double {
    let widths = (scale - other.scale) / scale * ((scale - other.scale) / other.scale)
    let places = (location - other.location) / scale * ((location - other.location) / other.scale)
    return log1p(0.25 * (widths + places))
  }
}

extension Gamma: ClosedFormDivergence {
  /// Closed form, in nats.
  public func klDivergence(to other: Gamma) -> Double {
    SpecialFunctions.deviance(other.shape, shape * (other.rate / rate))
      + SpecialFunctions.logGammaBregman(other.shape, around: shape)
      - SpecialFunctions.deviance(other.shape, shape)
  }
}

extension Beta: ClosedFormDivergence {
  /// Closed form, in nats; absolute error about 1e-15·(alpha + beta).
  public func klDivergence(to other: Beta) -> Double {
    max(
      0,
      SpecialFunctions.logGammaBregman(other.alpha, around: alpha)
        + SpecialFunctions.logGammaBregman(other.beta, around: beta)
        - SpecialFunctions.logGammaBregman(other.alpha + other.beta, around: alpha + beta))
  }
}

extension Bernoulli: ClosedFormDivergence {
  /// Closed form, in nats.
  public func klDivergence(to other: Bernoulli) -> Double {
    SpecialFunctions.massDeviance(probability, other.probability)
      + SpecialFunctions.massDeviance(1 - probability, 1 - other.probability)
  }
}

extension Binomial: ClosedFormDivergence {
  /// Closed form for equal numbers of trials, in nats; for fewer trials than the other's, summed over the masses; +∞
  /// for more, unless neither can pass the other's number.
  public func klDivergence(to other: Binomial) -> Double {
    if trials == other.trials || probability == 0 {
      return Double(trials == other.trials ? trials : other.trials)
        * (SpecialFunctions.massDeviance(probability, other.probability)
          + SpecialFunctions.massDeviance(1 - probability, 1 - other.probability))
    }
    if trials > other.trials || other.probability == 0 || other.probability == 1 { return .infinity }
    return expectation { logProb($0) - other.logProb($0) }
  }
}

extension Poisson: ClosedFormDivergence {
  /// Closed form, in nats.
  public func klDivergence(to other: Poisson) -> Double { SpecialFunctions.deviance(mean, other.mean) }
}

extension Categorical: ClosedFormDivergence {
  /// Closed form, in nats; categories beyond the other's last have probability zero there.
  public func klDivergence(to other: Categorical) -> Double {
    var sum = 0.0
    for index in 0..<max(probabilities.count, other.probabilities.count) {
      let p = index < probabilities.count ? probabilities[index] : 0
      let q = index < other.probabilities.count ? other.probabilities[index] : 0
      sum += SpecialFunctions.massDeviance(p, q)
    }
    return sum
  }
}

extension SpecialFunctions {
  /// p log(p/q) + q − p, +∞ where p has a mass and q none.
  static func massDeviance(_ p: Double, _ q: Double) -> Double {
    q == 0 ? (p == 0 ? 0 : .infinity) : deviance(p, q)
  }
}
