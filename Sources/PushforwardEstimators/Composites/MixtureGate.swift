import PushforwardCore
import PushforwardTables

/// Weights of a mixture's members that depend on a row's conditions: a softmax of linear functions of them.
///
/// Only conditions may move the weights: if modelled columns did, the mixture would be no density.
struct MixtureGate: Sendable, Codable {
  /// The conditions, as numbers on their standard scale and as indicators of levels.
  let conditions: [ConditionColumn]
  /// For each member an intercept and a slope for each number of a row of conditions.
  let coefficients: [[Double]]

  private var width: Int { conditions.reduce(0) { $0 + $1.width } }

  /// Whether the parts fit each other (those of a file need not).
  func isConsistent(members: Int, given: [String]) -> Bool {
    coefficients.count == members && coefficients.allSatisfy { $0.count == width + 1 && $0.allSatisfy(\.isFinite) }
      && Set(conditions.map(\.name)).isSubset(of: given)
  }

  /// Logarithms of the weights: one array a row, one number a member.
  ///
  /// - Throws: `TableError` for missing conditions or unseen levels.
  func logWeights(_ table: Table) throws -> [[Double]] {
    let features = try Self.features(conditions, table)
    return (0..<table.rowCount).map { row in
      Self.logSoftmax(coefficients, features[row * width..<(row + 1) * width])
    }
  }

  private static func features(_ conditions: [ConditionColumn], _ table: Table) throws -> [Double] {
    let width = conditions.reduce(0) { $0 + $1.width }
    var out = [Double](repeating: 0, count: table.rowCount * width)
    var offset = 0
    for condition in conditions {
      let column = try table.column(condition.name)
      if column.missingCount > 0 {
        let row = (0..<table.rowCount).first { column.isMissing(row: $0) } ?? 0
        throw TableError.missingCell(
          column: condition.name, place: table.place(ofRow: row), count: column.missingCount)
      }
      try condition.encode(
        column, rows: Array(0..<table.rowCount), into: &out, offset: offset, stride: width, place: table.place(ofRow:))
      offset += condition.width
    }
    return out
  }

  private static func logSoftmax(_ coefficients: [[Double]], _ features: ArraySlice<Double>) -> [Double] {
    let scores = coefficients.map { own in
      zip(own.dropFirst(), features).reduce(own[0]) { $0 + $1.0 * $1.1 }
    }
    let total = Logarithm.sum(scores)
    return scores.map { $0 - total }
  }

  /// Finds the gate that makes some rows most likely, from constant weights upwards.
  ///
  /// Slopes are held back by a standard normal prior. Every step improves, so the result is never worse than the constant
  /// weights on these rows.
  init(
    conditions: [ConditionColumn], table: Table, logDensities: [[Double]], start: [Double]
  ) throws {
    self.conditions = conditions
    let features = try Self.features(conditions, table)
    let (rows, members) = (table.rowCount, start.count)
    let width = conditions.reduce(0) { $0 + $1.width }
    var now = start.map { [Logarithm.of(max($0, 1e-6))] + [Double](repeating: 0, count: width) }
    func value(_ coefficients: [[Double]]) -> (value: Double, slopes: [[Double]]) {
      var slopes = [[Double]](repeating: [Double](repeating: 0, count: width + 1), count: members)
      var sum = 0.0
      for row in 0..<rows {
        let own = features[row * width..<(row + 1) * width]
        let weights = Self.logSoftmax(coefficients, own)
        let joint = (0..<members).map { weights[$0] + logDensities[$0][row] }
        let total = Logarithm.sum(joint)
        sum += total
        for m in 0..<members {
          let pull = Logarithm.exponential(joint[m] - total) - Logarithm.exponential(weights[m])
          slopes[m][0] += pull
          for (place, x) in own.enumerated() { slopes[m][place + 1] += pull * x }
        }
      }
      for m in 0..<members {
        for place in 1..<max(width + 1, 1) {
          sum -= 0.5 * coefficients[m][place] * coefficients[m][place]
          slopes[m][place] -= coefficients[m][place]
        }
      }
      return (sum, slopes)
    }
    var (best, slopes) = value(now)
    var step = 4 / Double(max(rows, 1))
    for _ in 0..<300 {
      var improved = false
      for _ in 0..<20 {
        let next = now.indices.map { m in now[m].indices.map { now[m][$0] + step * slopes[m][$0] } }
        let found = value(next)
        if found.value > best {
          improved = found.value - best > 1e-7 * Double(rows)
          (now, best, slopes) = (next, found.value, found.slopes)
          step *= 1.6
          break
        }
        step *= 0.4
      }
      if !improved { break }
    }
    coefficients = now
  }
}
