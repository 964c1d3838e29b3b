import PushforwardTables

/// How much a synthetic table looks like a real one, column by column and pair by pair: 1 is alike.
///
/// The measures are those of SDMetrics' quality report (Patki, Wedge, Veeramachaneni 2016), which the literature on synthetic
/// tables quotes; for a quantity beside a category, the quantity is cut into tenths of the real values.
public struct Fidelity: Codable, Sendable, Equatable {
  /// One column.
  public struct Shape: Codable, Sendable, Equatable {
    /// Column name.
    public var column: String
    /// A quantity: one minus the Kolmogorov-Smirnov distance; a category: one minus the total variation distance.
    public var score: Double
    /// Share of missing cells, real and synthetic.
    public var missing: [Double]
  }

  /// Two columns.
  public struct Trend: Codable, Sendable, Equatable {
    /// Column names.
    public var columns: [String]
    /// Two quantities: one minus half the difference of their correlations; otherwise one minus the total variation distance
    /// of their joint frequencies.
    public var score: Double
  }

  /// Each column.
  public var shapes: [Shape]
  /// Each pair of columns.
  public var trends: [Trend]

  /// Mean over the columns.
  public var shape: Double { Self.mean(shapes.map(\.score)) }
  /// Mean over the pairs; 1 when there is none.
  public var trend: Double { trends.isEmpty ? 1 : Self.mean(trends.map(\.score)) }

  /// Compares two tables.
  ///
  /// - Parameters:
  ///   - real: The rows to be like.
  ///   - synthetic: The rows judged.
  ///   - columns: The columns looked at; both tables must have them.
  ///   - weights: Weight of each real row: weight 2 is the row twice. `nil`: 1 each.
  /// - Throws: `TableError.unknownColumn`.
  ///
  /// - Precondition: as many weights as real rows.
  public init(real: Table, synthetic: Table, columns: [String], weights: [Double]? = nil) throws {
    precondition(weights.map { $0.count == real.rowCount } ?? true, "Fidelity: weights for other rows")
    let paired = try columns.map { try PairedColumns($0, tables: [real, synthetic], weights: weights) }
    shapes = paired.map { column in
      Shape(
        column: column.name, score: column.isCategory ? Self.categoryShape(column) : Self.quantityShape(column),
        missing: column.values.indices.map {
          column.weight(in: $0) { $0.isNaN } / max(column.weight(in: $0) { _ in true }, 1e-300)
        })
    }
    let classes = paired.map { $0.classes() }
    var trends: [Trend] = []
    for first in paired.indices {
      for second in paired.indices where second > first {
        let score =
          paired[first].isCategory || paired[second].isCategory
          ? Self.contingency(classes[first], classes[second], weights: paired[first].weights)
          : Self.correlation(paired[first], paired[second])
        trends.append(Trend(columns: [paired[first].name, paired[second].name], score: score))
      }
    }
    self.trends = trends
  }

  private static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 1 : values.reduce(0, +) / Double(values.count)
  }

  private static func quantityShape(_ column: PairedColumns) -> Double {
    let sorted = column.values.indices.map { column.sorted($0) }
    guard !sorted[0].isEmpty, !sorted[1].isEmpty else { return sorted[0].isEmpty == sorted[1].isEmpty ? 1 : 0 }
    let totals = sorted.map { $0.reduce(0) { $0 + $1.weight } }
    var (i, j, worst) = (0, 0, 0.0)
    var below = [0.0, 0.0]
    while i < sorted[0].count, j < sorted[1].count {
      let value = min(sorted[0][i].value, sorted[1][j].value)
      while i < sorted[0].count, sorted[0][i].value <= value {
        below[0] += sorted[0][i].weight
        i += 1
      }
      while j < sorted[1].count, sorted[1][j].value <= value {
        below[1] += sorted[1][j].weight
        j += 1
      }
      worst = max(worst, abs(below[0] / totals[0] - below[1] / totals[1]))
    }
    return 1 - worst
  }

  private static func categoryShape(_ column: PairedColumns) -> Double {
    let shares = column.values.indices.map { table -> [Double] in
      var counts = [Double](repeating: 0, count: column.levelCount)
      for (row, value) in column.values[table].enumerated() where !value.isNaN {
        counts[Int(value)] += column.weights[table]?[row] ?? 1
      }
      let total = counts.reduce(0, +)
      return counts.map { total > 0 ? $0 / total : 0 }
    }
    return 1 - zip(shares[0], shares[1]).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
  }

  private static func contingency(
    _ first: (codes: [[Int]], count: Int), _ second: (codes: [[Int]], count: Int), weights: [[Double]?]
  ) -> Double {
    var shares: [Int: (Double, Double)] = [:]
    for table in 0..<2 {
      let total = weights[table].map { $0.reduce(0, +) } ?? Double(max(first.codes[table].count, 1))
      for (row, (a, b)) in zip(first.codes[table], second.codes[table]).enumerated() {
        let weight = (weights[table]?[row] ?? 1) / total
        if table == 0 {
          shares[a * second.count + b, default: (0, 0)].0 += weight
        } else {
          shares[a * second.count + b, default: (0, 0)].1 += weight
        }
      }
    }
    // In a fixed order, so that the sum is the same in every run.
    return 1 - shares.sorted { $0.key < $1.key }.reduce(0) { $0 + abs($1.value.0 - $1.value.1) } / 2
  }

  private static func correlation(_ first: PairedColumns, _ second: PairedColumns) -> Double {
    let found = (0..<2).map { pearson(first.values[$0], second.values[$0], weights: first.weights[$0]) }
    // A constant column correlates with nothing.
    return 1 - abs(found[0] - found[1]) / 2
  }

  private static func pearson(_ x: [Double], _ y: [Double], weights: [Double]?) -> Double {
    let rows = x.indices.filter { !x[$0].isNaN && !y[$0].isNaN }
    func weight(_ row: Int) -> Double { weights?[row] ?? 1 }
    let total = rows.reduce(0) { $0 + weight($1) }
    guard total > 0 else { return 0 }
    let centerX = rows.reduce(0) { $0 + weight($1) * x[$1] } / total
    let centerY = rows.reduce(0) { $0 + weight($1) * y[$1] } / total
    var (xx, xy, yy) = (0.0, 0.0, 0.0)
    for row in rows {
      let (a, b) = (x[row] - centerX, y[row] - centerY)
      xx += weight(row) * a * a
      xy += weight(row) * a * b
      yy += weight(row) * b * b
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : 0
  }
}
