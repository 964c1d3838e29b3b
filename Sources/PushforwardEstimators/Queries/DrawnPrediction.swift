import PushforwardCore
import PushforwardTables

extension TableModel {
  /// Predicts a column by draws of it given the row's other cells: what every model that completes rows can do.
  ///
  /// - Parameters:
  ///   - table: The rows; the column itself may be absent and is not looked at except for `cdf`.
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
    var numbers: [[Double]] = []
    var levels: [String] = []
    var codes: [String: Int] = [:]
    var frequencies = [[Double]](repeating: [], count: table.rowCount)
    for draw in 0..<options.draws {
      let drawn = try complete(
        asked, seed: options.seed, firstRow: options.firstRow, draw: draw, workers: workers)
      switch try drawn.column(target) {
      case .numbers(let column):
        if numbers.isEmpty { numbers = [[Double]](repeating: [], count: table.rowCount) }
        for (row, value) in column.values.enumerated() { numbers[row].append(value) }
      case .categories(let column):
        for row in 0..<table.rowCount {
          guard let level = column[row] else { continue }
          let code = codes[level] ?? levels.count
          if code == levels.count {
            codes[level] = code
            levels.append(level)
          }
          while frequencies[row].count <= code { frequencies[row].append(0) }
          frequencies[row][code] += 1 / Double(options.draws)
        }
      }
    }
    if !numbers.isEmpty || levels.isEmpty {
      return numeric(numbers, table: table, target: target, options: options)
    }
    let order = levels.indices.sorted { levels[$0] < levels[$1] }
    let probabilities = frequencies.map { row in order.map { $0 < row.count ? row[$0] : 0 } }
    return ColumnPrediction(
      target: target, answer: .levels(order.map { levels[$0] }, probabilities: probabilities), logProb: nil, cdf: nil,
      method: .draws(options.draws))
  }

  private func numeric(
    _ draws: [[Double]], table: Table, target: String, options: PredictionOptions
  ) -> ColumnPrediction {
    let sorted = draws.map { $0.sorted() }
    let count = Double(options.draws)
    let quantiles = sorted.map { row in
      options.levels.map { level in
        let place = min(max(level * count - 0.5, 0), count - 1)
        let low = Int(place)
        let high = min(low + 1, row.count - 1)
        return row[low] + (place - Double(low)) * (row[high] - row[low])
      }
    }
    var cdf: [Double]?
    if let truth = table[target]?.numbers {
      let stream = RandomStream(seed: options.seed, purpose: .user)
      cdf = truth.values.enumerated().map { row, value in
        if value.isNaN { return .nan }
        let below = Double(sorted[row].count { $0 < value })
        let equal = Double(sorted[row].count { $0 == value })
        return (below + (equal + 1) * stream.uniform(row: UInt64(options.firstRow + row))) / (count + 1)
      }
    }
    return ColumnPrediction(
      target: target, answer: .numbers(mean: sorted.map { $0.reduce(0, +) / count }, quantiles: quantiles),
      logProb: nil,
      cdf: cdf, method: .draws(options.draws))
  }
}
