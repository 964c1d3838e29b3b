/// How one file is written: what the options said, and what was detected for the rest.
public struct CSVDialect: Sendable, Equatable {
  /// Field delimiter.
  public let delimiter: Character
  /// Decimal point or comma.
  public let decimalPoint: Character
  /// Whether the first record names the columns.
  public let hasHeader: Bool
  /// Column names: the header's, or c1, c2, ...
  public let names: [String]
}
