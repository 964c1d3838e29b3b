import PushforwardCore
import PushforwardLatent
import PushforwardTables

/// A variational autoencoder of a table, plain (`vae`) or given other columns (`cvae`).
///
/// Categories, whole numbers and reals may stand side by side, and cells may be missing. Log-likelihoods are estimates by
/// importance sampling, each with its standard error.
public struct LatentModel: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .latent }

  /// What the table's columns are.
  public let schema: Schema
  /// How the model came about.
  public internal(set) var record: FitRecord
  let cells: LatentColumns
  /// Draws a row when scoring.
  public var scoringDraws: Int
  /// The model on cells.
  public package(set) var autoencoder: VariationalAutoencoder<Float>

  /// Names of the modelled columns.
  public var columns: [String] { cells.entries.map(\.name) }
  /// The columns conditioned on.
  public var conditions: [(name: String, storage: Column.Storage)] {
    cells.encoder.conditions.map { ($0.name, $0.schema.kind.storage) }
  }
  /// The columns that a table must have to be scored.
  public var requiredColumns: [(name: String, storage: Column.Storage)] { cells.requiredColumns }
  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] { cells.decimals }
  /// Columns of the table that the model does not see, and why.
  public var leftOut: [Encoder.LeftOut] { cells.leftOut }
  /// Estimates, also of rows with missing cells.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    traits.likelihood = .estimate
    (traits.acceptsMissing, traits.completes) = (true, true)
    return traits
  }

  /// An estimate of `log p` of each row's present cells, with its standard error.
  ///
  /// - Throws: `TableError`.
  public func score(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    let rows = try cells.rows(of: table)
    let scores = try autoencoder.score(rows.cells, context: rows.context, draws: scoringDraws, workers: workers)
    var logProb = [Double](repeating: .nan, count: table.rowCount)
    var (errors, bounds) = (logProb, logProb)
    for (index, row) in rows.keptRows.enumerated() {
      logProb[row] = scores[index].logProb + rows.logDet[index]
      errors[row] = scores[index].standardError
      bounds[row] = scores[index].evidenceBound + rows.logDet[index]
    }
    var found = RowScores(
      logProb: logProb, standardErrors: errors, scoredRows: rows.keptRows, leftOutNote: rows.leftOutNote,
      missing: rows.missing)
    found.evidenceBounds = bounds
    return found
  }

  /// A table's cells on the model's scale, and the log-determinants of the way there, nats a row.
  package func codedRows(_ table: Table) throws -> (cells: Matrix<Double>, logDet: [Double]) {
    let rows = try cells.rows(of: table)
    return (rows.cells, rows.logDet)
  }

  /// Draws rows.
  ///
  /// - Throws: `EngineError.invalidSetting`, `EstimatorError.conditions`, `.conditionRows`, `TableError`.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try sample(count: count, given: given, seed: seed, firstRow: firstRow, rendering: nil, workers: workers)
  }

  /// Draws latent values and shows what they stand for.
  ///
  /// - Parameters:
  ///   - count: Number of rows, not negative.
  ///   - given: The conditions, as for `sample`.
  ///   - seed: Same seed, same rows.
  ///   - firstRow: Number of the first row.
  ///   - rendering: What to show of the columns' distributions given the latent value: their means or most likely values;
  ///     a draw from them when `nil`.
  ///   - workers: Threads to use.
  /// - Returns: The modelled columns, in their own units.
  /// - Throws: as `sample`.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, rendering: ColumnLikelihood.Rendering?, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: firstRow)
    return try cells.table(
      autoencoder.sample(
        count: count, context: context(given), seed: seed, firstRow: UInt64(firstRow), rendering: rendering,
        workers: workers))
  }

  /// The conditions of a table as the network reads them; `nil` where the model has none.
  func context(_ given: Table?) throws -> Matrix<Float>? {
    guard let given, !self.given.isEmpty else { return nil }
    return try cells.context(of: given)
  }

  /// Latent values of which each completion takes one.
  private static var candidates: Int { 64 }

  /// Fills missing cells with draws given the row's other cells: by importance resampling of the latent value, exact as
  /// its 64 candidates become many.
  ///
  /// - Throws: `TableError`.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    try completion(table, seed: seed, firstRow: firstRow, draw: draw, workers: workers).table
  }

  /// The same with what the candidates are worth.
  ///
  /// - Throws: `TableError`.
  public func completion(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCompletion {
    let rows = try completeRows(of: table)
    let drawSeed = RandomStream(seed: seed, purpose: .user).split(UInt64(draw)).seed
    let drawn = try autoencoder.complete(
      rows.cells, context: rows.context, draws: 1, candidates: Self.candidates, seed: drawSeed,
      firstRow: UInt64(firstRow), workers: workers)
    let sizes = drawn.effectiveSizes.enumerated().map { row, size in
      rows.cells.row(row).contains(where: \.isNaN) ? size : .nan
    }
    return TableCompletion(
      table: try filled(table, with: cells.table(drawn.copies[0])), candidates: Self.candidates, effectiveSizes: sizes)
  }

  /// The rows of a table all of whose conditions are there.
  ///
  /// - Throws: `TableError.missingCell` otherwise.
  func completeRows(of table: Table) throws -> LatentColumns.Rows {
    let rows = try cells.rows(of: table)
    if let first = rows.missing.first {
      let place = (0..<table.rowCount).first { table[first.column]?.isMissing(row: $0) ?? true } ?? 0
      throw TableError.missingCell(column: first.column, place: table.place(ofRow: place), count: first.count)
    }
    return rows
  }

  private func filled(_ table: Table, with drawn: Table) throws -> Table {
    try Table(
      columns.map { name in
        let column = try drawn.column(name)
        guard let present = table[name] else { return (name, column) }
        let same = column.storage == .categories ? Column.categories(present.categories) : present
        return (name, column.replacingCells(from: same))
      }, origin: table.origin)
  }
}
