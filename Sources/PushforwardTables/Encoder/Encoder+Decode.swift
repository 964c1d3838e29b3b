extension Encoder {
  /// Maps rows of the model's scale back to a table in the columns' own units.
  ///
  /// Whole numbers are rounded to their step and kept in their range, reals rounded to their recording step where the
  /// encoder was fitted so, dates written as ISO 8601.
  ///
  /// - Parameter values: `rows x columns.count`, row-major, finite.
  /// - Returns: A table of the modelled columns.
  /// - Throws: `TableError.wrongShape` when the count is no multiple of the number of columns, `.notFinite`.
  public func decode(_ values: [Double]) throws -> Table {
    let width = columns.count
    guard values.count % width == 0 else {
      throw TableError.wrongShape(
        what: "values to decode", expected: "rows of \(width)", found: "\(values.count) numbers")
    }
    let rowCount = values.count / width
    return try Table(
      columns.enumerated().map { feature, column in
        let step = column.roundingStep.flatMap { RecordingStep($0) }
        var decoded = [Double](repeating: 0, count: rowCount)
        for row in 0..<rowCount {
          let z = values[row * width + feature]
          guard z.isFinite else { throw TableError.notFinite(column: column.name, place: "row \(row + 1)") }
          decoded[row] = column.decode(z, step: step)
        }
        return (name: column.name, column: column.column(decoded))
      })
  }

  /// Maps rows of single precision back to a table.
  ///
  /// - Throws: As for doubles.
  public func decode(_ values: [Float]) throws -> Table { try decode(values.map(Double.init)) }
}

extension EncodedColumn {
  /// Decoded values as a column: numbers, or texts for dates.
  package func column(_ values: [Double]) -> Column { schema.column(of: values, decimals: decimals) }
}
