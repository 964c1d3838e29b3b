/// The rows of a table that an encoder can use, checked and in numbers: what `Encoder.encode` works on, epoch after epoch.
public struct PreparedRows: Sendable {
  /// Numbers of the table's rows that are used, ascending.
  public let keptRows: [Int]
  /// Columns with missing cells, and how many each has; rows with any of them are left out.
  public let missing: [(column: String, count: Int)]
  /// Rows of the table.
  public let tableRowCount: Int
  /// Conditions, `rowCount x conditionWidth`, row-major.
  public let conditions: [Double]
  /// Values of each modelled column, in its units.
  let values: [[Double]]

  /// Rows that are used.
  public var rowCount: Int { keptRows.count }
  /// Rows left out because of missing cells.
  public var leftOutCount: Int { tableRowCount - keptRows.count }

  /// "2 of 344 rows left out, for missing cells: bill_length_mm (2), sex (11)"; `nil` if no row was left out.
  public var leftOutNote: String? { Self.leftOutNote(leftOutCount, of: tableRowCount, missing: missing) }

  /// The same for rows counted elsewhere.
  public static func leftOutNote(_ count: Int, of total: Int, missing: [(column: String, count: Int)]) -> String? {
    guard count > 0 else { return nil }
    let columns = listed(missing.map { "\($0.column) (\($0.count))" })
    return "\(count) of \(total) rows left out, for missing cells: \(columns)"
  }

  /// The values of a modelled column (by its index in the encoder) in its units, one a kept row.
  public func values(ofColumn index: Int) -> [Double] { values[index] }
}
