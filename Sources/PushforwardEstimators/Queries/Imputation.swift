import PushforwardCore
import PushforwardTables

/// A table whose missing cells a model fills; columns that the model does not know stay as they are.
public struct Imputation {
  private let model: any TableModel
  private let table: Table
  private let modelled: [String]
  private let seed: UInt64
  /// Rows with a missing cell, the only ones that cost anything.
  private let rows: [Int]
  private let part: Table
  private let workers = WorkerPool()

  /// Prepares a table.
  ///
  /// - Parameters:
  ///   - model: A model that completes rows.
  ///   - table: The rows.
  ///   - modelled: The table's columns that the model models.
  ///   - seed: Same seed, same cells.
  public init(model: any TableModel, table: Table, modelled: [String], seed: UInt64) {
    (self.model, self.table, self.modelled, self.seed) = (model, table, modelled, seed)
    let columns = modelled.compactMap { table[$0] }
    // A sequence must stay whole.
    rows = (0..<table.rowCount).filter { row in
      model.traits.isSequential || columns.contains { $0.isMissing(row: row) }
    }
    part = table.selecting(rows: rows)
  }

  /// The table with every missing cell drawn from its distribution given the row's other cells.
  ///
  /// - Throws: as `TableModel.complete`.
  public func draw(_ number: Int) throws -> Table {
    try merged(completed(number))
  }

  /// The table with the best guess in every missing cell: the mean of the draws for a real, their median for a whole
  /// number, the most frequent level for a category.
  ///
  /// - Parameters:
  ///   - draws: How many.
  ///   - progress: Told how many are done, and of how many.
  /// - Returns: The filled table.
  /// - Throws: as `TableModel.complete`.
  public func best(of draws: Int, progress: (Int, Int) -> Void = { _, _ in }) throws -> Table {
    var numbers: [String: [[Double]]] = [:]
    var texts: [String: [[String?]]] = [:]
    for draw in 0..<draws {
      let filled = try completed(draw)
      for name in modelled where part[name]?.missingCount ?? 0 > 0 {
        switch try filled.column(name) {
        case .numbers(let column): numbers[name, default: []].append(column.values)
        case .categories(let column): texts[name, default: []].append((0..<rows.count).map { column[$0] })
        }
      }
      progress(draw + 1, draws)
    }
    let isWhole = Set(model.schema.columns.filter { $0.kind != .real }.map(\.name))
    return try merged(
      Table(
        modelled.map { name in
          if let drawn = numbers[name] {
            return (name, .numbers(try NumberColumn(guesses(drawn, isWhole: isWhole.contains(name)), name: name)))
          }
          if let drawn = texts[name] { return (name, .categories(CategoryColumn(guesses(drawn)))) }
          return (name, try part.column(name))
        }))
  }

  private func guesses(_ draws: [[Double]], isWhole: Bool) -> [Double] {
    rows.indices.map { row in
      let values = draws.map { $0[row] }
      return isWhole ? values.sorted()[values.count / 2] : values.reduce(0, +) / Double(values.count)
    }
  }

  private func guesses(_ draws: [[String?]]) -> [String?] {
    rows.indices.map { row in
      var counts: [String: Int] = [:]
      for draw in draws { if let text = draw[row] { counts[text, default: 0] += 1 } }
      return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }
  }

  private func completed(_ draw: Int) throws -> Table {
    if rows.isEmpty { return try part.selecting(columns: modelled) }
    return try model.complete(part, seed: seed, firstRow: 0, draw: draw, workers: workers)
  }

  /// The whole table with the missing cells of `filled`'s rows put in.
  private func merged(_ filled: Table) throws -> Table {
    try Table(
      table.columns.map { name, column in
        guard modelled.contains(name), column.missingCount > 0 else { return (name, column) }
        return (name, column.fillingMissing(rows: rows, from: try filled.column(name)))
      }, origin: table.origin)
  }
}

extension Column {
  /// This column with its missing cells in the given rows taken from another column, which has one cell for each of them.
  fileprivate func fillingMissing(rows: [Int], from other: Column) -> Column {
    switch self {
    case .numbers(let mine):
      guard let theirs = other.numbers?.values else { return self }
      var values = mine.values
      for (index, row) in rows.enumerated() where values[row].isNaN { values[row] = theirs[index] }
      return .numbers(
        NumberColumn(unchecked: values, missingCount: values.count { $0.isNaN }, recording: mine.recording))
    case .categories(let mine):
      let theirs = other.categories
      var texts = (0..<mine.codes.count).map { mine[$0] }
      for (index, row) in rows.enumerated() where texts[row] == nil { texts[row] = theirs[index] }
      return .categories(CategoryColumn(texts))
    }
  }
}
