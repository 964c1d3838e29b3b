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
  public let record: FitRecord
  let cells: LatentColumns
  /// Draws a row when scoring.
  let scoringDraws: Int
  /// The model on cells.
  public let autoencoder: VariationalAutoencoder<Float>

  /// Names of the modelled columns.
  public var columns: [String] { cells.entries.map(\.schema.name) }
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
    var errors = logProb
    for (index, row) in rows.keptRows.enumerated() {
      logProb[row] = scores[index].logProb + rows.logDet[index]
      errors[row] = scores[index].standardError
    }
    return RowScores(
      logProb: logProb, standardErrors: errors, scoredRows: rows.keptRows, leftOutNote: rows.leftOutNote)
  }

  /// Draws rows.
  ///
  /// - Throws: `EngineError.invalidSetting`, `EstimatorError.conditions`, `.conditionRows`, `TableError`.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: firstRow)
    return try cells.table(
      autoencoder.sample(
        count: count, context: context(given), seed: seed, firstRow: UInt64(firstRow), workers: workers))
  }

  private func context(_ given: Table?) throws -> Matrix<Float>? {
    guard let given, !self.given.isEmpty else { return nil }
    return Matrix(
      rows: given.rowCount, columns: cells.encoder.conditionWidth,
      values: try cells.encoder.conditions(of: given).map { Float($0) })
  }

  /// Fills missing cells with draws given the row's other cells: by importance resampling of the latent value, exact as
  /// its 64 candidates become many.
  ///
  /// - Throws: `TableError`.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    let rows = try cells.rows(of: table, allowsAbsentColumns: true)
    if let row = (0..<table.rowCount).first(where: { !rows.keptRows.contains($0) }), let first = given.first {
      throw TableError.missingCell(
        column: first, place: table.place(ofRow: row), count: table.rowCount - rows.keptRows.count)
    }
    let drawSeed = RandomStream(seed: seed, purpose: .user).split(UInt64(draw)).seed
    let drawn = try autoencoder.complete(
      rows.cells, context: rows.context, draws: 1, seed: drawSeed, firstRow: UInt64(firstRow), workers: workers)
    return try filled(table, with: cells.table(drawn[0]))
  }

  /// Encodes rows and decodes them again: what the model keeps of each.
  ///
  /// - Throws: `TableError`.
  public func reconstruct(_ table: Table, workers: WorkerPool? = nil) throws -> Table {
    let rows = try cells.rows(of: table)
    return try cells.table(autoencoder.reconstruct(rows.cells, context: rows.context, workers: workers))
  }

  /// Where rows lie in the latent space, `rows x latent features`; rows with a missing condition are left out.
  ///
  /// - Throws: `TableError`.
  public func encode(_ table: Table, workers: WorkerPool? = nil) throws -> Matrix<Float> {
    let rows = try cells.rows(of: table)
    return try autoencoder.encode(rows.cells, context: rows.context, workers: workers).latent
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
