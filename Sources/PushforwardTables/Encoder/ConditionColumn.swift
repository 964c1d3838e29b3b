/// One column that a model is conditioned on: a standardised number, or a category as one indicator a level.
public struct ConditionColumn: Sendable, Codable, Equatable {
  /// What the column is.
  public let schema: ColumnSchema
  /// The map of a column of numbers to its standard scale; `nil` for categories.
  public let transform: StandardTransform?

  /// Name of the column.
  public var name: String { schema.name }

  /// Numbers that the column takes in a row of conditions.
  public var width: Int { transform == nil ? (schema.levels ?? []).count : 1 }

  /// Fits the column.
  ///
  /// - Throws: `TableError.wrongKind` for a column that says nothing (constant, identifier, free text).
  package init(
    fitting column: Column, weights: [Double]? = nil, schema: ColumnSchema, place: (Int) -> String
  ) throws {
    try Self.check(schema)
    self.schema = schema
    switch schema.kind {
    case .real, .wholeNumber, .date:
      let values = try schema.numbers(column, place: place).values
      let rows = values.indices.filter { !values[$0].isNaN && weights?[$0] ?? 1 > 0 }
      transform = StandardTransform(
        fitting: rows.map { values[$0] }, weights: weights.map { weights in rows.map { weights[$0] } },
        cell: schema.kind == .real ? 0 : schema.step ?? 0, log: schema.log)
    case .category, .constant, .identifier, .freeText: transform = nil
    }
  }

  /// Throws `TableError.wrongKind` for a column that says nothing.
  static func check(_ schema: ColumnSchema) throws {
    switch schema.kind {
    case .category, .real, .wholeNumber, .date: return
    case .constant, .identifier, .freeText:
      throw TableError.wrongKind(
        column: schema.name, expected: "a condition that says something (numbers, a category or a date)",
        found: "\(schema.kind.label): \(schema.reason)")
    }
  }

  /// Writes the column's numbers into rows of conditions.
  ///
  /// - Parameters:
  ///   - column: The column of some table.
  ///   - rows: The rows to encode, none of them missing.
  ///   - output: Rows of conditions, row-major.
  ///   - offset: Where this column begins in a row.
  ///   - stride: Length of a row.
  ///   - place: Names a row's place in a message.
  /// - Throws: `TableError.unseenLevel` or `.wrongKind`.
  package func encode(
    _ column: Column, rows: [Int], into output: inout [Double], offset: Int, stride: Int, place: (Int) -> String
  ) throws {
    if let transform {
      let values = try schema.numbers(column, place: place).values
      for (index, row) in rows.enumerated() {
        output[index * stride + offset] = transform.forward(values[row]).z
      }
      return
    }
    let levels = schema.levels ?? []
    let known = Dictionary(levels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let categories = column.categories
    let other = schema.otherLevel.flatMap { known[$0] }
    let codes = categories.levels.map { known[$0] ?? other }
    for (index, row) in rows.enumerated() {
      let code = Int(categories.codes[row])
      guard let level = codes[code] else {
        throw TableError.unseenLevel(
          column: name, level: categories.levels[code], place: place(row), known: levels)
      }
      output[index * stride + offset + level] = 1
    }
  }
}
