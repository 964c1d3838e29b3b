import PushforwardCore
import PushforwardTables

/// Log-probabilities of the cells of some rows.
public struct CellScores: Sendable {
  /// For each column its name and one number a row, in nats and the column's units; NaN where there is none.
  public var columns: [(name: String, logProb: [Double])]
  /// What a reader must know of the rows, in words; `nil`: nothing.
  public var note: String?

  /// Makes scores.
  public init(columns: [(name: String, logProb: [Double])], note: String? = nil) {
    (self.columns, self.note) = (columns, note)
  }
}

extension TableModel {
  /// Column by column by `predict`; where that has no density, as what the row loses when the cell is taken out, if the model
  /// scores rows with gaps.
  public func scoreCells(_ table: Table, workers: WorkerPool?) throws -> CellScores {
    if traits.isSequential {
      throw EstimatorError.cannotAnswer(
        model: record.model.rawValue, question: "the density of a cell given all others of its sequence")
    }
    let rows = traits.acceptsMissing ? Array(0..<table.rowCount) : wholeRows(of: table)
    let part = rows.count == table.rowCount ? table : table.selecting(rows: rows)
    var whole: [Double]?
    // Where draws must answer without a density, few are enough: they are not looked at.
    let options = PredictionOptions(levels: [0.5], draws: traits.likelihood == .estimate ? 100 : 2)
    let scores = try columns.map { name -> (name: String, logProb: [Double]) in
      var cells = [Double](repeating: .nan, count: table.rowCount)
      guard let column = part[name], column.missingCount < part.rowCount else { return (name, cells) }
      var found = try predict(part, target: name, options: options, workers: workers).logProb
      if found == nil {
        guard traits.acceptsMissing else {
          throw EstimatorError.cannotAnswer(
            model: record.model.rawValue, question: "the density of \(name) given the other columns")
        }
        let joint = try whole ?? score(part, workers: workers).logProb
        whole = joint
        let others = try score(part.leavingOut(column: name), workers: workers).logProb
        found = zip(joint, others).map { $0 - $1 }
      }
      for (place, row) in rows.enumerated() where !column.isMissing(row: place) { cells[row] = found?[place] ?? .nan }
      return (name, cells)
    }
    return CellScores(columns: scores)
  }

  /// Differences of the scores of leading columns, if the model scores rows with gaps.
  public func scoreColumns(_ table: Table, workers: WorkerPool?) throws -> CellScores {
    guard traits.acceptsMissing, !traits.isSequential else {
      throw EstimatorError.cannotAnswer(
        model: record.model.rawValue, question: "the distribution of a column given those before it alone")
    }
    var names = given.filter { table[$0] != nil }
    var before = [Double](repeating: 0, count: table.rowCount)
    let scores = try columns.map { name -> (name: String, logProb: [Double]) in
      guard let column = table[name] else { return (name, [Double](repeating: .nan, count: table.rowCount)) }
      names.append(name)
      let now = try score(table.selecting(columns: names), workers: workers).logProb
      defer { before = now }
      return (name, (0..<table.rowCount).map { column.isMissing(row: $0) ? .nan : now[$0] - before[$0] })
    }
    return CellScores(columns: scores)
  }

  /// Rows in which no column of the model is missing.
  private func wholeRows(of table: Table) -> [Int] {
    let needed = requiredColumns.compactMap { table[$0.name] }
    return (0..<table.rowCount).filter { row in !needed.contains { $0.isMissing(row: row) } }
  }
}
