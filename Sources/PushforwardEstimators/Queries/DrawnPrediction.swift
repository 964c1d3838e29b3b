import PushforwardCore
import PushforwardTables

extension TableModel {
  /// Predicts a column by weighted draws of it given the row's other cells: what every model that completes rows can do.
  ///
  /// - Parameters:
  ///   - table: The rows; the column itself may be absent and is not looked at except for `cdf` and `logProb`.
  ///   - target: A modelled column.
  ///   - options: Quantiles and draws.
  ///   - workers: Threads to use.
  /// - Returns: Means, quantiles or frequencies of the draws.
  /// - Throws: `EstimatorError`, `TableError`.
  public func predictionByDraws(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    guard columns.contains(target) else {
      throw TableError.unknownColumn(name: target, available: columns)
    }
    let asked = table.leavingOut(column: target)
    var drawn: [Column] = []
    var logWeights: [[Double]?] = []
    for draw in 0..<options.draws {
      let found = try candidate(
        asked, seed: options.seed, firstRow: options.firstRow, draw: draw, workers: workers)
      drawn.append(try found.table.column(target))
      logWeights.append(found.logWeights)
    }
    let weights = DrawWeights(logWeights, rows: table.rowCount)
    let answer =
      drawn.allSatisfy { $0.storage == .numbers }
      ? numbers(drawn.compactMap(\.numbers), weights, table: table, target: target, options: options)
      : levels(drawn.map(\.categories), weights, table: table, target: target, options: options)
    var result = answer
    if weights.effectiveSizes.contains(where: { !$0.isNaN }) { result.effectiveSizes = weights.effectiveSizes }
    return result
  }

  private func levels(
    _ drawn: [CategoryColumn], _ weights: DrawWeights, table: Table, target: String, options: PredictionOptions
  ) -> ColumnPrediction {
    // Levels that were not drawn may come all the same: together they count as one draw.
    let known = Set((schema[target]?.levels ?? []) + drawn.flatMap(\.levels))
    let levels = known.sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(levels, levels.indices))
    let codes = drawn.map { column in column.levels.map { places[$0]! } }
    var probabilities = (0..<table.rowCount).map { row in
      [Double](repeating: 1 / Double(levels.count) / (weights.worth(row) + 1), count: levels.count)
    }
    for (draw, column) in drawn.enumerated() {
      for (row, code) in column.codes.enumerated() where code != CategoryColumn.missing {
        let worth = weights.worth(row)
        probabilities[row][codes[draw][Int(code)]] += weights[draw, row] * worth / (worth + 1)
      }
    }
    var logProb: [Double]?
    if let truth = table[target]?.categories {
      logProb = (0..<table.rowCount).map { row in
        truth[row].flatMap { places[$0] }.map { Logarithm.of(probabilities[row][$0]) } ?? .nan
      }
    }
    return ColumnPrediction(
      target: target, answer: .levels(levels, probabilities: probabilities), logProb: logProb, cdf: nil,
      method: .draws(options.draws))
  }

  private func numbers(
    _ drawn: [NumberColumn], _ weights: DrawWeights, table: Table, target: String, options: PredictionOptions
  ) -> ColumnPrediction {
    let truth = table[target]?.numbers?.values
    let stream = RandomStream(seed: options.seed, purpose: .user)
    var (means, quantiles): ([Double], [[Double]]) = ([], [])
    var cdf: [Double]? = truth == nil ? nil : []
    for row in 0..<table.rowCount {
      let values = WeightedNumbers(
        drawn.map { $0.values[row] }, weights: drawn.indices.map { weights[$0, row] })
      means.append(values.mean)
      quantiles.append(values.quantiles(options.levels))
      guard let value = truth?[row] else { continue }
      let (below, at) = values.masses(value)
      let worth = weights.worth(row)
      let u = stream.uniform(row: UInt64(options.firstRow + row))
      cdf?.append(value.isNaN ? .nan : (below * worth + (at * worth + 1) * u) / (worth + 1))
    }
    return ColumnPrediction(
      target: target, answer: .numbers(mean: means, quantiles: quantiles), logProb: nil, cdf: cdf,
      method: .draws(options.draws))
  }
}
