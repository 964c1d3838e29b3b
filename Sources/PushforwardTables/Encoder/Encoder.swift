/// Maps a table's columns to the numbers that a model sees, and back, with exact log-determinants.
///
/// A value that is stored in the model file.
public struct Encoder: Sendable, Codable, Equatable {
  /// A column that the model does not see, and why.
  public struct LeftOut: Sendable, Codable, Equatable {
    /// Column name.
    public let name: String
    /// Why it was left out.
    public let reason: String

    /// Makes a note of a column that is left out.
    package init(name: String, reason: String) { (self.name, self.reason) = (name, reason) }
  }

  /// The modelled columns, in the order of the model's features.
  public let columns: [EncodedColumn]
  /// The columns the model is conditioned on.
  public let conditions: [ConditionColumn]
  /// Columns that were left out.
  public let leftOut: [LeftOut]

  private enum CodingKeys: String, CodingKey {
    case columns, conditions
    case leftOut = "left_out"
  }

  /// Numbers in a row of conditions.
  public var conditionWidth: Int { conditions.reduce(0) { $0 + $1.width } }

  /// Fits an encoder to a table.
  ///
  /// - Parameters:
  ///   - table: The training rows.
  ///   - schema: What its columns are.
  ///   - modelled: The columns to model, none of them if the list is empty; `nil`: all that are not conditions. Then
  ///     constants, identifiers and free text are left out, and `leftOut` says so.
  ///   - conditions: The columns to condition on.
  ///   - weights: How often each row counts; 1 each when `nil`.
  ///   - options: Choices.
  /// - Throws: `TableError.cannotModel` for category columns, `.unknownColumn`, `.wrongKind`, `.cannotEncode` when nothing
  ///   is left to model.
  public init(
    fitting table: Table, schema: Schema, modelled: [String]? = nil, conditions: [String] = [],
    weights: [Double]? = nil, options: EncoderOptions = EncoderOptions()
  ) throws {
    let choice = try Self.choose(schema: schema, modelled: modelled, conditions: conditions)
    leftOut = choice.leftOut
    columns = try choice.columns.map { column in
      guard let fitted = try EncodedColumn(fitting: table, weights: weights, schema: column, options: options) else {
        throw TableError.cannotModel(columns: [column.name], detail: "every cell is missing")
      }
      return fitted
    }
    self.conditions = try conditions.map { name in
      try ConditionColumn(
        fitting: table.column(name), weights: weights, schema: schema.column(name), place: table.place(ofRow:))
    }
  }

  private static func firstRepeated(_ names: [String]) -> String? {
    var seen: Set<String> = []
    return names.first { !seen.insert($0).inserted }
  }

  /// The columns to model and those left out with a reason.
  static func choose(
    schema: Schema, modelled: [String]?, conditions: [String]
  ) throws -> (columns: [ColumnSchema], leftOut: [LeftOut]) {
    if let twice = firstRepeated(conditions + (modelled ?? [])) {
      throw TableError.cannotEncode(
        detail: "column \(twice) is named twice among the columns to model and the conditions")
    }
    let candidates =
      try modelled?.map { try schema.column($0) } ?? schema.columns.filter { !conditions.contains($0.name) }
    var columns: [ColumnSchema] = []
    var leftOut: [LeftOut] = []
    var categories: [String] = []
    for column in candidates {
      if column.kind.isNumeric, modelled != nil || !column.isIgnored {
        columns.append(column)
      } else if column.kind == .category, !column.isIgnored {
        categories.append(column.name)
      } else if modelled != nil {
        throw TableError.cannotModel(columns: [column.name], detail: "\(column.kind.label): \(column.reason)")
      } else {
        let reason = column.isIgnored ? column.reason : "\(column.kind.label): \(column.reason)"
        leftOut.append(LeftOut(name: column.name, reason: reason))
      }
    }
    if !categories.isEmpty {
      let isOne = categories.count == 1
      let (they, them) = isOne ? ("it is a category column", "it") : ("they are category columns", "them")
      throw TableError.cannotModel(
        columns: categories,
        detail: "\(they), and a continuous model takes numbers; condition on \(them) (--given "
          + "\(categories.joined(separator: ","))), name the columns to model (--columns), or leave \(them) out in a "
          + "schema file (role = \"ignore\")")
    }
    if columns.isEmpty, modelled?.isEmpty != true {
      let reasons = leftOut.map { "\($0.name) (\($0.reason))" }
      throw TableError.cannotEncode(
        detail: "there is no column to model" + (reasons.isEmpty ? "" : "; left out were \(listed(reasons))"))
    }
    return (columns, leftOut)
  }
}
