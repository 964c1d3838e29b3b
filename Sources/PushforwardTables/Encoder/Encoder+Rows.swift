extension Encoder {
  /// The rows of a table without a missing cell in the columns that an encoder of these columns uses.
  ///
  /// Which rows these are does not depend on how columns are scaled, so it can be known before an encoder is fitted.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - schema: What its columns are.
  ///   - modelled: As for `init(fitting:)`.
  ///   - conditions: As for `init(fitting:)`.
  /// - Returns: The rows' numbers, ascending, and the columns with missing cells.
  /// - Throws: As `init(fitting:)`.
  package static func completeRows(
    of table: Table, schema: Schema, modelled: [String]?, conditions: [String]
  ) throws -> (rows: [Int], missing: [(column: String, count: Int)]) {
    let choice = try choose(schema: schema, modelled: modelled, conditions: conditions)
    let place = table.place(ofRow:)
    var used: [(name: String, column: Column)] = []
    for column in choice.columns {
      let numbers = try column.numbers(table.column(column.name), place: place)
      if numbers.missingCount == numbers.values.count {
        throw TableError.cannotModel(columns: [column.name], detail: "every cell is missing")
      }
      used.append((column.name, .numbers(numbers)))
    }
    for name in conditions {
      try ConditionColumn.check(schema.column(name))
      used.append((name, try table.column(name)))
    }
    let missing = used.filter { $0.column.missingCount > 0 }
    var rows = Array(0..<table.rowCount)
    if !missing.isEmpty { rows.removeAll { row in missing.contains { $0.column.isMissing(row: row) } } }
    return (rows, missing.map { ($0.name, $0.column.missingCount) })
  }

  /// Names of the columns that an encoder of these columns uses.
  ///
  /// - Throws: As `init(fitting:)`.
  package static func columnNames(schema: Schema, modelled: [String]?, conditions: [String]) throws -> [String] {
    try choose(schema: schema, modelled: modelled, conditions: conditions).columns.map(\.name) + conditions
  }
}
