import PushforwardCore
import PushforwardEvaluation
import PushforwardModels
import PushforwardTables

/// The fitted distribution of a table's rows: a schema, an encoder, a flow and how they came about.
///
/// A value.
///
/// All log-densities are nats a row in the units of the user's own columns.
public struct DensityModel: Sendable {
  /// What the table's columns are.
  public let schema: Schema
  /// The map between columns and the flow's features.
  public let encoder: Encoder
  /// The flow, on the encoder's scale.
  public let flow: Flow<Float>
  /// How the model came about.
  public let record: FitRecord
  /// The full-covariance normal that the model is reported beside, on `gaussianEncoder`'s scale.
  let gaussian: LinearGaussian
  let gaussianEncoder: Encoder

  /// Names of the modelled columns.
  public var columns: [String] { encoder.columns.map(\.name) }
  /// Names of the columns conditioned on.
  public var given: [String] { encoder.conditions.map(\.name) }

  /// Log-densities of a table's rows.
  public struct Scores: Sendable {
    /// One a row of the table, in nats; NaN for rows with a missing cell.
    public var logProb: [Double]
    /// Which rows were scored.
    public var scoredRows: [Int]
    /// Rows that could not be scored, in words; `nil` when there are none.
    public var leftOutNote: String?
  }

  /// `log p(row)` of each row, columns matched by name.
  ///
  /// - Throws: `TableError` for missing columns, wrong kinds, unseen levels.
  public func score(_ table: Table, workers: WorkerPool? = nil) throws -> Scores {
    try score(encoder.prepare(table), tableRows: table.rowCount, workers: workers)
  }

  func score(_ rows: PreparedRows, tableRows: Int, workers: WorkerPool?) throws -> Scores {
    let encoded = encoder.encode(rows)
    let inner = try flow.logProb(
      Matrix(rows: rows.rowCount, columns: columns.count, values: encoded.floats), context: conditions(rows),
      workers: workers)
    var logProb = [Double](repeating: .nan, count: tableRows)
    for (index, row) in rows.keptRows.enumerated() { logProb[row] = Double(inner[index]) + encoded.logDet[index] }
    return Scores(logProb: logProb, scoredRows: rows.keptRows, leftOutNote: rows.leftOutNote)
  }

  /// The likelihood of a table's rows, beside the two baselines.
  public struct Evaluation: Sendable {
    /// Under the model.
    public var model: LikelihoodSummary
    /// Under independent columns.
    public var independent: LikelihoodSummary
    /// Under one full-covariance normal distribution.
    public var gaussian: LikelihoodSummary
    /// Rows that could not be scored, in words; `nil` when there are none.
    public var leftOutNote: String?
  }

  /// Mean log-likelihood of a table's rows.
  ///
  /// - Throws: `TableError` as `score`; `EstimatorError.tooFewRows` when no row can be scored.
  public func evaluate(_ table: Table, workers: WorkerPool? = nil) throws -> Evaluation {
    let rows = try encoder.prepare(table)
    if rows.rowCount == 0 {
      throw EstimatorError.tooFewRows(expected: 1, found: 0, note: rows.leftOutNote)
    }
    let scores = try score(rows, tableRows: table.rowCount, workers: workers)
    return Evaluation(
      model: LikelihoodSummary(scores.scoredRows.map { scores.logProb[$0] }),
      independent: LikelihoodSummary(Self.independent(encoder.encode(rows))),
      gaussian: LikelihoodSummary(Self.gaussian(gaussian, gaussianEncoder, try gaussianEncoder.prepare(table))),
      leftOutNote: rows.leftOutNote)
  }

  /// Each column by its own marginal: standard normal on the encoder's scale.
  static func independent(_ rows: EncodedRows) -> [Double] {
    let half = 0.918_938_533_204_672_74  // log(2 pi) / 2
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
