import PushforwardCore
import PushforwardEvaluation
import PushforwardModels
import PushforwardTables

/// The fitted distribution of a table's rows: a schema, an encoder, a flow and how they came about.
///
/// A value.
///
/// All log-densities are nats a row in the units of the user's own columns.
public struct DensityModel: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .flow }

  /// What the table's columns are.
  public let schema: Schema
  /// The map between columns and the flow's features.
  public let encoder: Encoder
  /// The flow, on the encoder's scale.
  public let flow: Flow<Float>
  /// How the model came about.
  public internal(set) var record: FitRecord
  /// The full-covariance normal that the model is reported beside, on `gaussianEncoder`'s scale.
  let gaussian: LinearGaussian
  let gaussianEncoder: Encoder

  /// Names of the modelled columns.
  public var columns: [String] { encoder.columns.map(\.name) }
  /// The columns conditioned on.
  public var conditions: [(name: String, storage: Column.Storage)] {
    encoder.conditions.map { ($0.name, $0.schema.kind.storage) }
  }
  /// The columns that a table must have to be scored.
  public var requiredColumns: [(name: String, storage: Column.Storage)] { encoder.requiredColumns }
  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] {
    Dictionary(
      encoder.columns.compactMap { column in column.decimals.map { (column.name, $0) } },
      uniquingKeysWith: { first, _ in first })
  }
  /// Columns of the table that the model does not see, and why.
  public var leftOut: [Encoder.LeftOut] { encoder.leftOut }
  /// Exact scores of complete rows; missing cells are drawn by integrating the joint density.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    traits.completes = true
    return traits
  }

  /// `log p(row)` of each row, columns matched by name.
  ///
  /// - Throws: `TableError` for missing columns, wrong kinds, unseen levels.
  public func score(_ table: Table, workers: WorkerPool? = nil) throws -> RowScores {
    try score(encoder.prepare(table), tableRows: table.rowCount, workers: workers)
  }

  func score(_ rows: PreparedRows, tableRows: Int, workers: WorkerPool?) throws -> RowScores {
    let encoded = encoder.encode(rows)
    let inner = try flow.logProb(
      Matrix(rows: rows.rowCount, columns: columns.count, values: encoded.floats), context: conditions(rows),
      workers: workers)
    var logProb = [Double](repeating: .nan, count: tableRows)
    for (index, row) in rows.keptRows.enumerated() { logProb[row] = Double(inner[index]) + encoded.logDet[index] }
    return RowScores(logProb: logProb, scoredRows: rows.keptRows, leftOutNote: rows.leftOutNote, missing: rows.missing)
  }

  /// The scored rows under one full-covariance normal distribution and under independent columns.
  public func baselines(_ table: Table) throws -> [Baseline] {
    let rows = try encoder.prepare(table)
    return [
      Baseline(
        key: "gaussian", name: "full-covariance Gaussian",
        logProb: Self.gaussian(gaussian, gaussianEncoder, try gaussianEncoder.prepare(table))),
      Baseline(key: "independent", name: "independent columns", logProb: Self.independent(encoder.encode(rows))),
    ]
  }

  /// Each column by its own marginal: standard normal on the encoder's scale.
  static func independent(_ rows: EncodedRows) -> [Double] {
    let half = NormalScale.halfLogTwoPi
    return (0..<rows.rowCount).map { row in
      var total = rows.logDet[row]
      for column in 0..<rows.columnCount {
        let z = rows.values[row * rows.columnCount + column]
        total -= half + 0.5 * z * z
      }
      return total
    }
  }

  static func gaussian(_ gaussian: LinearGaussian, _ encoder: Encoder, _ rows: PreparedRows) -> [Double] {
    let encoded = encoder.encode(rows)
    let inner = gaussian.logProb(
      x: Matrix(rows: encoded.rowCount, columns: encoded.columnCount, values: encoded.values),
      context: encoder.conditionWidth == 0
        ? nil : Matrix(rows: rows.rowCount, columns: encoder.conditionWidth, values: rows.conditions))
    return zip(inner, encoded.logDet).map(+)
  }

  /// Draws rows.
  ///
  /// Row `i` is the same whatever `count` and the number of workers.
  ///
  /// - Parameters:
  ///   - count: Number of rows, not negative.
  ///   - given: The conditions: one row for all, or one for each draw. Needed if the model is conditional.
  ///   - seed: Same seed, same rows.
  ///   - firstRow: Number of the first row, to draw a long sample in pieces.
  ///   - workers: Threads to use; the calling thread alone when `nil`.
  /// - Returns: The modelled columns, in their own units.
  /// - Throws: `EngineError.invalidSetting` for a negative count or first row; `EstimatorError.conditions` or
  ///   `.conditionRows`; `TableError` for unseen levels.
  public func sample(
    count: Int, given: Table? = nil, seed: UInt64 = 0, firstRow: Int = 0, workers: WorkerPool? = nil
  ) throws -> Table {
    try Self.checkRange(count: count, firstRow: firstRow)
    let names = given?.names ?? []
    guard Set(self.given).isSubset(of: names), !self.given.isEmpty || names.isEmpty else {
      throw EstimatorError.conditions(expected: self.given, found: names)
    }
    var context: Matrix<Float>?
    if let given, !self.given.isEmpty {
      if given.rowCount != 1 && given.rowCount != count {
        throw EstimatorError.conditionRows(expected: count, found: given.rowCount)
      }
      context = Matrix(
        rows: given.rowCount, columns: encoder.conditionWidth,
        values: try encoder.conditions(of: given).map { Float($0) })
    }
    return try sample(count: count, context: context, seed: seed, firstRow: firstRow, workers: workers)
  }

  /// Draws rows under one condition, given as texts by column name, as in `["species": "Gentoo", "weight": "5000"]`.
  ///
  /// - Throws: `TableError.unknownColumn` for a name that is no condition, `.missingCell` for one that is not given,
  ///   `.wrongKind` for a text that should be a number, `.unseenLevel`; `EngineError.invalidSetting` for a negative count
  ///   or first row.
  public func sample(
    count: Int, given: [String: String], seed: UInt64 = 0, firstRow: Int = 0, workers: WorkerPool? = nil
  ) throws -> Table {
    try Self.checkRange(count: count, firstRow: firstRow)
    let numbers = try encoder.conditions(given: given, source: "given").map { Float($0) }
    return try sample(
      count: count, context: numbers.isEmpty ? nil : Matrix(rows: 1, columns: numbers.count, values: numbers),
      seed: seed, firstRow: firstRow, workers: workers)
  }

  private func sample(
    count: Int, context: Matrix<Float>?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    let rows = try flow.sample(
      count: count, context: context, seed: seed, firstRow: UInt64(firstRow), workers: workers)
    return try encoder.decode(rows.values)
  }

  private static func checkRange(count: Int, firstRow: Int) throws {
    for (name, value) in [("number of rows", count), ("first row", firstRow)] where value < 0 {
      throw EngineError.invalidSetting(name: name, expected: "not negative", found: "\(value)")
    }
  }

  /// Maps rows to base space: standard normal if the model is right.
  ///
  /// Rows with missing cells are left out.
  ///
  /// - Throws: `TableError` as `score`.
  public func encode(_ table: Table, workers: WorkerPool? = nil) throws -> Matrix<Float> {
    let rows = try encoder.prepare(table)
    let encoded = encoder.encode(rows)
    return try flow.encode(
      Matrix(rows: rows.rowCount, columns: columns.count, values: encoded.floats), context: conditions(rows),
      workers: workers)
  }

  private func conditions(_ rows: PreparedRows) -> Matrix<Float>? {
    encoder.conditionWidth == 0
      ? nil
      : Matrix(rows: rows.rowCount, columns: encoder.conditionWidth, values: rows.conditions.map { Float($0) })
  }
}
