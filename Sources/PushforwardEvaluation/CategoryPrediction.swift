#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How well probabilities of a category foretold what came.
public struct CategoryPrediction: Codable, Sendable, Equatable {
  /// Cells judged.
  public var rowCount: Int
  /// Share of cells whose most probable level came.
  public var accuracy: Double
  /// Mean of `-log p(level that came)`, nats.
  public var logLoss: Double
  /// Mean squared distance between the probabilities and the outcome (Brier 1950), from 0 to 2.
  public var brierScore: Double
  /// Mean distance between the probability of the most probable level and how often it came, over ten equal ranges of the
  /// probability, weighted by their cells (expected calibration error).
  public var calibrationError: Double
  /// Cells with a level that the model does not know.
  public var unseenCount: Int

  private enum CodingKeys: String, CodingKey {
    case rowCount = "rows"
    case accuracy
    case logLoss = "log_loss"
    case brierScore = "brier"
    case calibrationError = "calibration_error"
    case unseenCount = "unseen_levels"
  }

  /// Judges predictions.
  ///
  /// - Parameters:
  ///   - truth: The level that came, an index into the probabilities; `nil` for one that they do not have.
  ///   - probabilities: Of each level, a row.
  ///   - weights: How often each row counts; 1 each when `nil`.
  public init(truth: [Int?], probabilities: [[Double]], weights: [Double]? = nil) {
    let used = truth.indices.filter { weights?[$0] ?? 1 > 0 }
    let count = max(weights?.reduce(0, +) ?? Double(truth.count), .leastNormalMagnitude)
    rowCount = used.count
    unseenCount = used.count { truth[$0] == nil }
    var (hits, loss, brier) = (0.0, 0.0, 0.0)
    var bins = [(confidence: Double, hits: Double)](repeating: (0, 0), count: 10)
    for index in used {
      let (level, row, weight) = (truth[index], probabilities[index], weights?[index] ?? 1)
      let best = row.indices.max { row[$0] < row[$1] } ?? 0
      let confidence = row.isEmpty ? 0 : row[best]
      let hit = level == best ? weight : 0
      hits += hit
      // A level that came although it had no probability costs as much as the smallest that doubles tell from none.
      loss -= weight * log(max(level.map { row[$0] } ?? 0, 1e-300))
      let missed = level == nil ? 1.0 : 0
      brier +=
        weight
        * row.indices.reduce(missed) { $0 + (row[$1] - (level == $1 ? 1 : 0)) * (row[$1] - (level == $1 ? 1 : 0)) }
      let bin = min(9, Int(confidence * 10))
      bins[bin].confidence += weight * confidence
      bins[bin].hits += hit
    }
    accuracy = hits / count
    logLoss = loss / count
    brierScore = brier / count
    calibrationError = bins.reduce(0) { $0 + abs($1.confidence - $1.hits) } / count
  }
}
