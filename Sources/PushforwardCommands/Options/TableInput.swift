import PushforwardEstimators
import PushforwardTables

/// A table named on the command line: a CSV file or standard input, a NumPy file, an SQLite table or query.
struct TableInput {
  let path: String
  let options: TableOptions

  /// All rows and columns, as `fit` and `inspect` want them.
  ///
  /// - Throws: `TableError`.
  func readAll(overrides: SchemaOverrides = SchemaOverrides()) throws -> Table {
    try declared(overrides) { try $0.read() }
  }

  /// All rows and columns in a temporary file in a directory, for tables that are too large for memory.
  ///
  /// - Throws: `TableError`.
  func cache(
    in directory: String, seed: UInt64, overrides: SchemaOverrides, progress: (Int) -> Void
  ) throws -> TableCache {
    try declared(overrides) { try TableCache($0, directory: directory, seed: seed, progress: progress) }
  }

  /// Bytes of the file, if it is one.
  var byteCount: Int? { try? source(options.csv).byteCount }

  private func declared<Result>(_ overrides: SchemaOverrides, _ read: (TableSource) throws -> Result) throws -> Result {
    var csv = options.csv
    csv.storage = overrides.storage
    do {
      return try read(source(csv))
    } catch let error as TableError {
      // The reader does not know that the name comes from the schema file.
      guard case .unknownColumn(let name, _) = error, overrides.columns[name] != nil else { throw error }
      throw TableError.badSchema(source: overrides.source, line: nil, detail: error.description)
    }
  }

  /// The rows that a model scores, piece by piece; all at once where a row's score depends on those before it.
  ///
  /// Modelled columns may be absent if the model accepts missing cells; a column of weights may not.
  ///
  /// - Throws: `TableError`.
  func pieces(for model: any TableModel, weights: String? = nil) throws -> TablePieces {
    var csv = options.csv
    csv.passesOverUnknownNames = model.traits.acceptsMissing
    let columns = TableInput.columns(of: model, weights: weights)
    let needed = model.traits.acceptsMissing ? model.given + (weights.map { [$0] } ?? []) : []
    let mostRows = model.traits.isSequential ? Int.max : (1 << 17) / max(1, columns.count)
    return TablePieces(
      try source(csv).batches(columns: columns, batchRows: .max), needed: needed,
      expected: ExpectedColumns(names: model.columns, source: path), mostRows: mostRows)
  }

  /// All columns, piece by piece: those that a model knows as it wants them, the others as texts, unchanged.
  ///
  /// - Parameters:
  ///   - model: Whose questions they are for.
  ///   - mostRows: Rows of a piece, at most: few where each costs much, so that all threads have some.
  /// - Returns: The pieces.
  /// - Throws: `TableError`.
  func wholePieces(for model: any TableModel, mostRows: Int = 4096) throws -> TablePieces {
    let (names, batches) = try source(options.csv).wholeBatches(columns: model.requiredColumns)
    return TablePieces(
      batches, names: names, needed: model.given, expected: ExpectedColumns(names: model.columns, source: path),
      mostRows: model.traits.isSequential ? .max : mostRows)
  }

  /// The columns that a model knows, piece by piece; the one to be predicted, and for a model that accepts missing cells all
  /// modelled ones, may be absent.
  ///
  /// - Throws: `TableError`.
  func pieces(for model: any TableModel, predicting target: String) throws -> TablePieces {
    var csv = options.csv
    csv.passesOverUnknownNames = true
    let columns = model.requiredColumns
    let needed = model.traits.acceptsMissing ? model.given : columns.map(\.name).filter { $0 != target }
    // A prediction costs hundreds of evaluations a row, or as many probabilities as there are levels; sequences must not be
    // cut.
    let rows = min(1024, (1 << 22) / max(model.schema[target]?.levels?.count ?? 1, 1))
    let expected = ExpectedColumns(names: model.columns + model.given, optional: target, source: path)
    return TablePieces(
      try source(csv).batches(columns: columns, batchRows: .max), needed: needed, expected: expected,
      mostRows: model.traits.isSequential ? .max : rows)
  }

  /// Those of the columns that are there, at once.
  ///
  /// - Throws: `TableError`.
  func readPresent(columns: [(name: String, storage: Column.Storage)]) throws -> Table {
    var csv = options.csv
    csv.passesOverUnknownNames = true
    let batches = try source(csv).batches(columns: columns, batchRows: .max)
    guard let table = try batches.next() else { throw TableError.noRows(source: path) }
    return table
  }

  /// All rows and columns: those that a model knows as it wants them, the others as texts, unchanged.
  ///
  /// - Throws: `TableError`.
  func readAll(storage: [(name: String, storage: Column.Storage)]) throws -> Table {
    var csv = options.csv
    csv.storage = Dictionary(storage.map { ($0.name, $0.storage) }, uniquingKeysWith: { $1 })
    csv.otherStorage = .categories
    csv.passesOverUnknownNames = true
    return try source(csv).read()
  }

  /// The columns that a model knows, at once.
  ///
  /// - Throws: `TableError`.
  func readRequired(columns: [(name: String, storage: Column.Storage)]) throws -> Table {
    guard let table = try source(options.csv).batches(columns: columns, batchRows: .max).next() else {
      throw TableError.noRows(source: path)
    }
    return table
  }

  /// The columns that a model knows, at once; modelled ones may be absent if the model accepts missing cells.
  ///
  /// - Throws: `TableError`.
  func readKnown(to model: any TableModel, weights: String? = nil) throws -> Table {
    let columns = TableInput.columns(of: model, weights: weights)
    guard model.traits.acceptsMissing else { return try readRequired(columns: columns) }
    let table = try readPresent(columns: columns)
    for name in model.given + (weights.map { [$0] } ?? []) { _ = try table.column(name) }
    try ExpectedColumns(names: model.columns, source: path).check(table.names)
    return table
  }

  /// What a model is scored from, and the rows' weights beside it.
  private static func columns(
    of model: any TableModel, weights: String?
  ) -> [(name: String, storage: Column.Storage)] {
    let columns = model.requiredColumns
    guard let weights, !columns.contains(where: { $0.name == weights }) else { return columns }
    return columns + [(weights, .numbers)]
  }

  private func source(_ csv: CSVOptions) throws -> TableSource {
    if ModelFileSummary.looksLikeModel(path) {
      throw TableError.unsupportedFormat(source: path, detail: "this is a model file, expected a table")
    }
    return try TableSource(
      options.table.map { "\(path):\($0)" } ?? path, query: options.query, labels: options.labels,
      options: csv)
  }
}

/// Columns that a model knows and a table may lack, some of them, but not without a word.
struct ExpectedColumns {
  let names: [String]
  /// One that is not missed.
  var optional: String?
  /// The table, for messages.
  let source: String

  /// Tells which columns are not there.
  ///
  /// - Throws: `TableError.noKnownColumn` when none is.
  func check(_ found: [String]) throws {
    let absent = names.filter { !found.contains($0) }
    if absent.count == names.count { throw TableError.noKnownColumn(source: source, expected: names) }
    let missed = absent.filter { $0 != optional }
    if !missed.isEmpty { Console.note("\(source) has no column \(listed(missed)): taken as missing in every row") }
  }
}

/// Pieces of a table for a pipeline: small at first, so that the rows of a short table too are shared among the workers.
final class TablePieces {
  private let batches: TableBatches
  private let needed: [String]
  private let expected: ExpectedColumns
  private var isChecked = false
  private let mostRows: Int
  private var rows: Int
  /// Names of the columns, where they are known at the start.
  let names: [String]

  /// Pieces of 256 to 8192 rows, or all rows at once if `mostRows` allows any number; each has the `needed` columns;
  /// which of the expected ones are not there is told once.
  init(
    _ batches: TableBatches, names: [String] = [], needed: [String], expected: ExpectedColumns, mostRows: Int
  ) {
    (self.batches, self.names, self.expected) = (batches, names, expected)
    self.needed = needed
    self.mostRows = mostRows == .max ? .max : max(256, min(8192, mostRows))
    rows = mostRows == .max ? .max : 256
  }

  /// The next piece; `nil` at the end.
  ///
  /// - Throws: `TableError`.
  func next() throws -> Table? {
    defer { rows = rows > mostRows / 2 ? mostRows : 2 * rows }
    let piece = try batches.next(limit: rows)
    guard let piece else { return nil }
    for name in needed { _ = try piece.column(name) }
    if !isChecked { try expected.check(names.isEmpty ? piece.names : names) }
    isChecked = true
    return piece
  }
}
