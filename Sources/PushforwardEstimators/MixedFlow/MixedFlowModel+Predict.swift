import PushforwardCore
import PushforwardTables

extension MixedFlowModel {
  /// Predicts a column given all other present cells: a smooth real from the flow by quadrature, a category by Bayes' rule
  /// from the joint scores of the row with each level, and by draws where gaps or other columns leave no such way.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    guard columns.contains(target) else { throw TableError.unknownColumn(name: target, available: columns) }
    let known = try knownCells(table)
    if flow.columns.contains(target) {
      let isKnown = flow.given.allSatisfy { known.table[$0]?.missingCount == 0 }
      if isKnown { return try flow.predict(known.table, target: target, options: options, workers: workers) }
    } else if let answer = try levels(of: target, in: known.table, workers: workers) {
      return answer
    }
    return try predictionByDraws(table, target: target, options: options, workers: workers)
  }

  /// The probabilities of a category's levels; `nil` if the column is none or some row cannot be scored.
  private func levels(of target: String, in table: Table, workers: WorkerPool?) throws -> ColumnPrediction? {
    guard let classes = try chain.encoder.column(target).column.levels,
      let choices = combinations(of: [target]), table.rowCount > 0
    else { return nil }
    var scores = [[Double]](repeating: [], count: table.rowCount)
    for choice in choices {
      let found = try jointLogProb(table.replacing(choice), workers: workers)
      if found.contains(where: \.isNaN) { return nil }
      for row in scores.indices { scores[row].append(found[row]) }
    }
    let levels = classes.levels + classes.pooled
    let places = Dictionary(levels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let cells = table[target]?.categories
    var logProb: [Double] = []
    let probabilities = scores.indices.map { row in
      let total = Logarithm.sum(scores[row])
      let place = cells?[row].flatMap { places[$0] }
      logProb.append(place.map { scores[row][$0] - total } ?? .nan)
      return scores[row].map { Logarithm.exponential($0 - total) }
    }
    return ColumnPrediction(
      target: target, answer: .levels(levels, probabilities: probabilities), logProb: logProb, cdf: nil, method: .exact)
  }
}
