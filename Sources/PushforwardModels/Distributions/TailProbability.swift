#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A probability with its complement, each also as a logarithm, so that neither tail loses digits.
///
/// What a distribution function returns and what a quantile function takes: 1 − 1e-20 is one as a `Double`, and
/// exp(−2000) is zero, but `upper` and `logLower` still hold them.
public struct TailProbability: Sendable, Equatable {
  /// P(X ≤ x), in [0, 1].
  public let lower: Double
  /// P(X > x), in [0, 1].
  public let upper: Double
  /// log P(X ≤ x), in nats.
  public let logLower: Double
  /// log P(X > x), in nats.
  public let logUpper: Double

  /// From P(X ≤ x) alone.
  ///
  /// - Parameter lower: In [0, 1]; anything else, NaN included, makes an invalid value whose quantile is NaN.
  public init(lower: Double) {
    self.init(lower: lower, upper: 1 - lower, logLower: log(lower), logUpper: log1p(-lower))
  }

  /// From P(X > x) alone.
  ///
  /// - Parameter upper: In [0, 1]; anything else, NaN included, makes an invalid value whose quantile is NaN.
  public init(upper: Double) {
    self.init(lower: 1 - upper, upper: upper, logLower: log1p(-upper), logUpper: log(upper))
  }

  /// From log P(X ≤ x) alone.
  ///
  /// - Parameter logLower: In nats, at most 0.
  public init(logLower: Double) {
    self.init(
      lower: exp(logLower), upper: -expm1(logLower), logLower: logLower,
      logUpper: SpecialFunctions.log1mexp(logLower))
  }

  /// From log P(X > x) alone.
  ///
  /// - Parameter logUpper: In nats, at most 0.
  public init(logUpper: Double) {
    self = TailProbability(logLower: logUpper).swapped
  }

  init(lower: Double, upper: Double) {
    // The logarithm of the larger comes from the smaller, which has the digits.
    self.init(
      lower: lower, upper: upper, logLower: lower <= 0.5 ? log(lower) : log1p(-upper),
      logUpper: upper <= 0.5 ? log(upper) : log1p(-lower))
  }

  package init(lower: Double, upper: Double, logLower: Double, logUpper: Double) {
    self.lower = lower
    self.upper = upper
    self.logLower = logLower
    self.logUpper = logUpper
  }

  /// All of the probability above: the value at and below the bottom of a support.
  static let zero = TailProbability(lower: 0, upper: 1, logLower: -.infinity, logUpper: 0)
  /// All of the probability below: the value at and above the top of a support.
  static let one = zero.swapped
  static let invalid = TailProbability(lower: .nan, upper: .nan, logLower: .nan, logUpper: .nan)

  /// The same probability of −X: the tails change places.
  public var swapped: TailProbability {
    TailProbability(lower: upper, upper: lower, logLower: logUpper, logUpper: logLower)
  }

  /// Whether both tails are numbers, as they are for a probability in [0, 1].
  public var isValid: Bool { !logLower.isNaN && !logUpper.isNaN }
}
