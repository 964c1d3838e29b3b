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
