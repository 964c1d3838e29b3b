/// The rows of a table or query of an SQLite database, read from front to back.
final class SQLiteSource {
  /// The path, and the table if there is no query.
  let name: String
  private let statement: SQLiteStatement
  private let builders: [SQLiteColumnBuilder]
  /// The columns to read, in their order; `nil`: all.
  private let columns: [String]?
  private let batchRows: Int
  private var row = 0

  /// Opens a database and starts the query.
  ///
  /// - Parameters:
  ///   - path: The database.
  ///   - table: A table or view; `nil`: the only one there is.
  ///   - query: An SQL query instead.
  ///   - options: `columns`, `storage` and `missingMarkers` hold.
  ///   - batchRows: Rows a batch.
  /// - Throws: `TableError`; what SQLite says is its reason.
  init(path: String, table: String?, query: String?, options: CSVOptions, batchRows: Int = .max) throws {
    let database = try SQLiteDatabase(path: path)
    if let query {
      name = path
      statement = try SQLiteStatement(database, query)
    } else {
      let table = try Self.choose(table, from: database)
      name = "\(path):\(table)"
      let identifier = table.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      statement = try SQLiteStatement(database, "SELECT * FROM \"\(identifier)\"")
    }
    let names = statement.columnNames
    for name in options.requiredNames where !names.contains(name) {
      throw TableError.unknownColumn(name: name, available: names)
    }
    let wanted = options.columns.map(Set.init)
    let markers = options.packedMarkers
    builders = names.enumerated().compactMap { index, column in
      if wanted?.contains(column) == false { return nil }
      return SQLiteColumnBuilder(
        name: column, index: index, storage: options.storage(of: column), markers: markers)
    }
    columns = options.columns?.filter { names.contains($0) }
    self.batchRows = max(1, batchRows)
  }

  private static func choose(_ table: String?, from database: SQLiteDatabase) throws -> String {
    let names = try database.tableNames()
    guard let name = table ?? (names.count == 1 ? names[0] : nil) else {
      throw TableError.unsupportedFormat(
        source: database.path, detail: "choose a table, FILE:TABLE, or give a query; there are \(listed(names))")
    }
    guard names.contains(name) else {
      throw TableError.unsupportedFormat(
        source: database.path, detail: "no table \(quoted(name)); there are \(listed(names))")
    }
    return name
  }

  /// All rows.
  ///
  /// - Throws: `TableError`.
  func readAll() throws -> Table {
    guard let table = try next() else { throw TableError.noRows(source: name) }
    return table
  }

  /// The next batch, of `limit` rows at most if that is less than a batch; `nil` at the end.
  ///
  /// - Throws: `TableError`; `.noRows` if there are none at all.
  func next(limit: Int = .max) throws -> Table? {
    var got = 0
    while got < min(limit, batchRows), try statement.step() {
      for builder in builders {
        try builder.append(statement.cell(builder.index), place: "row \(row + got + 1) of \(name)")
      }
      got += 1
    }
    if got == 0 {
      if row == 0 { throw TableError.noRows(source: name) }
      return nil
    }
    let origin = RowOrigin(source: name, firstRow: row)
    row += got
    let table = try Table(builders.map { (name: $0.name, column: $0.finish()) }, origin: origin)
    return try columns.map { try table.selecting(columns: $0) } ?? table
  }
}
