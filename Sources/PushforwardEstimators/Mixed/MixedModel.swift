import PushforwardChains
import PushforwardCore
import PushforwardTables

/// A typed autoregressive chain of a table: exact masses for categories and whole numbers, densities for reals, missing cells
/// and questions about any columns given any others answered by the same network.
///
/// Exact: scores of whole rows, and of every leading part of the chain. Learned: conditionals on columns given out of the
/// chain's order, and the scores of rows with gaps (see `Chain`).
///
/// Columns with gaps have a companion in the chain that says whether a cell is there, given the cells before it. It has no
/// part in scores, which are those of the cells that are there, and none in `sample`, which fills; `sampleWithGaps` draws
/// it, so that gaps stand where, and as often as, they do in the table.
public struct MixedModel: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .mixed }

  /// What the table's columns are.
  public let schema: Schema
  /// How the model came about.
  public internal(set) var record: FitRecord
  /// Columns of the table that the model does not see, and why.
  public let leftOut: [Encoder.LeftOut]
  /// The map between the table's cells and the chain's.
  public let encoder: TypedEncoder
  /// Columns that are nearly functions of others.
  let relations: [ColumnRelation]
  /// The chain, over the encoder's columns.
  public internal(set) var chain: Chain
  /// One normal component, and independent columns: what the model is reported beside.
  let gaussian: MixturePart
  let independent: MixturePart

  private var modelled: [Int] { encoder.columns.indices.filter { !chain.specification.columns[$0].isCondition } }
  private var conditioned: [Int] { encoder.columns.indices.filter { chain.specification.columns[$0].isCondition } }

  /// Names of the modelled columns.
  public var columns: [String] { modelled.map { encoder.columns[$0].name } }
  /// The columns conditioned on.
  public var conditions: [(name: String, storage: Column.Storage)] {
    conditioned.map { (encoder.columns[$0].name, encoder.columns[$0].storage) }
  }
  /// The columns that a table must have to be scored.
  public var requiredColumns: [(name: String, storage: Column.Storage)] { encoder.requiredColumns }
  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] { encoder.decimals }
  /// Exact, also with missing cells.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    (traits.acceptsMissing, traits.completes, traits.reproducesGaps) = (true, true, true)
    traits.splitsScores = true
    return traits
  }

  /// `log p` of each row's present cells, given its conditions.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func score(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    let typed = try encoder.encode(table)
    let inner = try chain.logProb(cells(typed), workers: workers)
    let constants = constants(typed)
    return RowScores(
      logProb: (0..<table.rowCount).map { inner[$0] + constants[$0] }, scoredRows: Array(0..<table.rowCount),
      leftOutNote: typed.note)
  }

  /// The contribution of each modelled column to the rows' scores, in the chain's order: `log p(cell | cells before it)`.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func scoreColumns(_ table: Table, workers: WorkerPool?) throws -> CellScores {
    let typed = try encoder.encode(table)
    let inner = try chain.columnLogProb(cells(typed), workers: workers)
    let columns = chain.specification.order.filter { $0 < encoder.columns.count }.map {
      index -> (name: String, logProb: [Double]) in
      let cells = typed.columns[index]
      return (
        encoder.columns[index].name,
        (0..<table.rowCount).map { row in
          // A value that cannot be counts as missing, at a price; a cell that is not there has no score.
          let isThere = cells.codes[row] != TypedCells.missing || cells.constant[row] != 0
          return isThere ? Double(inner[row, index]) + cells.constant[row] : .nan
        }
      )
    }
    return CellScores(columns: columns, note: typed.note)
  }

  /// The rows under one normal component, and under independent columns.
  public func baselines(_ table: Table) throws -> [Baseline] {
    try Baseline.pair(gaussian: gaussian, independent: independent, of: table)
  }

  /// Draws rows.
  ///
  /// - Throws: `EngineError.invalidSetting`, `EstimatorError.conditions`, `.conditionRows`, `TableError`, `ChainError`.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try drawn(count: count, given: given, seed: seed, firstRow: firstRow, withGaps: false, workers: workers)
  }

  /// Draws rows with gaps like those of the training rows.
  ///
  /// - Throws: as `sample`.
  public func sampleWithGaps(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try drawn(count: count, given: given, seed: seed, firstRow: firstRow, withGaps: true, workers: workers)
  }

  /// Draws rows that complement each other, so that counts of values and of pairs of values come near to what the chain
  /// expects (see `Chain.balancedSample`).
  ///
  /// - Throws: as `sample`.
  public func sampleTable(
    count: Int, given: Table?, seed: UInt64, withGaps: Bool, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: 0)
    let drawn = try chain.balancedSample(
      count: count, conditions: conditionRows(given, count: count), seed: seed, withGaps: withGaps, snap: snap,
      workers: workers)
    return try decoded(drawn, seed: seed, firstRow: 0)
  }

  private func drawn(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, withGaps: Bool, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: firstRow)
    let drawn = try chain.sample(
      count: count, conditions: conditionRows(given, count: count), seed: seed, firstRow: UInt64(firstRow),
      withGaps: withGaps, snap: snap,
      workers: workers)
    return try decoded(drawn, seed: seed, firstRow: firstRow)
  }

  private func conditionRows(_ given: Table?, count: Int) throws -> ChainRows? {
    guard let given, !self.given.isEmpty else { return nil }
    let rows = given.extended(to: count)
    return try cells(encoder.encode(rows.selecting(columns: self.given)))
  }

  /// Draws have the cells of the data (rounding, whole numbers), so that later columns see what they saw in training.
  var snap: CellSnap {
    let columns = encoder.columns
    return { index, cells in
      guard columns[index].hasContinuous else { return }
      for place in cells.indices { columns[index].snap(&cells[place]) }
    }
  }

  func decoded(_ rows: ChainRows, seed: UInt64, firstRow: Int) throws -> Table {
    let z = zip(encoder.columns, rows.columns).map { column, cells in
      column.hasContinuous ? (0..<rows.count).map { cells.place($0) } : [Float](repeating: 0, count: rows.count)
    }
    let table = try encoder.decode(
      codes: rows.columns.prefix(z.count).map(\.codes), z: z, seed: seed, firstRow: firstRow)
    return try table.selecting(columns: columns)
  }

  /// The chain's rows of typed ones, nothing said of gaps.
  func cells(_ typed: TypedRows) throws -> ChainRows {
    try ChainRows(typed, columns: encoder.columns, specification: chain.specification)
  }

  /// What brings the scores of the modelled columns to data units, a row.
  func constants(_ typed: TypedRows) -> [Double] {
    var sums = [Double](repeating: 0, count: typed.rowCount)
    for index in modelled { for row in sums.indices { sums[row] += typed.columns[index].constant[row] } }
    return sums
  }
}

extension ChainRows {
  /// Typed cells as the chain takes them.
  ///
  /// - Parameters:
  ///   - typed: The cells.
  ///   - columns: The encoder's.
  ///   - specification: The chain's: those columns, then the ones that tell of others' presence.
  ///   - weights: One a row.
  ///   - tellsPresence: Whether the latter are filled in; they are missing otherwise, and have no part in a score.
  /// - Throws: `ChainError` for cells that do not fit.
  init(
    _ typed: TypedRows, columns: [TypedColumn], specification: ChainSpecification, weights: [Double]? = nil,
    tellsPresence: Bool = false
  ) throws {
    let cells = zip(columns, typed.columns).map { column, cells in
      guard column.hasContinuous else { return ChainCells(codes: cells.codes) }
      var result = ChainCells(codes: cells.codes, low: cells.low, high: cells.high)
      result.width = cells.width
      return result
    }
    let presence = specification.columns.compactMap(\.presenceOf).map { index in
      ChainCells(
        codes: typed.columns[index].codes.map { code in
          tellsPresence ? (code == TypedCells.missing ? 0 : 1) : ChainCells.missing
        })
    }
    try self.init(cells + presence, weights: weights.map { $0.map { Float($0) } })
  }
}

extension ChainCells {
  /// A finite place inside a cell.
  fileprivate func place(_ row: Int) -> Float {
    let (low, high) = (self.low[row], self.high[row])
    if low == high { return low.isFinite ? low : 0 }
    // A finite end is the border to the next cell.
    if !high.isFinite { return low.isFinite ? low + 1 : 0 }
    return low.isFinite ? low + (high - low) / 2 : high - 1
  }
}

extension TypedColumn {
  /// A drawn point as the cell it lies in, or as the atom it is.
  fileprivate func snap(_ drawn: inout DrawnCell) {
    guard drawn.code == Int32(atoms), drawn.low.isFinite else { return }
    let cell = cell(atPlace: drawn.low)
    guard cell.code != TypedCells.missing else { return }
    drawn = DrawnCell(code: cell.code, low: cell.low, high: cell.high, width: cell.width)
  }
}
