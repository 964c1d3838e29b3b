/// Rows on the model's scale, some of whose modelled cells are missing.
public struct PartialRows: Sendable {
  /// Rows.
  public let rowCount: Int
  /// `rowCount x columns`, row-major; NaN where the cell is missing.
  public var values: [Double]
  /// `log(dz/dx)` of each present cell in nats, laid out like `values`; 0 where missing.
  public let logDets: [Double]
  /// `rowCount x conditionWidth`, row-major.
  public let conditions: [Double]
}

extension Encoder {
  /// Encodes rows whose modelled cells may be missing; a modelled column that the table does not have is missing
  /// everywhere.
  ///
  /// - Parameters:
  ///   - table: Rows with all columns conditioned on.
  ///   - jitterSeed: Spreads values over their recording cells, as `encode` does; `nil`: the values themselves.
  /// - Returns: The rows on the model's scale.
  /// - Throws: `TableError.missingCell` for a condition, `.wrongKind`, `.unseenLevel`, `.unknownColumn` for a condition.
  public func encodePartially(_ table: Table, jitterSeed: UInt64? = nil) throws -> PartialRows {
    let (count, width) = (table.rowCount, columns.count)
    var values = [Double](repeating: .nan, count: count * width)
    var logDets = [Double](repeating: 0, count: count * width)
    for (feature, column) in columns.enumerated() {
      guard let cells = table[column.name] else { continue }
      let numbers = try column.schema.numbers(cells, place: table.place(ofRow:)).values
      for (row, value) in numbers.enumerated() where !value.isNaN {
        var x = value
        if let jitterSeed {
          x += column.jitterWidth(at: x) * Jitter.uniform(seed: jitterSeed, row: row, column: feature)
        }
        (values[row * width + feature], logDets[row * width + feature]) = column.transform.forward(x)
      }
    }
    return PartialRows(
      rowCount: count, values: values, logDets: logDets, conditions: try conditions(of: table))
  }

  /// The columns of a completed table: present cells as they were in `table`, the others decoded.
  ///
  /// - Parameters:
  ///   - table: The rows whose missing cells were filled.
  ///   - values: `rowCount x columns`, row-major, on the model's scale, finite.
  /// - Returns: The modelled columns.
  /// - Throws: `TableError.notFinite`, `.wrongShape`.
  public func complete(_ table: Table, with values: [Double]) throws -> Table {
    let decoded = try decode(values)
    return try Table(
      columns.map { column in
        let drawn = try decoded.column(column.name)
        guard let present = table[column.name], present.storage == drawn.storage else { return (column.name, drawn) }
        return (column.name, drawn.replacingCells(from: present))
      }, origin: table.origin)
  }
}

extension Column {
  /// This column with the present cells of another one of the same storage and length in place of its own.
  package func replacingCells(from other: Column) -> Column {
    switch (self, other) {
    case (.numbers(let mine), .numbers(let theirs)):
      let values = zip(mine.values, theirs.values).map { $1.isNaN ? $0 : $1 }
      return .numbers(
        NumberColumn(
          unchecked: values, missingCount: values.count { $0.isNaN }, recording: mine.recording))
    case (.categories(let mine), .categories(let theirs)):
      return .categories(CategoryColumn((0..<mine.codes.count).map { theirs[$0] ?? mine[$0] }))
    default:
      return self
    }
  }
}
