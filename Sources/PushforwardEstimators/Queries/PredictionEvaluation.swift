import PushforwardCore
import PushforwardEvaluation
import PushforwardTables

/// How well a model foretells one column of a table's rows from their other cells.
public enum PredictionEvaluation: Sendable {
  /// Of a quantity.
  case quantity(QuantityPrediction, ColumnPrediction.Method)
  /// Of a category.
  case category(CategoryPrediction, ColumnPrediction.Method)
}

extension TableModel {
  /// Predicts a column of rows in which it is known, and judges the predictions.
  ///
  /// - Parameters:
  ///   - table: Rows other than those fitted to; rows in which the column is missing are not judged.
  ///   - target: A modelled column.
  ///   - draws: Draws a row, where the answer comes from draws.
  ///   - seed: Seed of the draws.
  ///   - weights: Column that says how often each row counts; `nil`: once.
  ///   - workers: Threads to use.
  /// - Returns: Errors, proper scores and calibration.
  /// - Throws: as `predict`; `EstimatorError.tooFewRows` when no row can be judged.
  public func evaluatePrediction(
    _ table: Table, target: String, draws: Int = 200, seed: UInt64 = 0, weights: String? = nil,
    workers: WorkerPool? = nil
  ) throws -> PredictionEvaluation {
    let truth = try table.column(target)
    let all = try weights.map { try table.rowWeights(column: $0) }
    let rows = (0..<table.rowCount).filter { !truth.isMissing(row: $0) && all?[$0] ?? 1 > 0 }
    guard !rows.isEmpty else {
      throw EstimatorError.tooFewRows(expected: 1, found: 0, note: "every cell of \(target) is missing")
    }
    // Levels by rows are many numbers where levels are many.
    let levels = try schema.column(target).levels?.count ?? 1
    let piece = traits.isSequential ? rows.count : max(64, Self.mostProbabilities / max(levels, 1))
    var quantities = Quantities()
    var found: (categories: CategoryPrediction, method: ColumnPrediction.Method)?
    for start in stride(from: 0, to: rows.count, by: piece) {
      let part = Array(rows[start..<min(start + piece, rows.count)])
      let judged = table.selecting(rows: part)
      let weights = all.map { all in part.map { all[$0] } }
      let options = PredictionOptions(levels: QuantityPrediction.levels, draws: draws, seed: seed, firstRow: start)
      let prediction = try predict(judged, target: target, options: options, workers: workers)
      switch prediction.answer {
      case .numbers(let means, let quantiles):
        guard let values = try schema.column(target).counted(judged.column(target)).numbers?.values else {
          throw TableError.wrongKind(column: target, expected: "numbers", found: "texts")
        }
        quantities.add(prediction, truth: values, means: means, quantiles: quantiles, weights: weights)
      case .levels(let levels, let probabilities):
        let indices = Dictionary(uniqueKeysWithValues: zip(levels, levels.indices))
        let cells = try judged.column(target).categories
        let known = (0..<judged.rowCount).map { cells[$0].flatMap { indices[$0] } }
        let more = CategoryPrediction(truth: known, probabilities: probabilities, weights: weights)
        if found == nil { found = (more, prediction.method) } else { found?.categories.add(more) }
      }
    }
    return found.map { .category($0.categories, $0.method) } ?? quantities.evaluation
  }

  /// Probabilities held at once.
  private static var mostProbabilities: Int { 1 << 22 }
}

/// Predictions of a quantity, piece by piece.
private struct Quantities {
  private var truth: [Double] = []
  private var means: [Double] = []
  private var quantiles: [[Double]] = []
  private var cdf: [Double]? = []
  private var logProb: [Double]? = []
  private var weights: [Double]?
  private var method = ColumnPrediction.Method.exact

  mutating func add(
    _ prediction: ColumnPrediction, truth: [Double], means: [Double], quantiles: [[Double]], weights: [Double]?
  ) {
    self.truth += truth
    self.means += means
    self.quantiles += quantiles
    cdf = cdf.flatMap { known in prediction.cdf.map { known + $0 } }
    logProb = logProb.flatMap { known in prediction.logProb.map { known + $0 } }
    if let weights { self.weights = (self.weights ?? []) + weights }
    method = prediction.method
  }

  var evaluation: PredictionEvaluation {
    .quantity(
      QuantityPrediction(
        truth: truth, means: means, quantiles: quantiles, cdf: cdf, logProb: logProb, weights: weights), method)
  }
}
