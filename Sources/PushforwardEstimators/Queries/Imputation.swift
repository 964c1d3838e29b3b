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

  /// Several tables with every missing cell drawn from its distribution given the row's other cells.
  ///
  /// Where a model chooses draws among weighted candidates, these tables' share them: many candidates make each draw more
  /// nearly exact, and half as many of them are needed as for single draws. A row whose candidates are worth few is filled
  /// alike in some tables.
  ///
  /// - Parameters:
  ///   - count: How many.
  ///   - first: Number of the first, to draw many in groups.
  ///   - progress: Told how many rows are done, and of how many.
  /// - Returns: The filled tables.
  /// - Throws: as `TableModel.candidates`.
  public func draws(
    _ count: Int, first: Int = 0, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> [Filled] {
    if rows.isEmpty { return [Filled](repeating: Filled(table: table, candidates: 1), count: count) }
    if count == 1 || model.candidatesPerDraw == 1 { return try (first..<first + count).map(draw) }
    let pool = max(count * model.candidatesPerDraw, 32)
    let own = RandomStream(seed: seed, purpose: .user).split(UInt64(first)).seed
    var parts = [[Table]](repeating: [], count: count)
    var sizes: [Double] = []
    try model.forEachCandidates(part, draws: pool, seed: own, firstRow: firstRow, workers: workers) { done, found in
      let weights = DrawWeights(found)
      let cells = try found.table.selecting(columns: modelled.filter { part[$0]?.missingCount ?? 0 > 0 })
      let chosen = found.choices(count, weights, seed: own, firstRow: firstRow + done.lowerBound)
      for (draw, places) in chosen.enumerated() { parts[draw].append(cells.selecting(rows: places)) }
      sizes += weights.effectiveSizes
      progress(done.upperBound, rows.count)
    }
    return try parts.enumerated().map { draw, cells in
      // The candidates are those of all tables: they are told once.
      Filled(
        table: try merged(Table.stacking(cells)), candidates: pool, effectiveSizes: draw == 0 ? sizes : nil)
    }
  }

  /// The table with the best guess in every missing cell: the mean of the draws for a number (draws beyond the range of
  /// the fitted rows count as its end), rounded to the step of a whole number, the most frequent level for a category.
  ///
  /// - Parameters:
  ///   - draws: How many.
  ///   - progress: Told how many rows are done, and of how many.
  /// - Returns: The filled table.
  /// - Throws: as `TableModel.candidates`.
  public func best(of draws: Int, progress: (Int, Int) -> Void = { _, _ in }) throws -> Filled {
    if rows.isEmpty { return Filled(table: table, candidates: draws) }
    let names = modelled.filter { part[$0]?.missingCount ?? 0 > 0 }
    var guesses: [Table] = []
    var sizes: [Double]?
    try model.forEachCandidates(part, draws: draws, seed: seed, firstRow: firstRow, workers: workers) { done, found in
      let weights = DrawWeights(found)
      guesses.append(
        try Table(
          names.map { name in
            let isHole = done.map { part[name]?.isMissing(row: $0) ?? true }
            return (name, guess(name, try found.table.column(name), weights, isHole))
          }))
      if found.logWeights != nil || sizes != nil {
        sizes = (sizes ?? [Double](repeating: .nan, count: done.lowerBound)) + weights.effectiveSizes
      }
      progress(done.upperBound, rows.count)
    }
    return Filled(table: try merged(Table.stacking(guesses)), candidates: draws, effectiveSizes: sizes)
  }

  /// The best guesses of one column in some rows; nothing where there is no hole.
  private func guess(_ name: String, _ drawn: Column, _ weights: DrawWeights, _ isHole: [Bool]) -> Column {
    let draws = drawn.count / max(isHole.count, 1)
    if let numbers = drawn.numbers?.values {
      let schema = model.schema[name]
      let step = schema?.kind == .wholeNumber ? schema?.step ?? 1 : nil
      let values = isHole.indices.map { row -> Double in
        if !isHole[row] { return .nan }
        let own = WeightedNumbers(Array(numbers[row * draws..<(row + 1) * draws]), weights: weights.row(row))
        // A tail without a mean has draws that would move it anywhere: what is beyond all that the fit has seen counts as the
        // end of that, unless half of the draws are there.
        let ends = (schema?.minimum ?? -.infinity, schema?.maximum ?? .infinity)
        let mean = own.mean(within: min(ends.0, own.middle)...max(ends.1, own.middle))
        return step.map { (mean / $0).rounded() * $0 } ?? mean
      }
      return .numbers(
        NumberColumn(unchecked: values, missingCount: values.count { $0.isNaN }, recording: .init()))
    }
    let texts = drawn.categories
    return .categories(
      CategoryColumn(
        isHole.indices.map { row in
          if !isHole[row] { return nil }
          var shares: [UInt32: Double] = [:]
          for draw in 0..<draws {
            let code = texts.codes[row * draws + draw]
            if code != CategoryColumn.missing { shares[code, default: 0] += weights[draw, row] }
          }
          // Of equal ones the first by name.
          return shares.map { (share: $1, text: texts.levels[Int($0)]) }
            .max { ($0.share, $1.text) < ($1.share, $0.text) }?.text
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
