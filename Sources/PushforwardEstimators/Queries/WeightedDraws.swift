import PushforwardCore
import PushforwardTables

/// Weights of draws, row by row, brought to a sum of one.
///
/// For averages the weights of n draws are bounded by √n times their mean (Ionides 2008, "Truncated importance sampling",
/// J. Comput. Graph. Stat. 17): they have heavy tails where proposals are poor, and one draw would stand for nearly all. The
/// bias that this brings vanishes with n.
package struct DrawWeights {
  /// Those of the first row, then those of the second; `nil`: all draws of all rows are alike.
  private let shares: [Double]?
  private let draws: Int
  /// Kong's effective sample size a row, of the weights as they are; NaN where the draws are alike.
  package let effectiveSizes: [Double]

  /// - Parameters:
  ///   - candidates: Draws of some rows.
  ///   - isTruncated: Whether weights are bounded, as averages want them.
  package init(_ candidates: TableCandidates, isTruncated: Bool = true) {
    draws = candidates.draws
    let rows = candidates.table.rowCount / draws
    guard var shares = candidates.logWeights else {
      (shares, effectiveSizes) = (nil, [Double](repeating: .nan, count: rows))
      return
    }
    var sizes = [Double](repeating: .nan, count: rows)
    for row in 0..<rows {
      let places = row * draws..<(row + 1) * draws
      let own = Array(shares[places])
      let total = Logarithm.sum(own)
      let isAlike = own.allSatisfy { $0 == own[0] }
      for place in places {
        shares[place] =
          isAlike || !total.isFinite ? 1 / Double(draws) : Logarithm.exponential(shares[place] - total)
      }
      if isAlike { continue }
      sizes[row] = 1 / shares[places].reduce(0) { $0 + $1 * $1 }
      guard isTruncated else { continue }
      let most = 1 / Double(draws).squareRoot()
      let sum = shares[places].reduce(0) { $0 + min($1, most) }
      for place in places { shares[place] = min(shares[place], most) / sum }
    }
    (self.shares, effectiveSizes) = (shares, sizes)
  }

  subscript(draw: Int, row: Int) -> Double { shares?[row * draws + draw] ?? 1 / Double(draws) }

  /// Those of one row.
  package func row(_ row: Int) -> [Double] {
    shares.map { Array($0[row * draws..<(row + 1) * draws]) } ?? [Double](repeating: 1 / Double(draws), count: draws)
  }

  /// How many equal draws a row's are worth.
  func worth(_ row: Int) -> Double { effectiveSizes[row].isNaN ? Double(draws) : effectiveSizes[row] }
}

/// Weighted numbers as a distribution.
package struct WeightedNumbers {
  /// Ascending.
  private let values: [Double]
  private let weights: [Double]

  package init(_ values: [Double], weights: [Double]) {
    let order = values.indices.filter { weights[$0] > 0 && !values[$0].isNaN }.sorted { values[$0] < values[$1] }
    self.values = order.map { values[$0] }
    let kept = order.map { weights[$0] }
    let total = kept.reduce(0, +)
    self.weights = kept.map { $0 / total }
  }

  var mean: Double { zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } }

  /// The mean, values outside of a range counting as its ends.
  package func mean(within range: ClosedRange<Double>) -> Double {
    zip(values, weights).reduce(0) { $0 + min(max($1.0, range.lowerBound), range.upperBound) * $1.1 }
  }

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

extension TableCandidates {
  /// One candidate of each row, taken by weight.
  ///
  /// - Parameters:
  ///   - seed: Of the choice.
  ///   - firstRow: Number of the first row.
  /// - Returns: The rows, with effective sizes.
  func resampled(seed: UInt64, firstRow: Int) -> TableCompletion {
    let weights = DrawWeights(self, isTruncated: false)
    let chosen = choices(1, weights, seed: seed, firstRow: firstRow)[0]
    return TableCompletion(
      table: table.selecting(rows: chosen), candidates: draws, effectiveSizes: weights.effectiveSizes)
  }

  /// Numbers of candidates, so many for each row, each taken by weight: `[choice][row]`.
  ///
  /// Systematic resampling (Kitagawa 1996, "Monte Carlo filter and smoother for non-Gaussian nonlinear state space models",
  /// J. Comput. Graph. Stat. 5): the choices of a row share a uniform number and stand in a random order, so that each alone
  /// follows the weights and a candidate is taken as often as its weight says, up to one.
  func choices(_ count: Int, _ weights: DrawWeights, seed: UInt64, firstRow: Int) -> [[Int]] {
    let stream = RandomStream(seed: seed, purpose: .component)
    let rows = table.rowCount / draws
    var chosen = [[Int]](repeating: [Int](repeating: 0, count: rows), count: count)
    for row in 0..<rows {
      let number = UInt64(firstRow + row)
      let start = stream.uniform(row: number, index: 1 << 16)
      let order = count > 1 ? stream.split(number).permutation(count: count) : [0]
      var (candidate, below) = (0, weights[0, row])
      for place in 0..<count {
        let goal = (Double(place) + start) / Double(count)
        while below <= goal, candidate + 1 < draws {
          candidate += 1
          below += weights[candidate, row]
        }
        chosen[Int(order[place])][row] = row * draws + candidate
      }
    }
    return chosen
  }
}
