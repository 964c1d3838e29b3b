import PushforwardCore
import PushforwardTables

/// A discrete chain times a flow: p(categories, whole numbers, atoms) p(reals | those).
///
/// The chain is a typed one (`MixedModel`), the flow a neural spline flow of several layers, conditional on the chain's
/// columns as standardised numbers and indicators of levels. Scores of complete rows are exact. A missing cell of the chain
/// is summed out where its column has few values, one missing real is integrated out by adaptive bisection, and where
/// all reals are missing the chain answers alone; rows with other gaps are not scored.
public struct MixedFlowModel: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .mixedFlow }

  /// What the table's columns are.
  public let schema: Schema
  /// How the model came about.
  public internal(set) var record: FitRecord
  /// Columns of the table that the model does not see, and why.
  public let leftOut: [Encoder.LeftOut]
  /// The model of everything that has masses.
  public let chain: MixedModel
  /// The model of the smooth reals, conditional on the chain's columns and its conditions.
  public let flow: DensityModel
  /// One normal component, and independent columns: what the model is reported beside.
  let gaussian: MixturePart
  let independent: MixturePart

  /// Names of the modelled columns: the chain's, then the flow's.
  public var columns: [String] { chain.columns + flow.columns }
  /// The columns conditioned on.
  public var conditions: [(name: String, storage: Column.Storage)] { chain.conditions }
  /// The columns that a table must have to be scored.
  public var requiredColumns: [(name: String, storage: Column.Storage)] {
    let own = Set(flow.columns)
    return chain.requiredColumns + flow.requiredColumns.filter { own.contains($0.name) }
  }
  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] { chain.decimals.merging(flow.decimals) { first, _ in first } }
  /// Exact; rows with some gaps are scored too, but not all.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    traits.completes = true
    return traits
  }

  /// `log p` of each row's present cells, given its conditions.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func score(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    let known = try knownCells(table)
    let total = try jointLogProb(known.table, workers: workers)
    let logProb = zip(total, known.constants).map { $0 + $1 }
    let unscored = logProb.indices.filter { logProb[$0].isNaN }
    let missing = columns.compactMap { name -> (column: String, count: Int)? in
      let count = unscored.count { known.table[name]?.isMissing(row: $0) ?? true }
      return count > 0 ? (name, count) : nil
    }
    return RowScores(
      logProb: logProb, scoredRows: logProb.indices.filter { !logProb[$0].isNaN },
      leftOutNote: PreparedRows.leftOutNote(unscored.count, of: table.rowCount, missing: missing) ?? known.note,
      missing: missing)
  }

  /// The rows under one normal component, and under independent columns.
  public func baselines(_ table: Table) throws -> [Baseline] {
    try Baseline.pair(gaussian: gaussian, independent: independent, of: table)
  }

  /// Draws rows: the chain's columns, then the reals given them.
  ///
  /// - Throws: `EngineError.invalidSetting`, `EstimatorError.conditions`, `.conditionRows`, `TableError`, `ChainError`.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: firstRow)
    let outer = try conditionTable(given).map { $0.extended(to: count) }
    let drawn = try chain.sample(
      count: count, given: outer, seed: Self.seed(seed, .chain), firstRow: firstRow, workers: workers)
    let known = try Table(drawn.columns.map { ($0, $1) } + (outer?.columns.map { ($0, $1) } ?? []))
    let reals = try flow.sample(
      count: count, given: flow.conditionTable(known), seed: Self.seed(seed, .flow), firstRow: firstRow,
      workers: workers)
    return try Table(drawn.columns.map { ($0, $1) } + reals.columns.map { ($0, $1) })
  }

  /// The two factors, whose draws must not echo each other.
  enum Part: UInt64 {
    case chain, flow, choice
  }

  static func seed(_ seed: UInt64, _ part: Part) -> UInt64 {
    RandomStream(seed: seed, purpose: .user).split(part.rawValue).seed
  }
}
