/// A mistake in how a chain was asked: what, where, expected and found.
public enum ChainError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Rows have another number of columns than the chain.
  case columnCount(expected: Int, found: Int)
  /// Two columns, or the weights, have unequal numbers of rows.
  case rowCount(what: String, expected: Int, found: Int)
  /// A cell is no class of its column.
  case code(column: String, row: Int, expected: String, found: Int32)
  /// A cell's interval is no interval (an end is not a number, or they stand the wrong way round).
  case interval(column: String, row: Int, low: Float, high: Float)
  /// A weight is negative or not finite, or all are zero.
  case weight(row: Int, found: Float)
  /// A cell that a question is conditioned on is missing.
  case missingCondition(column: String, row: Int)
  /// There is no column of that number, or it cannot be what it was asked to be.
  case column(index: Int, expected: String)
  /// A setting is outside its range.
  case setting(name: String, expected: String, found: String)

  /// One line for a person.
  public var description: String {
    switch self {
    case .columnCount(let expected, let found): "the chain has \(expected) columns, the rows have \(found)"
    case .rowCount(let what, let expected, let found): "\(what): expected \(expected) rows, found \(found)"
    case .code(let column, let row, let expected, let found):
      "column '\(column)', row \(row + 1): expected a class \(expected), found \(found)"
    case .interval(let column, let row, let low, let high):
      "column '\(column)', row \(row + 1): expected an interval of numbers, found [\(low), \(high)]"
    case .weight(let row, let found):
      "weight of row \(row + 1): expected a finite number, not negative and not all zero, found \(found)"
    case .missingCondition(let column, let row):
      "column '\(column)', row \(row + 1): a given value is missing"
    case .column(let index, let expected): "column number \(index): expected \(expected)"
    case .setting(let name, let expected, let found): "\(name): expected \(expected), found \(found)"
    }
  }
}
