extension Encoder {
  /// Columns that a table must have to be scored, with their storage, for `CSVStream`.
  public var requiredColumns: [(name: String, storage: Column.Storage)] {
    columns.map { ($0.name, $0.schema.kind.storage) } + conditions.map { ($0.name, $0.schema.kind.storage) }
  }

  /// Checks a table's rows and takes the columns that this encoder knows, by name and in any order.
  ///
  /// - Parameters:
  ///   - table: A table with all columns of the encoder.
  ///   - leavingOutMissing: Leave out rows with missing cells (and report them), or throw.
  /// - Returns: The rows in numbers, and what was left out.
  /// - Throws: `TableError.unknownColumn`, `.wrongKind`, `.unseenLevel`; `.missingCell` if they are not to be left out.
  public func prepare(_ table: Table, leavingOutMissing: Bool = true) throws -> PreparedRows {
    let place = table.place(ofRow:)
    let numbers = try columns.map { try $0.schema.numbers(table.column($0.name), place: place) }
    let given = try conditions.map { try table.column($0.name) }
    let used = zip(columns.map(\.name), numbers.map(Column.numbers)) + zip(conditions.map(\.name), given)
    let missing = used.filter { $0.1.missingCount > 0 }
    if let first = missing.first, !leavingOutMissing {
      let row = (0..<table.rowCount).first { first.1.isMissing(row: $0) } ?? 0
      throw TableError.missingCell(column: first.0, place: place(row), count: first.1.missingCount)
    }
    var kept = Array(0..<table.rowCount)
    if !missing.isEmpty {
      kept.removeAll { row in missing.contains { $0.1.isMissing(row: row) } }
    }
    let values = numbers.map { column in missing.isEmpty ? column.values : kept.map { column.values[$0] } }
    return PreparedRows(
      keptRows: kept, missing: missing.map { ($0.0, $0.1.missingCount) }, tableRowCount: table.rowCount,
      conditions: try encodeConditions(given, rows: kept, place: place), values: values)
  }

  /// The conditions of all rows of a table, `rowCount x conditionWidth`, row-major.
  ///
  /// - Throws: `TableError.missingCell`, `.unseenLevel`, `.wrongKind`, `.unknownColumn`.
  public func conditions(of table: Table) throws -> [Double] {
    let given = try conditions.map { try table.column($0.name) }
    for (condition, column) in zip(conditions, given) where column.missingCount > 0 {
      let row = (0..<table.rowCount).first { column.isMissing(row: $0) } ?? 0
      throw TableError.missingCell(
        column: condition.name, place: table.place(ofRow: row), count: column.missingCount)
    }
    return try encodeConditions(given, rows: Array(0..<table.rowCount), place: table.place(ofRow:))
  }

  private func encodeConditions(_ given: [Column], rows: [Int], place: (Int) -> String) throws -> [Double] {
    let stride = conditionWidth
    var output = [Double](repeating: 0, count: rows.count * stride)
    var offset = 0
    for (condition, column) in zip(conditions, given) {
      try condition.encode(column, rows: rows, into: &output, offset: offset, stride: stride, place: place)
      offset += condition.width
    }
    return output
  }

  /// Encodes prepared rows.
  ///
  /// - Parameters:
  ///   - rows: Prepared rows.
  ///   - indices: Which of them (numbers from 0 to `rows.rowCount - 1`), in this order; `nil`: all.
  ///   - jitterSeed: Spreads values over their recording cells with noise that depends on this seed, the row's number in its
  ///     table and the column; `nil`: the values themselves (the middle of the cell).
  /// - Returns: The rows on the model's scale with their log-determinants.
  public func encode(_ rows: PreparedRows, indices: [Int]? = nil, jitterSeed: UInt64? = nil) -> EncodedRows {
    let count = indices?.count ?? rows.rowCount
    let width = columns.count
    var logDet = [Double](repeating: 0, count: count)
    let values = [Double](unsafeUninitializedCapacity: count * width) { output, initialized in
      for (feature, column) in columns.enumerated() {
        let source = rows.values[feature]
        for i in 0..<count {
          let index = indices?[i] ?? i
          var x = source[index]
          if let jitterSeed {
            let width = column.jitterWidth(at: x)
            if width > 0 { x += width * Jitter.uniform(seed: jitterSeed, row: rows.keptRows[index], column: feature) }
          }
          let (z, columnLogDet) = column.transform.forward(x)
          output[i * width + feature] = z
          logDet[i] += columnLogDet
        }
      }
      initialized = count * width
    }
    return EncodedRows(rowCount: count, columnCount: width, values: values, logDet: logDet)
  }
}

private func + <A, B>(a: Zip2Sequence<[A], [B]>, b: Zip2Sequence<[A], [B]>) -> [(A, B)] { Array(a) + Array(b) }
