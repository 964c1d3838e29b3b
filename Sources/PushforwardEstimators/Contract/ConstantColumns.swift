import PushforwardTables

extension TableModel {
  /// The columns of the fitted table that hold one value in every row, and that value: no model needs to know them, and rows
  /// drawn for others to use should have them.
  ///
  /// Columns with gaps are none of them, and neither are those that nobody asked for (`FitOptions.columns`).
  public var constantColumns: [(name: String, value: Column)] {
    let leftOut = Set(leftOut.map(\.name))
    return schema.columns.compactMap { column in
      guard column.kind == .constant, !column.isIgnored, column.missingCount == 0, leftOut.contains(column.name) else {
        return nil
      }
      if column.storage == .numbers {
        return column.minimum.flatMap { try? NumberColumn([$0]) }.map { (column.name, .numbers($0)) }
      }
      return column.levels?.first.map { (column.name, .categories(CategoryColumn([$0]))) }
    }
  }

  /// Names with those of the constant columns put in where they stand in the fitted table.
  public func withConstants(_ names: [String]) -> [String] {
    var result = names
    let constants = Set(constantColumns.map(\.name)).subtracting(names)
    var before: String?
    for name in schema.columns.map(\.name) {
      if constants.contains(name) {
        let place = before.flatMap { result.firstIndex(of: $0) }.map { $0 + 1 }
        result.insert(name, at: place ?? (given.isEmpty ? 0 : result.count))
        before = name
      } else if result.contains(name) {
        before = name
      }
    }
    return result
  }

  /// Rows with the constant columns put in.
  ///
  /// - Throws: `TableError`.
  public func withConstants(_ rows: Table) throws -> Table {
    let constants = constantColumns
    if constants.allSatisfy({ rows[$0.name] != nil }) { return rows }
    let one = try Table(constants.map { (name: $0.name, column: $0.value) })
    let repeated = one.selecting(rows: [Int](repeating: 0, count: rows.rowCount))
    return try Table(
      withConstants(rows.names).map { name in
        (name: name, column: try rows[name] ?? repeated.column(name))
      })
  }
}
