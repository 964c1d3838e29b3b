import PushforwardCore
import PushforwardTables

/// A table whose missing cells a model fills; columns that the model does not know stay as they are.
public struct Imputation {
  private let model: any TableModel
  private let table: Table
  private let modelled: [String]
  private let seed: UInt64
  private let firstRow: Int
  /// Rows with a missing cell, the only ones that cost anything.
  private let rows: [Int]
  private let part: Table
  private let workers: WorkerPool?
  /// Number of missing cells that are filled.
  public let holes: Int

  /// A filled table, and how many candidates each row's cells were in effect chosen from.
  public struct Filled: Sendable {
    /// The table.
    public var table: Table
    /// Candidates a row.
    public var candidates: Int
    /// Of the rows with missing cells; NaN where nothing had to be chosen; `nil`: the model's own draws.
    public var effectiveSizes: [Double]?
  }

  /// Prepares a table.
  ///
  /// - Parameters:
  ///   - model: A model that completes rows.
  ///   - table: The rows.
  ///   - modelled: The table's columns that the model models.
  ///   - seed: Same seed, same cells.
  ///   - firstRow: Number of the first row, to fill a long table in pieces.
  ///   - workers: Threads to use.
  public init(
    model: any TableModel, table: Table, modelled: [String], seed: UInt64, firstRow: Int = 0,
    workers: WorkerPool? = WorkerPool()
  ) {
    (self.model, self.table, self.modelled, self.seed) = (model, table, modelled, seed)
    (self.firstRow, self.workers) = (firstRow, workers)
    let columns = modelled.compactMap { table[$0] }
    // A sequence must stay whole.
    rows = (0..<table.rowCount).filter { row in
      model.traits.isSequential || columns.contains { $0.isMissing(row: row) }
    }
    part = table.selecting(rows: rows)
    holes = columns.reduce(0) { $0 + $1.missingCount }
  }

  /// The table with every missing cell drawn from its distribution given the row's other cells.
  ///
  /// - Throws: as `TableModel.complete`.
  public func draw(_ number: Int) throws -> Filled {
    if rows.isEmpty { return Filled(table: table, candidates: 1) }
    let drawn = try model.completion(part, seed: seed, firstRow: firstRow, draw: number, workers: workers)
    return Filled(
      table: try merged(drawn.table), candidates: drawn.candidates ?? 1, effectiveSizes: drawn.effectiveSizes)
  }

  /// The table with the best guess in every missing cell: the mean of the draws for a real, their median for a whole
  /// number, the most frequent level for a category.
  ///
  /// - Parameters:
  ///   - draws: How many.
  ///   - progress: Told how many are done, and of how many.
  /// - Returns: The filled table.
  /// - Throws: as `TableModel.candidate`.
  public func best(of draws: Int, progress: (Int, Int) -> Void = { _, _ in }) throws -> Filled {
    if rows.isEmpty { return Filled(table: table, candidates: draws) }
    let names = modelled.filter { part[$0]?.missingCount ?? 0 > 0 }
    var drawn: [String: [Column]] = [:]
    var logWeights: [[Double]?] = []
    for draw in 0..<draws {
      let found = try model.candidate(part, seed: seed, firstRow: firstRow, draw: draw, workers: workers)
      for name in names { drawn[name, default: []].append(try found.table.column(name)) }
      logWeights.append(found.logWeights)
      progress(draw + 1, draws)
    }
    let weights = DrawWeights(logWeights, rows: rows.count)
    let guesses = try Table(names.map { ($0, guess($0, drawn[$0] ?? [], weights)) })
    let isWeighted = logWeights.contains { $0 != nil }
    return Filled(
      table: try merged(guesses), candidates: draws, effectiveSizes: isWeighted ? weights.effectiveSizes : nil)
  }

  private func guess(_ name: String, _ drawn: [Column], _ weights: DrawWeights) -> Column {
    let numbers = drawn.compactMap(\.numbers)
    if numbers.count == drawn.count {
      let isReal = model.schema[name]?.kind ?? .real == .real
      let values = rows.indices.map { row in
        let own = WeightedNumbers(
          numbers.map { $0.values[row] }, weights: numbers.indices.map { weights[$0, row] })
        return isReal ? own.mean : own.middle
      }
      return .numbers(
        NumberColumn(unchecked: values, missingCount: values.count { $0.isNaN }, recording: .init()))
    }
    let texts = drawn.map(\.categories)
    return .categories(
      CategoryColumn(
        rows.indices.map { row in
          var shares: [String: Double] = [:]
          for (draw, column) in texts.enumerated() {
            if let text = column[row] { shares[text, default: 0] += weights[draw, row] }
          }
          return shares.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        }))
  }

  /// The whole table with the missing cells of `filled`'s rows put in.
  private func merged(_ filled: Table) throws -> Table {
    try Table(
      table.columns.map { name, column in
        guard modelled.contains(name), column.missingCount > 0, let cells = filled[name] else { return (name, column) }
        return (name, column.fillingMissing(rows: rows, from: cells))
      }, origin: table.origin)
  }
}

extension Column {
  /// This column with its missing cells in the given rows taken from another column, which has one cell for each of them.
  fileprivate func fillingMissing(rows: [Int], from other: Column) -> Column {
    switch self {
    case .numbers(let mine):
      // Ordinals and the like: a model may write numbers as levels.
      let theirs =
        other.numbers?.values
        ?? (0..<other.count).map { row in other.categories[row].flatMap { Double($0) } ?? .nan }
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
