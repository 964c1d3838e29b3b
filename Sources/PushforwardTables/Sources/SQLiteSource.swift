import GRDB

/// Tables from SQLite databases, which are opened for reading only.
struct SQLiteSource {
  let path: String
  let options: CSVOptions

  /// Reads a table or the result of a query.
  ///
  /// - Parameters:
  ///   - table: A table or view; `nil`: the only one there is.
  ///   - query: An SQL query instead.
  /// - Returns: The rows as a table.
  /// - Throws: `TableError`; what SQLite says is its reason.
  func read(table: String?, query: String?) throws -> Table {
    var configuration = Configuration()
    configuration.readonly = true
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      return try queue.read { database in
        if let query { return try rows(database, sql: query, source: path) }
        let names = try String.fetchAll(
          database,
          sql:
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name")
        guard let name = table ?? (names.count == 1 ? names[0] : nil) else {
          throw TableError.unsupportedFormat(
            source: path, detail: "choose a table, FILE:TABLE, or give a query; there are \(listed(names))")
        }
        guard names.contains(name) else {
          throw TableError.unsupportedFormat(
            source: path, detail: "no table \(quoted(name)); there are \(listed(names))")
        }
        return try rows(
          database, sql: "SELECT * FROM \(name.quotedDatabaseIdentifier)", source: "\(path):\(name)")
      }
    } catch let error as DatabaseError {
      throw TableError.cannotRead(source: path, reason: error.message ?? "\(error.resultCode)")
    }
  }

  private func rows(_ database: Database, sql: String, source: String) throws -> Table {
    let statement = try database.makeStatement(sql: sql)
    let wanted = options.columns.map(Set.init)
    let names = Array(statement.columnNames)
    for name in options.requiredNames where !names.contains(name) {
      throw TableError.unknownColumn(name: name, available: names)
    }
    var columns = names.enumerated().compactMap { index, name in
      wanted?.contains(name) == false
        ? nil
        : CellCollector(
          name: name, index: index, storage: options.storage(of: name), missingMarkers: options.missingMarkers)
    }
    let cursor = try Row.fetchCursor(statement)
    while let row = try cursor.next() {
      for i in columns.indices {
        let cell = row[columns[i].index] as DatabaseValue
        try columns[i].append(cell.storage, source: source)
      }
    }
    if columns.isEmpty || columns[0].count == 0 { throw TableError.noRows(source: source) }
    return try Table(columns.map { (name: $0.name, column: try $0.column()) }, origin: RowOrigin(source: source))
  }
}

/// Collects one column of a query's result: numbers until a text shows up that is no number.
private struct CellCollector {
  let name: String
  let index: Int
  let storage: Column.Storage?
  let missingMarkers: Set<String>
  private var values: [Double] = []
  private var texts: [String?] = []
  private var isText: Bool
  private var isWhole = true

  init(name: String, index: Int, storage: Column.Storage?, missingMarkers: Set<String>) {
    self.name = name
    self.index = index
    self.storage = storage
    self.missingMarkers = missingMarkers
    isText = storage == .categories
  }

  var count: Int { isText ? texts.count : values.count }

  mutating func append(_ cell: DatabaseValue.Storage, source: String) throws {
    switch cell {
    case .null: append(nil)
    case .int64(let value): append(Double(value))
    case .double(let value):
      isWhole = false
      append(value)
    case .string(let text):
      if text.isEmpty || missingMarkers.contains(text) { return append(nil) }
      if !isText, let value = Double(text), value.isFinite {
        isWhole = false
        return append(value)
      }
      if storage == .numbers {
        throw TableError.wrongKind(
          column: name, expected: "a number", found: "\(quoted(text)), row \(count + 1) of \(source)")
      }
      turnToText()
      texts.append(text)
    case .blob:
      throw TableError.wrongKind(
        column: name, expected: "numbers or texts", found: "a blob, row \(count + 1) of \(source)")
    }
  }

  private mutating func append(_ value: Double?) {
    if isText {
      texts.append(value.map(NumberText.shortest))
    } else {
      values.append(value ?? .nan)
    }
  }

  private mutating func turnToText() {
    if isText { return }
    texts = values.map { $0.isNaN ? nil : NumberText.shortest($0) }
    values = []
    isText = true
  }

  func column() throws -> Column {
    if isText { return .categories(CategoryColumn(texts)) }
    return .numbers(try NumberColumn(values, recording: .init(decimals: isWhole ? 0 : nil), name: name))
  }
}
