/// What the columns of a table are.
public struct Schema: Sendable, Codable, Equatable {
  /// The columns in the table's order.
  public var columns: [ColumnSchema]
  /// Rows of the table from which this was inferred.
  public var rowCount: Int

  private enum CodingKeys: String, CodingKey {
    case columns
    case rowCount = "row_count"
  }

  /// Makes a schema from columns.
  public init(columns: [ColumnSchema], rowCount: Int = 0) {
    self.columns = columns
    self.rowCount = rowCount
  }

  /// Infers the kinds of a table's columns, each with a reason.
  ///
  /// - Parameters:
  ///   - table: The table.
  ///   - overrides: What is declared, for instance in a schema file.
  /// - Throws: `TableError.unknownColumn` or `.badSchema` when a declaration does not fit the table.
  public init(inferring table: Table, overrides: SchemaOverrides = SchemaOverrides()) throws {
    for name in overrides.columns.keys.sorted() where table[name] == nil {
      throw TableError.badSchema(
        source: overrides.source, line: nil,
        detail: TableError.unknownColumn(name: name, available: table.names).description)
    }
    rowCount = table.rowCount
    columns = try table.columns.map { name, column in
      let override = overrides.columns[name] ?? ColumnOverride()
      return try SchemaInference(name: name, override: override, source: overrides.source).infer(column, table: table)
    }
    for measured in columns where measured.errorColumn != nil {
      guard let place = columns.firstIndex(where: { $0.name == measured.errorColumn }) else { continue }
      columns[place].isIgnored = true
      columns[place].reason = "it holds the errors of \(measured.name)"
    }
  }

  /// The column with this name, if there is one.
  public subscript(name: String) -> ColumnSchema? { columns.first { $0.name == name } }

  /// The column with this name.
  ///
  /// - Throws: `TableError.unknownColumn`.
  public func column(_ name: String) throws -> ColumnSchema {
    guard let column = self[name] else {
      throw TableError.unknownColumn(name: name, available: columns.map(\.name))
    }
    return column
  }
}
