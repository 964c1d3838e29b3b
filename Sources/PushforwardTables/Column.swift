/// A column of a table: numbers or categories.
public enum Column: Sendable, Equatable {
  /// How a column's cells are stored.
  public enum Storage: String, Sendable, Codable {
    /// Finite numbers.
    case numbers
    /// Dictionary-encoded texts.
    case categories
  }

  /// Numbers.
  case numbers(NumberColumn)
  /// Categories.
  case categories(CategoryColumn)

  /// How the cells are stored.
  public var storage: Storage {
    switch self {
    case .numbers: .numbers
    case .categories: .categories
    }
  }

  /// Rows.
  public var count: Int {
    switch self {
    case .numbers(let column): column.values.count
    case .categories(let column): column.codes.count
    }
  }

  /// Missing cells.
  public var missingCount: Int {
    switch self {
    case .numbers(let column): column.missingCount
    case .categories(let column): column.missingCount
    }
  }

  /// Whether the cell of a row is missing.
  public func isMissing(row: Int) -> Bool {
    switch self {
    case .numbers(let column): column.values[row].isNaN
    case .categories(let column): column.codes[row] == CategoryColumn.missing
    }
  }

  /// The numbers, if that is what the column holds.
  public var numbers: NumberColumn? {
    if case .numbers(let column) = self { column } else { nil }
  }

  /// The categories; numbers become their shortest texts, whole ones without a decimal point.
  ///
  /// So a column of digits can be declared a category whatever its source.
  public var categories: CategoryColumn {
    switch self {
    case .categories(let column): column
    case .numbers(let column):
      CategoryColumn(column.values.map { $0.isNaN ? nil : NumberText.shortest($0) })
    }
  }

  /// The rows with these numbers, in this order.
  package func selecting(rows: some Collection<Int>) -> Column {
    switch self {
    case .numbers(let column):
      let values = rows.map { column.values[$0] }
      let missing = column.missingCount == 0 ? 0 : values.count { $0.isNaN }
      return .numbers(NumberColumn(unchecked: values, missingCount: missing, recording: column.recording))
    case .categories(let column):
      let codes = rows.map { column.codes[$0] }
      let missing = column.missingCount == 0 ? 0 : codes.count { $0 == CategoryColumn.missing }
      return .categories(CategoryColumn(unchecked: codes, levels: column.levels, missingCount: missing))
    }
  }
}
