import PushforwardCore
import PushforwardTables

/// Weights of draws, row by row, brought to a sum of one.
struct DrawWeights {
  /// `[draw][row]`; `nil`: all draws of all rows are alike.
  private let shares: [[Double]]?
  private let draws: Int
  /// Kong's effective sample size a row; NaN where the draws are alike.
  let effectiveSizes: [Double]

  /// - Parameters:
  ///   - logWeights: `[draw][row]`; `nil` for draws that are alike.
  ///   - rows: Number of rows.
  init(_ logWeights: [[Double]?], rows: Int) {
    draws = logWeights.count
    guard logWeights.contains(where: { $0 != nil }) else {
      (shares, effectiveSizes) = (nil, [Double](repeating: .nan, count: rows))
      return
    }
    var shares = logWeights.map { $0 ?? [Double](repeating: 0, count: rows) }
    var sizes = [Double](repeating: .nan, count: rows)
    for row in 0..<rows {
      let own = shares.map { $0[row] }
      let total = Logarithm.sum(own)
      let isAlike = own.allSatisfy { $0 == own[0] }
      for draw in own.indices {
        shares[draw][row] =
          isAlike || !total.isFinite ? 1 / Double(own.count) : Logarithm.exponential(own[draw] - total)
      }
      if !isAlike { sizes[row] = 1 / shares.reduce(0) { $0 + $1[row] * $1[row] } }
    }
    (self.shares, effectiveSizes) = (shares, sizes)
  }

  subscript(draw: Int, row: Int) -> Double { shares?[draw][row] ?? 1 / Double(draws) }

  /// How many equal draws a row's are worth.
  func worth(_ row: Int) -> Double { effectiveSizes[row].isNaN ? Double(draws) : effectiveSizes[row] }
}

/// Weighted numbers as a distribution.
struct WeightedNumbers {
  /// Ascending.
  private let values: [Double]
  private let weights: [Double]

  init(_ values: [Double], weights: [Double]) {
    let order = values.indices.filter { weights[$0] > 0 && !values[$0].isNaN }.sorted { values[$0] < values[$1] }
    self.values = order.map { values[$0] }
    let kept = order.map { weights[$0] }
    let total = kept.reduce(0, +)
    self.weights = kept.map { $0 / total }
  }

  var mean: Double { zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } }

  /// Masses below, and at, a value.
  func masses(_ value: Double) -> (below: Double, at: Double) {
    var (below, at) = (0.0, 0.0)
    for (x, weight) in zip(values, weights) {
      if x < value { below += weight } else if x == value { at += weight } else { break }
    }
    return (below, at)
  }

  /// Quantiles, each value standing at the middle of its mass, with straight lines between.
  func quantiles(_ levels: [Double]) -> [Double] {
    guard let last = values.last else { return levels.map { _ in .nan } }
    var middles: [Double] = []
    var sum = 0.0
    for weight in weights {
      middles.append(sum + weight / 2)
      sum += weight
    }
    return levels.map { level in
      var (low, high) = (0, middles.count)
      while low < high {
        let middle = (low + high) / 2
        if middles[middle] < level { low = middle + 1 } else { high = middle }
      }
      if low == 0 { return values[0] }
      if low == values.count { return last }
      let part = (level - middles[low - 1]) / (middles[low] - middles[low - 1])
      return values[low - 1] + part * (values[low] - values[low - 1])
    }
  }

  /// The smallest value with at least half of the mass at or below it: one of the values.
  var middle: Double { smallest(reaching: 0.5) }

  /// The smallest value with at least this mass at or below it.
  func smallest(reaching level: Double) -> Double {
    var sum = 0.0
    for (value, weight) in zip(values, weights) {
      sum += weight
      if sum >= level - 1e-12 { return value }
    }
    return values.last ?? .nan
  }
}

extension TableModel {
  /// Candidates of which one is taken by weight, row by row.
  ///
  /// - Throws: as `candidate`.
  func resampled(
    candidates: Int, _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCompletion {
    var tables: [Table] = []
    var logWeights: [[Double]?] = []
    for number in 0..<candidates {
      let found = try candidate(
        table, seed: seed, firstRow: firstRow, draw: draw * candidates + number, workers: workers)
      tables.append(found.table)
      logWeights.append(found.logWeights)
    }
    let weights = DrawWeights(logWeights, rows: table.rowCount)
    let choice = RandomStream(seed: seed, purpose: .component).split(UInt64(draw))
    var rows = [[Int]](repeating: [], count: candidates)
    for row in 0..<table.rowCount {
      var rest = choice.uniform(row: UInt64(firstRow + row), index: 1 << 16)
      var taken = candidates - 1
      for number in 0..<candidates {
        rest -= weights[number, row]
        if rest < 0 {
          taken = number
          break
        }
      }
      rows[taken].append(row)
    }
    let merged = try Table.merging(
      rows.indices.map { (rows[$0], tables[$0].selecting(rows: rows[$0])) }, names: columns, count: table.rowCount)
    return TableCompletion(table: merged, candidates: candidates, effectiveSizes: weights.effectiveSizes)
  }
}
