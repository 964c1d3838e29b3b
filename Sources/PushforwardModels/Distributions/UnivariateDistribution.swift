#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a log-probability is relative to.
public enum Measure: String, Sendable, Codable {
  /// Lebesgue measure: log-probabilities are log-densities, nats in the units of x.
  case density
  /// Counting measure on a discrete set: log-probabilities are log-masses, nats.
  case mass
}

/// A probability distribution of one real number.
///
/// Values are `Double` for every kind, whole numbers included, so that mixtures, truncations and affine images of any of
/// them, and arrays of different ones (`[any UnivariateDistribution]`), need no conversions.
///
/// Nothing here throws or traps for a value: outside the support `logProb` is −∞; NaN, or a probability outside [0, 1],
/// gives NaN. Parameters are checked by the initialisers and by decoding.
public protocol UnivariateDistribution: Sendable, Equatable, Codable {
  /// The name of the kind of distribution in files and messages, lower case with hyphens.
  static var kind: String { get }
  /// Whether `logProb` is of a density or a mass.
  var measure: Measure { get }
  /// The smallest closed interval of probability one; ends may be infinite.
  var support: ClosedRange<Double> { get }

  /// log p(x): log-density in nats in the units of x, or log-mass.
  func logProb(_ x: Double) -> Double
  /// P(X ≤ x) and P(X > x), plain and as logarithms.
  func tails(at x: Double) -> TailProbability
  /// The smallest x with P(X ≤ x) ≥ p; NaN for an invalid `p`.
  func quantile(at p: TailProbability) -> Double
  /// One draw.
  func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double

  /// The largest point of a discrete support below x (−∞ if none); x itself for a density, which gives points no mass.
  func point(below x: Double) -> Double
  /// The smallest point of a discrete support above x (+∞ if none); x itself for a density.
  func point(above x: Double) -> Double

  /// E[X]: NaN where it does not exist (Cauchy), ±∞ where it diverges.
  var mean: Double { get }
  /// E[(X − mean)²], in squared units of x: NaN where the mean does not exist, +∞ where it diverges.
  var variance: Double { get }
  /// −E[log p(X)], in nats.
  var entropy: Double { get }

  /// Where numerical integrals against the density are cut into panels: sorted, from end to end of the support, every
  /// point where the density is not smooth among them. Unused for masses.
  var integrationBreaks: [Double] { get }
  /// This distribution with its type erased all the way down, as files hold it.
  var erased: AnyDistribution { get }
}

extension UnivariateDistribution {
  /// p(x): density per unit of x, or mass.
  public func prob(_ x: Double) -> Double { exp(logProb(x)) }
  /// P(X ≤ x).
  public func cdf(_ x: Double) -> Double { tails(at: x).lower }
  /// P(X > x), accurate where it is small.
  public func survival(_ x: Double) -> Double { tails(at: x).upper }
  /// log P(X ≤ x), in nats.
  public func logCDF(_ x: Double) -> Double { tails(at: x).logLower }
  /// log P(X > x), in nats.
  public func logSurvival(_ x: Double) -> Double { tails(at: x).logUpper }

  /// The smallest x with P(X ≤ x) ≥ p.
  ///
  /// At p = 0 the bottom of the support (SciPy: one below it, if discrete).
  public func quantile(_ p: Double) -> Double { quantile(at: TailProbability(lower: p)) }
  /// The smallest x with P(X > x) ≤ q, for upper tails too small for 1 − q.
  public func quantile(survival q: Double) -> Double { quantile(at: TailProbability(upper: q)) }

  /// The log-probability of every value.
  public func logProb(_ values: [Double]) -> [Double] { values.map { logProb($0) } }

  /// Independent draws.
  ///
  /// - Parameters:
  ///   - count: How many; none if not positive.
  ///   - generator: The source of randomness.
  /// - Returns: The draws.
  public func sample(count: Int, using generator: inout some RandomNumberGenerator) -> [Double] {
    (0..<max(0, count)).map { _ in sample(using: &generator) }
  }

  /// The square root of the variance, in the units of x.
  public var standardDeviation: Double { variance.squareRoot() }

  /// This distribution as `AnyDistribution`.
  public var erased: AnyDistribution { AnyDistribution(wrapping: self) }

  /// log P(a < X ≤ b), in nats: from the smaller tails; by quadrature where the difference of two close tails would
  /// lose more than three digits.
  func logProbability(above a: Double, through b: Double) -> Double {
    let low = tails(at: a)
    let high = tails(at: b)
    if !(a < b) { return a.isNaN || b.isNaN ? .nan : -.infinity }
    let (value, larger) =
      if low.lower > 0.5 {
        (SpecialFunctions.logSubtractExp(low.logUpper, high.logUpper), low.logUpper)
      } else if high.lower <= 0.5 {
        (SpecialFunctions.logSubtractExp(high.logLower, low.logLower), high.logLower)
      } else {
        (log1p(-(low.lower + high.upper)), 0)
      }
    if measure == .mass || !(value - larger < -6.9) || a == -.infinity || b == .infinity { return value }
    return log(Quadrature.integral(over: breaks(from: a, through: b)) { exp(logProb($0) - larger) }) + larger
  }

  /// The integration breaks inside [low, high], with both ends.
  func breaks(from low: Double, through high: Double) -> [Double] {
    [low] + integrationBreaks.filter { $0 > low && $0 < high } + [high]
  }

  /// E[f(X)], by quadrature over the breaks or by summing the masses outwards from the median.
  ///
  /// - Parameter function: Smooth between the breaks; called only where the probability is not zero.
  /// - Returns: The expectation.
  /// - Note: Accuracy 1e-11 of E|f(X)|. Masses below 1e-25 end the sum.
  /// - Complexity: For masses, O(standard deviation / spacing) terms.
  package func expectation(of function: (Double) -> Double) -> Double {
    func term(_ x: Double) -> Double {
      let density = prob(x)
      return density > 0 ? density * function(x) : 0
    }
    if measure == .density { return Quadrature.integral(over: integrationBreaks, term) }
    let first = quantile(survival: 1e-25)
    let last = quantile(1e-25)
    var sum = 0.0
    var x = first
    while x >= last && x.isFinite {
      sum += term(x)
      x = point(below: x)
    }
    return sum
  }
}

/// A distribution with a density.
public protocol ContinuousDistribution: UnivariateDistribution {
  /// Points inside the support where the density is not smooth; none by default.
  var kinks: [Double] { get }
}

extension ContinuousDistribution {
  /// The density at x, per unit of x.
  public func pdf(_ x: Double) -> Double { prob(x) }
  /// Always `.density`.
  public var measure: Measure { .density }
  /// No kinks.
  public var kinks: [Double] { [] }
  /// x: single points have no mass.
  public func point(below x: Double) -> Double { x }
  /// x: single points have no mass.
  public func point(above x: Double) -> Double { x }

  /// The quantile of a uniform number: exact to its 2⁻⁵³ resolution.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    quantile(at: TailProbability(lower: generator.uniform()))
  }

  /// The ends of the support, the kinks and thirteen quantiles.
  public var integrationBreaks: [Double] {
    let levels = [1e-12, 1e-6, 1e-3, 0.02, 0.15, 0.35]
    let quantiles = levels.map { quantile($0) } + [quantile(0.5)] + levels.map { quantile(survival: $0) }
    let inside = (quantiles + kinks).filter { $0 > support.lowerBound && $0 < support.upperBound }
    return [support.lowerBound] + Set(inside).sorted() + [support.upperBound]
  }
}

extension RandomNumberGenerator {
  /// Uniform on (0, 1), both ends excluded: the midpoints of 2⁵³ equal cells.
  package mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

  /// Standard normal, by the quantile of a uniform number; it never exceeds 8.3 in size.
  package mutating func standardNormal() -> Double {
    SpecialFunctions.normalQuantile(TailProbability(lower: uniform()))
  }
}
