import OrderedCollections

/// A table in memory: named columns of equal length.
public struct Table: Sendable, Equatable {
  /// Columns by name, in order.
  public let columns: OrderedDictionary<String, Column>
  /// Rows.
  public let rowCount: Int
  /// Where the rows come from, if they were read from somewhere.
  public let origin: RowOrigin?

  /// Makes a table.
  ///
  /// - Parameters:
  ///   - columns: Names and columns, in order.
  ///   - origin: Where the rows come from.
  /// - Throws: `TableError.unequalColumns` or `.duplicateColumn`.
  public init(_ columns: [(name: String, column: Column)], origin: RowOrigin? = nil) throws {
    var byName = OrderedDictionary<String, Column>(minimumCapacity: columns.count)
    for (index, (name, column)) in columns.enumerated() {
      if let first = byName.index(forKey: name) {
        throw TableError.duplicateColumn(
          source: origin?.source ?? "table", name: name, first: first + 1, second: index + 1)
      }
      let expected = columns[0].column.count
      if column.count != expected {
        throw TableError.unequalColumns(name: name, expected: expected, found: column.count)
      }
      byName[name] = column
    }
    self.columns = byName
    rowCount = columns.first?.column.count ?? 0
    self.origin = origin
  }

  /// Makes a table of numbers, one array a column; NaN marks a missing cell.
  ///
  /// - Throws: `TableError` when columns differ in length or hold an infinite value.
  public init(numbers columns: KeyValuePairs<String, [Double]>) throws {
    try self.init(
      columns.map { (name: $0.key, column: .numbers(try NumberColumn($0.value, name: $0.key))) })
  }

  private init(columns: OrderedDictionary<String, Column>, rowCount: Int, origin: RowOrigin?) {
    self.columns = columns
    self.rowCount = rowCount
    self.origin = origin
  }

  /// Column names, in order.
  public var names: [String] { Array(columns.keys) }

  /// The column with this name, if there is one.
  public subscript(name: String) -> Column? { columns[name] }

  /// The column with this name.
  ///
  /// - Throws: `TableError.unknownColumn`, which lists the names there are.
  public func column(_ name: String) throws -> Column {
    guard let column = columns[name] else { throw TableError.unknownColumn(name: name, available: names) }
    return column
  }

  /// The columns with these names, in this order.
  ///
  /// - Throws: `TableError.unknownColumn` or `.duplicateColumn`.
  public func selecting(columns names: [String]) throws -> Table {
    var chosen = OrderedDictionary<String, Column>(minimumCapacity: names.count)
    for (index, name) in names.enumerated() {
      if let first = chosen.index(forKey: name) {
        throw TableError.duplicateColumn(source: "selection", name: name, first: first + 1, second: index + 1)
      }
      chosen[name] = try column(name)
    }
    return Table(columns: chosen, rowCount: rowCount, origin: origin)
  }

  /// All columns but this one, if there is one of this name.
  public func leavingOut(column name: String) -> Table {
    Table(columns: columns.filter { $0.key != name }, rowCount: rowCount, origin: origin)
  }

  /// The rows with these numbers (from 0, each below `rowCount`), in this order, without their line numbers.
  public func selecting(rows: [Int]) -> Table {
    Table(columns: columns.mapValues { $0.selecting(rows: rows) }, rowCount: rows.count, origin: nil)
  }

  /// Consecutive rows, without their line numbers.
  public func selecting(rows: Range<Int>) -> Table {
    Table(columns: columns.mapValues { $0.selecting(rows: rows) }, rowCount: rows.count, origin: nil)
  }

  /// Consecutive rows that remember which rows of the source they are.
  func batch(_ rows: Range<Int>) -> Table {
    let start = origin.map { RowOrigin(source: $0.source, firstRow: $0.firstRow + rows.lowerBound) }
    return Table(columns: columns.mapValues { $0.selecting(rows: rows) }, rowCount: rows.count, origin: start)
  }

  /// Where a row stands, for messages: `file.csv:12` or `row 12`.
  public func place(ofRow row: Int) -> String { origin?.place(ofRow: row) ?? "row \(row + 1)" }
}
