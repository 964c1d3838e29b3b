import PushforwardChains
import PushforwardCore
import PushforwardTables

/// Scores of rows with gaps: missing cells of the chain are summed out, a missing real is integrated out.
extension MixedFlowModel {
  /// Combinations of values that are summed over, at most.
  static var mostCombinations: Int { 512 }

  /// The model's columns of a table, cells that the chain does not know made missing, and what their being so odd costs in
  /// nats a row.
  func knownCells(_ table: Table) throws -> (table: Table, constants: [Double], note: String?) {
    let typed = try chain.encoder.encode(table)
    var constants = [Double](repeating: 0, count: table.rowCount)
    var cells: [(String, Column)] = []
    for (index, column) in chain.encoder.columns.enumerated() {
      let isGiven = chain.given.contains(column.name)
      guard let source = table[column.name] else { continue }
      let codes = typed.columns[index].codes
      let odd = isGiven ? [] : codes.indices.filter { codes[$0] == TypedCells.missing && !source.isMissing(row: $0) }
      for row in odd { constants[row] += typed.columns[index].constant[row] }
      cells.append((column.name, odd.isEmpty ? source : source.clearing(rows: Set(odd))))
    }
    for name in flow.columns {
      if let column = table[name] { cells.append((name, column)) }
    }
    if cells.isEmpty { _ = try table.column(columns[0]) }
    return (try Table(cells, origin: table.origin), constants, typed.note)
  }

  /// `log p` of each row's present cells; NaN where the gaps are too many.
  func jointLogProb(_ table: Table, workers: WorkerPool?) throws -> [Double] {
    var result = [Double](repeating: .nan, count: table.rowCount)
    for (gaps, rows) in chainGaps(table) {
      let part = table.selecting(rows: rows)
      // Where the reals are all missing, the chain alone has the answer.
      let bare = Set(rows.indices.filter { row in flow.columns.allSatisfy { part[$0]?.isMissing(row: row) ?? true } })
      let alone = try chain.score(chainTable(part), workers: workers).logProb
      for place in bare { result[rows[place]] = alone[place] }
      let asked = rows.indices.filter { !bare.contains($0) }
      if asked.isEmpty { continue }
      let some = part.selecting(rows: asked)
      let found: [Double]
      if gaps.isEmpty {
        found = zip(asked.map { alone[$0] }, try flowLogProb(some, workers: workers)).map { $0 + $1 }
      } else if let choices = combinations(of: gaps) {
        found = try combinationScores(some, choices, workers: workers).map { Logarithm.sum($0) }
      } else {
        continue
      }
      for (place, row) in asked.enumerated() { result[rows[row]] = found[place] }
    }
    return result
  }

  /// The row's score with each combination of values in the place of its missing cells, `[row][combination]`.
  func combinationScores(
    _ table: Table, _ choices: [[(name: String, cell: Column)]], workers: WorkerPool?
  ) throws -> [[Double]] {
    var scores = [[Double]](repeating: [], count: table.rowCount)
    for choice in choices {
      let filled = try table.replacing(choice)
      let first = try chain.score(chainTable(filled), workers: workers).logProb
      let second = try flowLogProb(filled, workers: workers)
      for row in scores.indices { scores[row].append(first[row] + second[row]) }
    }
    return scores
  }

  /// `log p(reals | conditions)` of each row, all conditions present: of complete reals from the flow, with one missing by
  /// quadrature; NaN where more are missing.
  func flowLogProb(_ table: Table, workers: WorkerPool?) throws -> [Double] {
    var result = [Double](repeating: .nan, count: table.rowCount)
    var byGap: [String?: [Int]] = [:]
    for row in 0..<table.rowCount {
      let gaps = flow.columns.filter { table[$0]?.isMissing(row: row) ?? true }
      if gaps.count <= 1 { byGap[gaps.first, default: []].append(row) }
    }
    for (gap, rows) in byGap {
      let part = table.selecting(rows: rows)
      let found =
        try gap.map { try flow.marginalLogProb(part, without: $0, workers: workers) }
        ?? flow.score(part, workers: workers).logProb
      for (place, row) in rows.enumerated() { result[row] = found[place] }
    }
    return result
  }

  /// The chain's columns and conditions of a table.
  func chainTable(_ table: Table) throws -> Table {
    let names = Set(chain.encoder.columns.map(\.name))
    return try Table(table.columns.filter { names.contains($0.key) }.map { ($0, $1) }, rowCount: table.rowCount)
  }

  /// The rows of a table by which of the chain's columns are missing in them.
  func chainGaps(_ table: Table) -> [(gaps: [String], rows: [Int])] {
    var rows: [[String]: [Int]] = [:]
    for row in 0..<table.rowCount {
      rows[chain.columns.filter { table[$0]?.isMissing(row: row) ?? true }, default: []].append(row)
    }
    return rows.sorted { $0.value[0] < $1.value[0] }.map { ($0.key, $0.value) }
  }

  /// Every combination of the values of some of the chain's columns; `nil` when they are too many to be summed over.
  func combinations(of names: [String]) -> [[(name: String, cell: Column)]]? {
    var result: [[(name: String, cell: Column)]] = [[]]
    for name in names {
      guard let column = chain.encoder.columns.first(where: { $0.name == name }), let cells = column.cells,
        result.count * cells.count <= Self.mostCombinations
      else { return nil }
      result = result.flatMap { begun in cells.map { begun + [(name, $0)] } }
    }
    return result
  }
}

extension TypedColumn {
  /// Every value as a column of one row; `nil` where there are values between the classes.
  fileprivate var cells: [Column]? {
    if let levels { return (levels.levels + levels.pooled).map { .categories(CategoryColumn([$0])) } }
    guard !hasContinuous, storage == .numbers else { return nil }
    return values.map { .numbers(NumberColumn(unchecked: [$0], missingCount: 0, recording: .init())) }
  }
}

extension Column {
  /// The column with some cells missing.
  fileprivate func clearing(rows: Set<Int>) -> Column {
    switch self {
    case .numbers(let column):
      let values = column.values.enumerated().map { rows.contains($0) ? .nan : $1 }
      return .numbers(
        NumberColumn(unchecked: values, missingCount: values.count { $0.isNaN }, recording: column.recording))
    case .categories(let column):
      return .categories(CategoryColumn(column.codes.indices.map { rows.contains($0) ? nil : column[$0] }))
    }
  }
}

extension Table {
  /// A table that may have no column at all, of which only the number of rows is known, is one of missing cells.
  fileprivate init(_ columns: [(String, Column)], rowCount: Int) throws {
    if columns.isEmpty && rowCount > 0 {
      // Every model ignores a column that it does not know.
      let nothing = CategoryColumn([String?](repeating: nil, count: rowCount))
      try self.init([("", .categories(nothing))])
    } else {
      try self.init(columns.map { (name: $0.0, column: $0.1) })
    }
  }

  /// The table with the same value in every row of some columns.
  func replacing(_ cells: [(name: String, cell: Column)]) throws -> Table {
    let names = Set(cells.map(\.name))
    let rows = [Int](repeating: 0, count: rowCount)
    return try Table(
      columns.filter { !names.contains($0.key) }.map { ($0, $1) }
        + cells.map { ($0.name, $0.cell.selecting(rows: rows)) })
  }
}
