#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The categorical distribution: a whole number from 0 to n − 1, each with its own probability.
///
/// SciPy: `rv_discrete(values=(range(n), probabilities))`.
public struct Categorical: DiscreteDistribution {
  /// The probability of each category; they sum to one.
  public let probabilities: [Double]
  private let tailTable: [TailProbability]

  /// Creates the distribution.
  ///
  /// - Parameter weights: One a category, not negative, finite, in any unit: they are divided by their sum.
  /// - Throws: `DistributionError.invalidParameter` for a bad weight, none, or a sum that is zero or not finite.
  public init(weights: [Double]) throws(DistributionError) {
    probabilities = try Require.normalised(weights, "weights", of: Self.kind)
    var lower = 0.0
    var upper = [0.0]  // Sums from the top, so that small upper tails keep their digits.
    for probability in probabilities.reversed() { upper.append(upper[upper.count - 1] + probability) }
    var table: [TailProbability] = []
    for (index, probability) in probabilities.enumerated() {
      lower += probability
      table.append(TailProbability(lower: min(lower, 1), upper: min(upper[probabilities.count - 1 - index], 1)))
    }
    tailTable = table
  }

  /// Creates the distribution from unnormalised log-probabilities.
  ///
  /// - Parameter logits: One a category, in nats up to a common constant; −∞ is a probability of zero.
  /// - Throws: `DistributionError.invalidParameter` for a logit that is NaN or +∞, none, or none that is finite.
  public init(logits: [Double]) throws(DistributionError) {
    for (index, logit) in logits.enumerated() {
      try Require.that(logit < .infinity, logit, "logits[\(index)]", of: Self.kind, is: "a number below infinity")
    }
    let largest = logits.max() ?? -.infinity
    try Require.that(largest > -.infinity, largest, "largest logit", of: Self.kind, is: "finite")
    try self.init(weights: logits.map { exp($0 - largest) })
  }

  /// `categorical`.
  public static var kind: String { "categorical" }
  /// [0, n − 1].
  public var support: ClosedRange<Double> { 0...Double(probabilities.count - 1) }
  /// Log-mass, in nats.
  public func logProb(_ x: Double) -> Double {
    if x.isNaN { return x }
    return support.contains(x) && x == x.rounded(.down) ? log(probabilities[Int(x)]) : -.infinity
  }
  /// Both tails at x, from a table of running sums.
  public func tails(at x: Double) -> TailProbability {
    if x.isNaN { return .invalid }
    return x < 0 ? .zero : (x >= support.upperBound ? .one : tailTable[Int(x)])
  }
  /// Σ i·pᵢ.
  public var mean: Double { probabilities.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element } }
  /// Σ (i − mean)²·pᵢ.
  public var variance: Double {
    let mean = mean
    return probabilities.enumerated().reduce(0) {
      $0 + (Double($1.offset) - mean) * (Double($1.offset) - mean) * $1.element
    }
  }
  /// −Σ pᵢ log pᵢ, in nats; zero probabilities count as zero.
  public var entropy: Double { probabilities.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 } }
}

extension Categorical: Codable {
  private enum CodingKeys: String, CodingKey { case probabilities }

  /// Decodes and checks the probabilities.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(weights: values.decode([Double].self, forKey: .probabilities))
  }
}
