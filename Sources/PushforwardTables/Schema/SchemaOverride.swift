/// What a schema file says about one column; everything else is inferred.
public struct ColumnOverride: Sendable, Equatable, Codable {
  /// What the column's values are.
  public var kind: ColumnKind?
  /// All levels of a category column, in order.
  public var levels: [String]?
  /// The level, one of `levels`, that stands for all texts that are not among them.
  public var otherLevel: String?
  /// The recording step.
  public var step: Double?
  /// Smallest possible value.
  public var minimum: Double?
  /// Largest possible value.
  public var maximum: Double?
  /// Whether to model the logarithm.
  public var log: Bool?
  /// The levels have an order: `kind = "ordinal"`.
  public var isOrdered: Bool?
  /// The numbers are angles: `kind = "angle"`.
  public var isAngle: Bool?
  /// Once around, for angles.
  public var period: Double?
  /// The column that holds the standard deviation of each value's error of measurement.
  public var errorColumn: String?
  /// The column is to be left out.
  public var isIgnored: Bool?

  /// Says nothing.
  public init() {}
}

/// What a schema file says: overrides by column name.
public struct SchemaOverrides: Sendable, Equatable {
  /// The file's name, for messages.
  public var source: String
  /// Overrides by column name.
  public var columns: [String: ColumnOverride]

  /// Overrides made in code.
  public init(_ columns: [String: ColumnOverride] = [:], source: String = "schema") {
    self.columns = columns
    self.source = source
  }

  /// How a reader must store the columns whose kind is declared.
  public var storage: [String: Column.Storage] {
    let declared: [String: Column.Storage] = columns.compactMapValues { override in
      switch override.kind {
      case .real, .wholeNumber: .numbers
      case .category, .date: .categories
      default: override.levels == nil ? (override.errorColumn == nil ? nil : .numbers) : .categories
      }
    }
    return declared.merging(columns.values.compactMap(\.errorColumn).map { ($0, .numbers) }) { first, _ in first }
  }

  /// The first column, by name, whose errors of measurement are declared.
  public var firstWithErrors: String? { columns.keys.sorted().first { columns[$0]?.errorColumn != nil } }
}
