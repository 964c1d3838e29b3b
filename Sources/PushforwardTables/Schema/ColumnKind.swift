/// What a column's values are.
public enum ColumnKind: String, Sendable, Codable, CaseIterable {
  /// Numbers on a continuous scale, recorded with or without a step.
  case real
  /// Multiples of a step, 1 unless declared otherwise.
  case wholeNumber = "whole_number"
  /// One of a set of levels.
  case category
  /// The same in every row: nothing to learn.
  case constant
  /// A name or number of the row itself: nothing to learn.
  case identifier
  /// ISO 8601 dates or times.
  case date
  /// Texts that hardly repeat.
  case freeText = "free_text"

  /// How such a column is stored in a table.
  public var storage: Column.Storage {
    switch self {
    case .real, .wholeNumber: .numbers
    case .category, .constant, .identifier, .date, .freeText: .categories
    }
  }

  /// Whether a continuous model can be fitted to such a column.
  public var isNumeric: Bool { self == .real || self == .wholeNumber || self == .date }

  /// For messages: "a real column".
  public var label: String {
    switch self {
    case .real: "real"
    case .wholeNumber: "whole number"
    case .category: "category"
    case .constant: "constant"
    case .identifier: "identifier"
    case .date: "date"
    case .freeText: "free text"
    }
  }
}
