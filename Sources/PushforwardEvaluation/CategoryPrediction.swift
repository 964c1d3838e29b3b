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

  /// Weight of the cells, and over ten equal ranges of the best level's probability its sum and that of the hits.
  private var weight = 0.0
  private var confidences = [Double](repeating: 0, count: 10)
  private var hits = [Double](repeating: 0, count: 10)

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
    rowCount = used.count
    unseenCount = used.count { truth[$0] == nil }
    (weight, accuracy, logLoss, brierScore, calibrationError) = (0, 0, 0, 0, 0)
    for index in used {
      let (level, row, own) = (truth[index], probabilities[index], weights?[index] ?? 1)
      let best = row.indices.max { row[$0] < row[$1] } ?? 0
      let confidence = row.isEmpty ? 0 : row[best]
      let hit = level == best ? own : 0
      accuracy += hit
      // A level that came although it had no probability costs as much as the smallest that doubles tell from none.
      logLoss -= own * log(max(level.map { row[$0] } ?? 0, 1e-300))
      let missed = level == nil ? 1.0 : 0
      brierScore +=
        own * row.indices.reduce(missed) { $0 + (row[$1] - (level == $1 ? 1 : 0)) * (row[$1] - (level == $1 ? 1 : 0)) }
      let bin = min(9, Int(confidence * 10))
      confidences[bin] += own * confidence
      hits[bin] += hit
      weight += own
    }
    let count = max(weight, .leastNormalMagnitude)
    (accuracy, logLoss, brierScore) = (accuracy / count, logLoss / count, brierScore / count)
    calibrationError = zip(confidences, hits).reduce(0) { $0 + abs($1.0 - $1.1) } / count
  }

  /// Takes further cells in.
  public mutating func add(_ other: CategoryPrediction) {
    let total = max(weight + other.weight, .leastNormalMagnitude)
    func joined(_ value: KeyPath<CategoryPrediction, Double>) -> Double {
      (self[keyPath: value] * weight + other[keyPath: value] * other.weight) / total
    }
    (accuracy, logLoss, brierScore) = (joined(\.accuracy), joined(\.logLoss), joined(\.brierScore))
    for bin in hits.indices {
      confidences[bin] += other.confidences[bin]
      hits[bin] += other.hits[bin]
    }
    weight += other.weight
    calibrationError = zip(confidences, hits).reduce(0) { $0 + abs($1.0 - $1.1) } / total
    rowCount += other.rowCount
    unseenCount += other.unseenCount
  }
}
