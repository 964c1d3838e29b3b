import CSQLite

/// An SQLite database, opened for reading only.
final class SQLiteDatabase {
  /// The path.
  let path: String
  fileprivate let handle: OpaquePointer

  /// Opens a database.
  ///
  /// - Throws: `TableError.cannotRead`; SQLite finds out at the first query whether the file is a database at all.
  init(path: String) throws {
    self.path = path
    var handle: OpaquePointer?
    let code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
    guard let handle else { throw TableError.outOfMemory(what: path) }
    guard code == SQLITE_OK else {
      let reason = String(cString: sqlite3_errmsg(handle))
      sqlite3_close_v2(handle)
      throw TableError.cannotRead(source: path, reason: reason)
    }
    self.handle = handle
    // Another process may be writing.
    sqlite3_busy_timeout(handle, 5000)
  }

  // A statement that is still in use closes it when it goes.
  deinit { sqlite3_close_v2(handle) }

  /// The names of tables and views, sorted.
  ///
  /// - Throws: `TableError.cannotRead`.
  func tableNames() throws -> [String] {
    let statement = try SQLiteStatement(
      self, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name")
    var names: [String] = []
    while try statement.step() {
      if case .text(let name) = statement.cell(0) { names.append(String(decoding: name, as: UTF8.self)) }
    }
    return names
  }

  /// What SQLite says went wrong last.
  fileprivate func failure() -> TableError {
    .cannotRead(source: path, reason: String(cString: sqlite3_errmsg(handle)))
  }
}

/// A query that gives out its rows one by one.
final class SQLiteStatement {
  /// A cell of the current row.
  enum Cell {
    case null
    case integer(Int64)
    case real(Double)
    /// UTF-8, valid until the next step.
    case text(UnsafeBufferPointer<UInt8>)
    case blob
  }

  private let database: SQLiteDatabase
  private let handle: OpaquePointer
  private var isDone = false

  /// Prepares a query: one statement, and one that reads.
  ///
  /// - Throws: `TableError.cannotRead` with SQLite's words, `.unsupportedFormat` for anything but one query.
  init(_ database: SQLiteDatabase, _ sql: String) throws {
    self.database = database
    var handle: OpaquePointer?
    var rest = ""
    let code = sql.withCString { text in
      var tail: UnsafePointer<CChar>?
      let code = sqlite3_prepare_v2(database.handle, text, -1, &handle, &tail)
      if let tail { rest = String(cString: tail) }
      return code
    }
    guard code == SQLITE_OK else { throw database.failure() }
    guard let handle else {
      throw TableError.unsupportedFormat(source: database.path, detail: "the query is empty; expected SELECT ...")
    }
    self.handle = handle
    let isQuery = sqlite3_stmt_readonly(handle) != 0 && sqlite3_column_count(handle) > 0
    guard isQuery, rest.allSatisfy({ $0.isWhitespace || $0 == ";" }) else {
      throw TableError.unsupportedFormat(
        source: database.path, detail: "expected one query that gives rows (SELECT ...), found \(quoted(sql))")
    }
  }

  deinit { sqlite3_finalize(handle) }

  /// Names of the columns.
  var columnNames: [String] {
    (0..<sqlite3_column_count(handle)).map { index in
      sqlite3_column_name(handle, index).map { String(cString: $0) } ?? "c\(index + 1)"
    }
  }

  /// Goes to the next row; `false` behind the last.
  ///
  /// - Throws: `TableError.cannotRead`.
  func step() throws -> Bool {
    // Another step behind the last row would start the query again.
    if isDone { return false }
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE:
      isDone = true
      return false
    default: throw database.failure()
    }
  }

  /// A cell of the current row.
  func cell(_ index: Int) -> Cell {
    let column = Int32(index)
    switch sqlite3_column_type(handle, column) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
    case SQLITE_TEXT:
      // The text first: asking for it may convert it, and the length is that of the converted text.
      let text = sqlite3_column_text(handle, column)
      return .text(UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(handle, column))))
    case SQLITE_BLOB: return .blob
    default: return .null
    }
  }
}
