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
    let entry = try schema.column(target)
    var parts: [(rows: [Int], prediction: ColumnPrediction)] = []
    try forEachCandidates(
      asked, draws: options.draws, seed: options.seed, firstRow: options.firstRow, workers: workers
    ) { rows, found in
      let weights = DrawWeights(found)
      let drawn = try entry.counted(found.table.column(target))
      let truth = try table[target].map { try entry.counted($0.selecting(rows: rows)) }
      var own = options
      own.firstRow += rows.lowerBound
      var answer =
        drawn.numbers.map { numbers($0.values, weights, truth: truth, target: target, options: own) }
        ?? levels(drawn.categories, weights, truth: truth, target: target, options: own)
      if weights.effectiveSizes.contains(where: { !$0.isNaN }) { answer.effectiveSizes = weights.effectiveSizes }
      parts.append((Array(rows), answer))
    }
    guard let first = parts.first else {
      let isNumbers = entry.kind == .date || entry.kind.storage == .numbers
      return ColumnPrediction(
        target: target, answer: isNumbers ? .numbers(mean: [], quantiles: []) : .levels([], probabilities: []),
        logProb: nil, cdf: nil, method: .draws(options.draws))
    }
    return parts.count == 1 ? first.prediction : ColumnPrediction(merging: parts, count: table.rowCount)
  }

  private func levels(
    _ drawn: CategoryColumn, _ weights: DrawWeights, truth: Column?, target: String, options: PredictionOptions
  ) -> ColumnPrediction {
    // Levels that were not drawn may come all the same: together they count as one draw.
    let known = Set((schema[target]?.levels ?? []) + drawn.levels)
    let levels = known.sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(levels, levels.indices))
    let codes = drawn.levels.map { places[$0]! }
    let rows = drawn.codes.count / options.draws
    var probabilities = (0..<rows).map { row in
      [Double](repeating: 1 / Double(levels.count) / (weights.worth(row) + 1), count: levels.count)
    }
    for (place, code) in drawn.codes.enumerated() where code != CategoryColumn.missing {
      let (row, draw) = place.quotientAndRemainder(dividingBy: options.draws)
      let worth = weights.worth(row)
      probabilities[row][codes[Int(code)]] += weights[draw, row] * worth / (worth + 1)
    }
    var logProb: [Double]?
    if let truth = truth?.categories {
      logProb = (0..<rows).map { row in
        truth[row].flatMap { places[$0] }.map { Logarithm.of(probabilities[row][$0]) } ?? .nan
      }
    }
    return ColumnPrediction(
      target: target, answer: .levels(levels, probabilities: probabilities), logProb: logProb, cdf: nil,
      method: .draws(options.draws))
  }

  private func numbers(
    _ drawn: [Double], _ weights: DrawWeights, truth: Column?, target: String, options: PredictionOptions
  ) -> ColumnPrediction {
    let truth = truth?.numbers?.values
    let stream = RandomStream(seed: options.seed, purpose: .user)
    var (means, quantiles): ([Double], [[Double]]) = ([], [])
    var cdf: [Double]? = truth == nil ? nil : []
    for row in 0..<drawn.count / options.draws {
      let values = WeightedNumbers(
        Array(drawn[row * options.draws..<(row + 1) * options.draws]), weights: weights.row(row))
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
