import PushforwardCore
import PushforwardMixtures
import PushforwardTables

/// A kernel density of a table: the baseline that has no structure at all.
///
/// Missing cells of a scored row are marginalised exactly; rows with missing cells have no kernel.
public struct KernelModel: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .kernel }

  /// What the table's columns are.
  public let schema: Schema
  /// How the model came about.
  public let record: FitRecord
  /// Columns of the table that the model does not see, and why.
  public let leftOut: [Encoder.LeftOut]
  let encoding: MixedEncoding
  /// The density, on the model's scale.
  public let density: KernelDensity

  /// Names of the modelled columns.
  public var columns: [String] { encoding.modelled }
  /// The columns conditioned on.
  public var conditions: [(name: String, storage: Column.Storage)] {
    encoding.given.map { ($0, encoding.schema($0).kind.storage) }
  }
  /// The columns that a table must have to be scored.
  public var requiredColumns: [(name: String, storage: Column.Storage)] { encoding.requiredColumns }
  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] { encoding.decimals }
  /// Exact (to 1e-9), also with missing cells.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    (traits.acceptsMissing, traits.completes) = (true, true)
    traits.hasExactMarginals = true
    return traits
  }

  /// `log p` of each row's present cells, given its present conditions.
  ///
  /// - Throws: `TableError`.
  public func score(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    try Self.scores(density, encoding, table, workers: workers)
  }

  static func scores(
    _ density: KernelDensity, _ encoding: MixedEncoding, _ table: Table, workers: WorkerPool?
  ) throws -> RowScores {
    let rows = try encoding.rows(table)
    var logProb = try density.logProb(rows.mixture, workers: workers)
    for row in logProb.indices { logProb[row] += rows.logDet[row] }
    if !encoding.given.isEmpty {
      let conditions = try encoding.rows(table, hiding: Set(encoding.modelled))
      let marginal = try density.logProb(conditions.mixture, workers: workers)
      for row in logProb.indices { logProb[row] -= marginal[row] }
    }
    return RowScores(logProb: logProb, scoredRows: Array(logProb.indices), leftOutNote: rows.note)
  }

  /// Draws rows.
  ///
  /// - Throws: `EngineError.invalidSetting`, `EstimatorError.conditions`, `.conditionRows`, `TableError`.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: firstRow)
    guard let given, !self.given.isEmpty else {
      return try encoding.decode(density.sample(count: count, seed: seed, firstRow: UInt64(firstRow)))
    }
    let rows = given.extended(to: count)
    return try completed(rows.selecting(columns: self.given), seed: seed, firstRow: firstRow, workers: workers)
  }

  /// Fills missing cells with draws from their exact distribution given the row's other cells.
  ///
  /// - Throws: `TableError`.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    let drawSeed = RandomStream(seed: seed, purpose: .user).split(UInt64(draw)).seed
    return try completed(table, seed: drawSeed, firstRow: firstRow, workers: workers)
  }

  private func completed(_ table: Table, seed: UInt64, firstRow: Int, workers: WorkerPool?) throws -> Table {
    let rows = try encoding.rows(table, absent: true).mixture
    let drawn = try density.completing(rows, seed: seed, firstRow: UInt64(firstRow), workers: workers)
    return try encoding.filled(table, with: encoding.decode(drawn))
  }
}
