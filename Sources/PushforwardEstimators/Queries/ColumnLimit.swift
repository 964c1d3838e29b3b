import PushforwardTables

/// What a column's cells may be in rows that are to be drawn.
public struct ColumnLimit: Sendable, Equatable {
  /// The values allowed.
  public enum Values: Sendable, Equatable {
    /// Some levels of a category.
    case levels([String])
    /// Some numbers.
    case numbers([Double])
    /// Numbers (dates as days or seconds since 1970) between two ends, which may be infinite.
    case range(low: Double, includesLow: Bool, high: Double, includesHigh: Bool)
  }

  /// Name of the column.
  public var column: String
  /// The values allowed.
  public var values: Values
  /// How the limit was said, for messages.
  public var text: String

  /// Makes a limit.
  public init(column: String, values: Values, text: String) {
    (self.column, self.values, self.text) = (column, values, text)
  }

  /// Whether a number keeps the limit; levels are compared by their texts.
  public func accepts(_ number: Double) -> Bool {
    switch values {
    case .levels(let levels): levels.contains(NumberText.shortest(number))
    case .numbers(let numbers): numbers.contains(number)
    case .range(let low, let includesLow, let high, let includesHigh):
      (number > low || (includesLow && number == low)) && (number < high || (includesHigh && number == high))
    }
  }

  /// Whether the cell of each row of a table keeps the limit; missing ones do not.
  ///
  /// - Parameters:
  ///   - table: Rows with the column.
  ///   - schema: What the column is.
  /// - Returns: Whether each row's cell is inside.
  /// - Throws: `TableError.unknownColumn`, `.wrongKind`.
  public func accepts(_ table: Table, schema: ColumnSchema?) throws -> [Bool] {
    let cells = try table.column(column)
    if case .levels(let levels) = values {
      let allowed = Set(levels)
      let categories = cells.categories
      return (0..<table.rowCount).map { row in categories[row].map(allowed.contains) ?? false }
    }
    let numbers = try (schema ?? ColumnSchema(name: column, kind: .real)).numbers(cells, place: table.place(ofRow:))
    return numbers.values.map { !$0.isNaN && accepts($0) }
  }
}
