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
    var csv = options.csv
    csv.storage = overrides.storage
    do {
      return try source(csv).read()
    } catch let error as TableError {
      // The reader does not know that the name comes from the schema file.
      guard case .unknownColumn(let name, _) = error, overrides.columns[name] != nil else { throw error }
      throw TableError.badSchema(source: overrides.source, line: nil, detail: error.description)
    }
  }

  /// The columns that a model knows, piece by piece.
  ///
  /// - Throws: `TableError`, or what `body` throws.
  func forEachPiece(
    columns: [(name: String, storage: Column.Storage)], batchRows: Int = 16384, _ body: (Table) throws -> Void
  ) throws {
    let batches = try source(options.csv).batches(columns: columns, batchRows: batchRows)
    while let piece = try batches.next() { try body(piece) }
  }

  /// The columns that a model knows, piece by piece; those in `optional`, and for a model that accepts missing cells all
  /// modelled ones, may be absent.
  ///
  /// - Throws: `TableError`, or what `body` throws.
  func forEachPiece(
    model: any TableModel, optional: [String], batchRows: Int = 16384, _ body: (Table) throws -> Void
  ) throws {
    var csv = options.csv
    csv.passesOverUnknownNames = true
    let mayBeAbsent = Set(model.traits.acceptsMissing ? model.columns : optional)
    let columns = model.requiredColumns
    // Sequences must not be cut.
    let batches = try source(csv).batches(columns: columns, batchRows: model.traits.isSequential ? .max : batchRows)
    while let piece = try batches.next() {
      for (name, _) in columns where !mayBeAbsent.contains(name) { _ = try piece.column(name) }
      try body(piece)
    }
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
    var table: Table?
    try forEachPiece(columns: columns, batchRows: .max) { table = $0 }
    guard let table else { throw TableError.noRows(source: path) }
    return table
  }

  private func source(_ csv: CSVOptions) throws -> TableSource {
    if ModelFileSummary.looksLikeModel(path) {
      throw TableError.unsupportedFormat(source: path, detail: "this is a model file, expected a table")
    }
    return try TableSource(options.table.map { "\(path):\($0)" } ?? path, query: options.query, options: csv)
  }
}
