/// What is known about a column, as it is stored in the model file.
///
/// Its kind, why, and the facts that an encoder needs.
public struct ColumnSchema: Sendable, Codable, Equatable {
  /// The unit of a date column's numbers.
  public enum DateUnit: String, Sendable, Codable {
    /// Days since 1970-01-01.
    case day
    /// Seconds since 1970-01-01T00:00:00Z.
    case second

    /// In seconds.
    var seconds: Double { self == .day ? 86400 : 1 }
  }

  /// Column name.
  public var name: String
  /// What its values are.
  public var kind: ColumnKind
  /// Why it was taken for that, for people.
  public var reason: String
  /// Cells without a value.
  public var missingCount: Int
  /// Different values.
  public var distinctCount: Int
  /// Share of the cells whose value occurs more than once, from 0 to 1.
  public var repeatedShare: Double
  /// The recording step, which all values are multiples of; `nil`: none could be found.
  public var step: Double?
  /// Smallest value (declared, or else observed); days or seconds since 1970 for dates.
  public var minimum: Double?
  /// Largest value (declared, or else observed).
  public var maximum: Double?
  /// Levels of a category column.
  public var levels: [String]?
  /// Rows of each level.
  public var levelCounts: [Int]?
  /// The level that stands for texts that are not among `levels`, if one was declared.
  public var otherLevel: String?
  /// Whether `minimum` or `maximum` was declared: then reals are kept in their range, as whole numbers always are.
  public var hasDeclaredRange: Bool
  /// The smallest possible value, if a schema file says so.
  public var declaredMinimum: Double?
  /// The largest possible value, if a schema file says so.
  public var declaredMaximum: Double?
  /// Whether a category column's levels have an order, that of `levels`.
  public var isOrdered: Bool?
  /// Once around, for a column of angles.
  public var period: Double?
  /// The column that holds the standard deviation of the error with which each value was measured, in the same units.
  public var errorColumn: String?
  /// How a date column's texts are written.
  public var dateFormat: DateTextFormat?
  /// Unit of a date column.
  public var dateUnit: DateUnit?
  /// Whether to model the logarithm: declared, or `nil` to let the encoder decide.
  public var log: Bool?
  /// Left out because the schema file says so.
  public var isIgnored: Bool
  /// How the table that this was inferred from stored the column.
  public var storage: Column.Storage

  private enum CodingKeys: String, CodingKey {
    case name, kind, reason, step, minimum, maximum, levels, log, storage
    case missingCount = "missing_count"
    case distinctCount = "distinct_count"
    case repeatedShare = "repeated_share"
    case levelCounts = "level_counts"
    case otherLevel = "other_level"
    case hasDeclaredRange = "has_declared_range"
    case declaredMinimum = "declared_minimum"
    case declaredMaximum = "declared_maximum"
    case isOrdered = "is_ordered"
    case period
    case errorColumn = "error_column"
    case dateFormat = "date_format"
    case dateUnit = "date_unit"
    case isIgnored = "is_ignored"
  }

  /// Makes a description with the facts that are always there.
  public init(name: String, kind: ColumnKind, reason: String = "", storage: Column.Storage? = nil) {
    self.name = name
    self.kind = kind
    self.reason = reason
    self.storage = storage ?? kind.storage
    missingCount = 0
    distinctCount = 0
    repeatedShare = 0
    hasDeclaredRange = false
    isIgnored = false
  }

  /// What people call a column of this kind.
  public var label: String {
    if isOrdered == true { return "ordinal" }
    if period != nil { return "angle" }
    return kind.label
  }

  /// The column's values as numbers: dates as days or seconds since 1970, others as they are.
  ///
  /// - Parameters:
  ///   - column: The column of some table under this name.
  ///   - place: Names a row's place in a message.
  /// - Returns: One number a row, NaN where missing.
  /// - Throws: `TableError.wrongKind` when the column holds texts that are no numbers or dates.
  package func numbers(_ column: Column, place: (Int) -> String) throws -> NumberColumn {
    if let numbers = column.numbers { return numbers }
    guard kind == .date else {
      throw TableError.wrongKind(column: name, expected: "numbers", found: "text")
    }
    let categories = column.categories
    let seconds = categories.levels.map { text in
      dateFormat.map { $0.secondsSince1970(text) } ?? ISODate.secondsSince1970(text)?.seconds
    }
    let unit = (dateUnit ?? .second).seconds
    let values = try categories.codes.enumerated().map { row, code -> Double in
      if code == CategoryColumn.missing { return .nan }
      guard let value = seconds[Int(code)] else {
        throw TableError.wrongKind(
          column: name, expected: dateFormat?.calendar.map { "a date (\($0.order.rawValue))" } ?? "an ISO 8601 date",
          found: "\(quoted(categories.levels[Int(code)])), \(place(row))")
      }
      return value / unit
    }
    return NumberColumn(
      unchecked: values, missingCount: categories.missingCount, recording: .init(decimals: step == 1 ? 0 : nil))
  }
}
