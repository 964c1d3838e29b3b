/// Turns a table of any columns, with missing cells, into the typed cells that a model of mixed tables works on, and back.
///
/// A value that is stored in the model file.
public struct TypedEncoder: Sendable, Codable, Equatable {
  /// The modelled columns, in the table's order or the one asked for.
  public let columns: [TypedColumn]
  /// Columns that were left out, and why.
  public let leftOut: [Encoder.LeftOut]

  private enum CodingKeys: String, CodingKey {
    case columns
    case leftOut = "left_out"
  }

  /// Fits an encoder to a table.
  ///
  /// - Parameters:
  ///   - table: The training rows.
  ///   - schema: What its columns are.
  ///   - modelled: The columns to model; `nil`: all but constants, identifiers, free text, and those that a schema file leaves
  ///     out.
  ///   - weights: Weight of each row, finite and not negative; weight 2 is the same as the row twice. `nil`: 1 each.
  ///   - smooth: Columns of numbers whose values are classes of their own only where they hold a tenth of the rows.
  ///   - options: Choices.
  /// - Throws: `TableError.cannotModel` for a named column that cannot be modelled, `.unknownColumn`, `.wrongShape`,
  ///   `.cannotEncode` when nothing is left to model.
  public init(
    fitting table: Table, schema: Schema, modelled: [String]? = nil, weights: [Double]? = nil,
    smooth: Set<String> = [], options: TypedEncoderOptions = TypedEncoderOptions()
  ) throws {
    if let weights {
      guard weights.count == table.rowCount, weights.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
        throw TableError.wrongShape(
          what: "row weights", expected: "\(table.rowCount) finite numbers, not negative", found: "\(weights.count)")
      }
    }
    let weights = weights?.asRowCounts
    var seen: Set<String> = []
    if let twice = modelled?.first(where: { !seen.insert($0).inserted }) {
      throw TableError.cannotEncode(detail: "column \(twice) is named twice among the columns to model")
    }
    var columns: [TypedColumn] = []
    var leftOut: [Encoder.LeftOut] = []
    for column in try modelled?.map({ try schema.column($0) }) ?? schema.columns {
      var reason: String?
      if column.isIgnored, modelled == nil {
        reason = column.reason
      } else if !column.kind.isNumeric, column.kind != .category {
        reason = "\(column.kind.label): \(column.reason)"
      } else if let fitted = try TypedColumn(
        fitting: table.column(column.name), schema: column, weights: weights,
        options: smooth.contains(column.name) ? options.smooth : options,
        place: table.place(ofRow:))
      {
        columns.append(fitted)
      } else {
        reason = "every cell of the training rows is missing"
      }
      guard let reason else { continue }
      if modelled != nil { throw TableError.cannotModel(columns: [column.name], detail: reason) }
      leftOut.append(Encoder.LeftOut(name: column.name, reason: reason))
    }
    if columns.isEmpty {
      let reasons = leftOut.map { "\($0.name) (\($0.reason))" }
      throw TableError.cannotEncode(
        detail: "there is no column to model" + (reasons.isEmpty ? "" : "; left out were \(listed(reasons))"))
    }
    self.columns = columns
    self.leftOut = leftOut
  }

  /// Reads an encoder and checks it.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    columns = try container.decode([TypedColumn].self, forKey: .columns)
    leftOut = try container.decode([Encoder.LeftOut].self, forKey: .leftOut)
    guard !columns.isEmpty, Set(columns.map(\.name)).count == columns.count else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "an encoder needs columns, each with its own name"))
    }
  }

  /// Columns that a table has, with the storage in which they are to be read, for `CSVStream`.
  public var requiredColumns: [(name: String, storage: Column.Storage)] { columns.map { ($0.name, $0.storage) } }

  /// Decimals to print the columns of numbers with.
  public var decimals: [String: Int] {
    Dictionary(
      columns.compactMap { column in column.decimals.map { (column.name, $0) } }, uniquingKeysWith: { a, _ in a })
  }

  /// The column with this name and its index.
  ///
  /// - Throws: `TableError.unknownColumn`.
  public func column(_ name: String) throws -> (index: Int, column: TypedColumn) {
    guard let index = columns.firstIndex(where: { $0.name == name }) else {
      throw TableError.unknownColumn(name: name, available: columns.map(\.name))
    }
    return (index, columns[index])
  }

  // MARK: Rows

  /// The cells of a table's rows; a column that the table lacks is missing in every row.
  ///
  /// - Parameters:
  ///   - table: Rows, columns matched by name.
  ///   - requiresColumns: Whether a column that the table lacks is an error instead.
  /// - Returns: The cells.
  /// - Throws: `TableError.wrongKind`, `.unknownColumn`.
  public func encode(_ table: Table, requiresColumns: Bool = false) throws -> TypedRows {
    let cells = try columns.map { column -> TypedCells in
      guard let source = requiresColumns ? try table.column(column.name) : table[column.name] else {
        return TypedCells(missing: table.rowCount)
      }
      return try column.cells(source, place: table.place(ofRow:))
    }
    let unseen = zip(columns, cells).filter { $0.1.unseenCount > 0 }.map { column, cells in
      "\(column.name) (\(cells.unseenCount))"
    }
    let note = unseen.isEmpty ? nil : "values that the fitted rows do not allow for: \(listed(unseen))"
    return TypedRows(rowCount: table.rowCount, columns: cells, note: note)
  }

  /// Cells back as a table in the columns' own units.
  ///
  /// - Parameters:
  ///   - codes: For each column, one class a row (-1: missing).
  ///   - z: For each column, one place on its scale a row, looked at where the class is the continuous one.
  ///   - seed: Picks the levels of classes that stand for several.
  ///   - firstRow: Number of the first row, to decode a long sample in pieces.
  /// - Returns: The table.
  /// - Throws: `TableError.wrongShape`, `.notFinite`.
  public func decode(codes: [[Int32]], z: [[Float]], seed: UInt64 = 0, firstRow: Int = 0) throws -> Table {
    guard codes.count == columns.count, z.count == columns.count else {
      throw TableError.wrongShape(
        what: "columns to decode", expected: "\(columns.count)", found: "\(codes.count) and \(z.count)")
    }
    return try Table(
      columns.enumerated().map { index, column in
        let decoded = try column.column(codes: codes[index], z: z[index], index: index, seed: seed, firstRow: firstRow)
        return (name: column.name, column: decoded)
      })
  }
}
