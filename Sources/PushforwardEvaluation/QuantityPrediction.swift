#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How well distributions of a quantity foretold what came: errors, proper scores, coverage, uniformity.
public struct QuantityPrediction: Codable, Sendable, Equatable {
  /// How often an interval of a nominal level held the value.
  public struct Coverage: Codable, Sendable, Equatable {
    /// Nominal, in (0, 1).
    public var level: Double
    /// Share of the values inside.
    public var found: Double
  }

  /// Values judged.
  public var rowCount: Int
  /// Root mean squared error of the mean, in the column's units.
  public var rootMeanSquaredError: Double
  /// Mean absolute error of the median, in the column's units.
  public var meanAbsoluteError: Double
  /// Continuous ranked probability score, in the column's units.
  ///
  /// Twice the mean pinball loss of evenly spaced quantiles (Gneiting and Raftery 2007, equation 20 and section 4.2).
  public var rankedProbabilityScore: Double
  /// Of central intervals.
  public var coverage: [Coverage]
  /// Mean log-density of the values, nats in the column's units; `nil` when unknown.
  public var logLikelihood: LikelihoodSummary?
  /// Kolmogorov's distance between the distribution function's values and the uniform distribution.
  public var uniformityDistance: Double?
  /// How probable a distance at least as large is for a right model (Kolmogorov's limit with Stephens' correction 1970).
  public var uniformityProbability: Double?

  private enum CodingKeys: String, CodingKey {
    case rowCount = "rows"
    case rootMeanSquaredError = "rmse"
    case meanAbsoluteError = "mae"
    case rankedProbabilityScore = "crps"
    case coverage
    case logLikelihood = "log_likelihood"
    case uniformityDistance = "pit_ks"
    case uniformityProbability = "pit_p"
  }

  /// The levels at which predictions must give their quantiles: the middles of a hundred equal parts.
  public static let levels = (0..<100).map { (Double($0) + 0.5) / 100 }
  /// Levels of the intervals whose coverage is counted; their ends are quantiles at levels of `levels`, or between two.
  public static let intervals = [0.5, 0.8, 0.9, 0.95]

  /// Judges predictions.
  ///
  /// - Parameters:
  ///   - truth: The values.
  ///   - means: Of each row's distribution.
  ///   - quantiles: At `levels`, ascending, a row.
  ///   - cdf: The distribution function at the value, one a row; where it is known, coverage comes from it.
  ///   - logProb: The log-density at the value, one a row.
  public init(truth: [Double], means: [Double], quantiles: [[Double]], cdf: [Double]?, logProb: [Double]?) {
    let count = Double(max(truth.count, 1))
    let levels = Self.levels
    rowCount = truth.count
    rootMeanSquaredError = (zip(truth, means).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / count).squareRoot()
    meanAbsoluteError =
      zip(truth, quantiles).reduce(0) { $0 + abs($1.0 - ($1.1[49] + $1.1[50]) / 2) } / count
    var score = 0.0
    for (value, row) in zip(truth, quantiles) {
      for (level, quantile) in zip(levels, row) {
        score += value >= quantile ? level * (value - quantile) : (1 - level) * (quantile - value)
      }
    }
    rankedProbabilityScore = 2 * score / (count * Double(levels.count))
    // Without a distribution function, the value's rank among the quantiles.
    let places =
      cdf
      ?? zip(truth, quantiles).map { value, row in
        Double(row.count { $0 < value } + row.count { $0 <= value }) / (2 * Double(row.count))
      }
    coverage = Self.intervals.map { level in
      let inside = places.count { $0 >= (1 - level) / 2 && $0 <= (1 + level) / 2 }
      return Coverage(level: level, found: Double(inside) / count)
    }
    logLikelihood = logProb.map { LikelihoodSummary($0) }
    if let cdf, !cdf.isEmpty {
      let distance = Self.distance(cdf)
      uniformityDistance = distance
      uniformityProbability = Self.probability(of: distance, count: cdf.count)
    }
  }

  private static func distance(_ places: [Double]) -> Double {
    let sorted = places.sorted()
    let count = Double(sorted.count)
    return sorted.enumerated().reduce(0) { worst, entry in
      max(worst, Double(entry.offset + 1) / count - entry.element, entry.element - Double(entry.offset) / count)
    }
  }

  private static func probability(of distance: Double, count: Int) -> Double {
    let root = Double(count).squareRoot()
    let x = (root + 0.12 + 0.11 / root) * distance
    if x < 0.3 { return 1 }
    var sum = 0.0
    for term in 1...100 {
      let size = exp(-2 * Double(term * term) * x * x)
      sum += term % 2 == 1 ? size : -size
    }
    return min(max(2 * sum, 0), 1)
  }
}
