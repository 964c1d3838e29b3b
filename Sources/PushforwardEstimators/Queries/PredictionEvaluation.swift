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
    let judged = table.selecting(rows: rows)
    let rowWeights = all.map { all in rows.map { all[$0] } }
    guard !rows.isEmpty else {
      throw EstimatorError.tooFewRows(expected: 1, found: 0, note: "every cell of \(target) is missing")
    }
    let options = PredictionOptions(levels: QuantityPrediction.levels, draws: draws, seed: seed)
    let prediction = try predict(judged, target: target, options: options, workers: workers)
    switch prediction.answer {
    case .numbers(let means, let quantiles):
      guard let values = try judged.column(target).numbers?.values else {
        throw TableError.wrongKind(column: target, expected: "numbers", found: "texts")
      }
      return .quantity(
        QuantityPrediction(
          truth: values, means: means, quantiles: quantiles, cdf: prediction.cdf, logProb: prediction.logProb,
          weights: rowWeights), prediction.method)
    case .levels(let levels, let probabilities):
      let indices = Dictionary(uniqueKeysWithValues: zip(levels, levels.indices))
      let cells = try judged.column(target).categories
      let known = (0..<judged.rowCount).map { cells[$0].flatMap { indices[$0] } }
      return .category(
        CategoryPrediction(truth: known, probabilities: probabilities, weights: rowWeights), prediction.method)
    }
  }
}
