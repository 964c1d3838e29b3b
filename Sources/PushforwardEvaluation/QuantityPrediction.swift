/// How well distributions of a quantity foretold what came: errors, proper scores, coverage, uniformity.
public struct QuantityPrediction: Codable, Sendable, Equatable {
  /// How often an interval of a nominal level held the value.
  public struct Coverage: Codable, Sendable, Equatable {
    /// Nominal, in (0, 1).
    public var level: Double
    /// Share of the values inside.
    public var found: Double

    /// Makes a coverage.
    public init(level: Double, found: Double) { (self.level, self.found) = (level, found) }
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
  ///   - weights: How often each row counts; 1 each when `nil`.
  public init(
    truth: [Double], means: [Double], quantiles: [[Double]], cdf: [Double]?, logProb: [Double]?,
    weights: [Double]? = nil
  ) {
    func mean(_ term: (Int) -> Double) -> Double { weightedMean(truth.count, weights: weights, term) }
    let levels = Self.levels
    rowCount = weights?.count { $0 > 0 } ?? truth.count
    rootMeanSquaredError = mean { (truth[$0] - means[$0]) * (truth[$0] - means[$0]) }.squareRoot()
    meanAbsoluteError = mean { abs(truth[$0] - (quantiles[$0][49] + quantiles[$0][50]) / 2) }
    let score = mean { place in
      let value = truth[place]
      return zip(levels, quantiles[place]).reduce(0) { sum, pair in
        sum + (value >= pair.1 ? pair.0 * (value - pair.1) : (1 - pair.0) * (pair.1 - value))
      }
    }
    rankedProbabilityScore = 2 * score / Double(levels.count)
    // Without a distribution function, the value's rank among the quantiles.
    let places =
      cdf
      ?? zip(truth, quantiles).map { value, row in
        Double(row.count { $0 < value } + row.count { $0 <= value }) / (2 * Double(row.count))
      }
    coverage = Self.intervals.map { level in
      Coverage(
        level: level, found: mean { places[$0] >= (1 - level) / 2 && places[$0] <= (1 + level) / 2 ? 1 : 0 })
    }
    logLikelihood = logProb.map { LikelihoodSummary($0, weights: weights) }
    if let cdf, !cdf.isEmpty {
      let uniformity = Uniformity(cdf, weights: weights)
      uniformityDistance = uniformity.distance
      uniformityProbability = uniformity.probability
    }
  }
}

/// The mean of a term over rows, each counted as often as its weight says; 0 without rows.
package func weightedMean(_ count: Int, weights: [Double]?, _ term: (Int) -> Double) -> Double {
  var (sum, total) = (0.0, 0.0)
  for row in 0..<count {
    let weight = weights?[row] ?? 1
    if weight == 0 { continue }
    sum += weight * term(row)
    total += weight
  }
  return total > 0 ? sum / total : 0
}
