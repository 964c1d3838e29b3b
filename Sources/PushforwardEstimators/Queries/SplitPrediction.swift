import PushforwardCore
import PushforwardTables

extension TableModel {
  /// Predicts rows that are whole but for the target by `whole`, the others by draws.
  ///
  /// - Throws: what either throws.
  func predictionOfParts(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?,
    whole: (Table) throws -> ColumnPrediction
  ) throws -> ColumnPrediction {
    let others = columns.filter { $0 != target }
    let hasGap = (0..<table.rowCount).map { row in
      others.contains { name in table[name]?.isMissing(row: row) ?? true }
    }
    let open = hasGap.indices.filter { hasGap[$0] }
    if open.isEmpty { return try whole(table) }
    let closed = hasGap.indices.filter { !hasGap[$0] }
    let drawn = try predictionByDraws(
      closed.isEmpty ? table : table.selecting(rows: open), target: target, options: options, workers: workers)
    if closed.isEmpty { return drawn }
    return ColumnPrediction(
      merging: [(closed, try whole(table.selecting(rows: closed))), (open, drawn)], count: table.rowCount)
  }
}

extension ColumnPrediction {
  /// One prediction of rows that were predicted in parts, of one target and kind.
  init(merging parts: [(rows: [Int], prediction: ColumnPrediction)], count: Int) {
    func merged(_ values: (ColumnPrediction) -> [Double]?) -> [Double]? {
      if parts.allSatisfy({ values($0.prediction) == nil }) { return nil }
      var all = [Double](repeating: .nan, count: count)
      for (rows, prediction) in parts {
        for (row, value) in zip(rows, values(prediction) ?? []) { all[row] = value }
      }
      return all
    }
    self = parts[0].prediction
    logProb = merged(\.logProb)
    cdf = merged(\.cdf)
    effectiveSizes = merged(\.effectiveSizes)
    if let drawn = parts.lazy.map(\.prediction.method).first(where: { if case .draws = $0 { true } else { false } }) {
      method = drawn
    }
    switch answer {
    case .numbers:
      var means = [Double](repeating: .nan, count: count)
      var quantiles = [[Double]](repeating: [], count: count)
      for (rows, prediction) in parts {
        guard case .numbers(let own, let points) = prediction.answer else { continue }
        for (place, row) in rows.enumerated() { (means[row], quantiles[row]) = (own[place], points[place]) }
      }
      answer = .numbers(mean: means, quantiles: quantiles)
    case .levels:
      var names: [String] = []
      for (_, prediction) in parts {
        guard case .levels(let own, _) = prediction.answer else { continue }
        names += own.filter { !names.contains($0) }
      }
      var shares = [[Double]](repeating: [Double](repeating: 0, count: names.count), count: count)
      for (rows, prediction) in parts {
        guard case .levels(let own, let probabilities) = prediction.answer else { continue }
        let places = own.map { names.firstIndex(of: $0)! }
        for (place, row) in rows.enumerated() {
          for (level, share) in zip(places, probabilities[place]) { shares[row][level] = share }
        }
      }
      answer = .levels(names, probabilities: shares)
    }
  }
}
