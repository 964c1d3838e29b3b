import PushforwardCore
import PushforwardTables

/// A fitted distribution of a table's rows: what every model is to commands, composites and programs.
///
/// All log-densities are nats a row in the units of the user's own columns; a discrete column contributes a mass, numbers
/// recorded in steps (whole numbers in hundreds, days in seconds) their mass over the step, so that kinds of models compare.
public protocol TableModel: Sendable {
  /// What stands in a model file for this type.
  static var family: ModelFamily { get }

  /// What the modelled and conditioning columns are.
  var schema: Schema { get }
  /// How the model came about.
  var record: FitRecord { get }
  /// Names of the modelled columns, in the order in which they are drawn.
  var columns: [String] { get }
  /// The columns conditioned on, with the storage that `sample` expects of them.
  var conditions: [(name: String, storage: Column.Storage)] { get }
  /// The columns that a table must have to be scored, and how they are to be read.
  var requiredColumns: [(name: String, storage: Column.Storage)] { get }
  /// Decimals of the columns that have a recording step, for writing.
  var decimals: [String: Int] { get }
  /// Columns of the table that the model does not see, and why.
  var leftOut: [Encoder.LeftOut] { get }
  /// What the model can do, and how exactly.
  var traits: ModelTraits { get }

  /// Fits the model to a table.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - options: What is fixed; everything else is chosen.
  ///   - shouldStop: Asked often; `true` ends the fit with the best model so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `TrainingError`.
  static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> Self

  /// `log p(row)` of each row, columns matched by name.
  ///
  /// - Throws: `TableError` for missing columns, wrong kinds, unseen levels.
  func score(_ table: Table, workers: WorkerPool?) throws -> RowScores

  /// `log p(cell | the row's other cells)` of each present cell: what is odd about a row.
  ///
  /// - Throws: as `score` and `predict`; `EstimatorError.cannotAnswer` when the model has no such density.
  func scoreCells(_ table: Table, workers: WorkerPool?) throws -> CellScores

  /// The rows' scores in parts: `log p(cell | the cells of the columns before it)`, columns in the model's order.
  ///
  /// - Throws: as `score`; `EstimatorError.cannotAnswer` when the model knows no marginals.
  func scoreColumns(_ table: Table, workers: WorkerPool?) throws -> CellScores

  /// Draws rows; row `i` is the same whatever `count` and the number of workers.
  ///
  /// - Parameters:
  ///   - count: Number of rows, not negative.
  ///   - given: The conditions: one row for all, or one for each draw. Needed if the model is conditional.
  ///   - seed: Same seed, same rows.
  ///   - firstRow: Number of the first row, to draw a long sample in pieces.
  ///   - workers: Threads to use; the calling thread alone when `nil`.
  /// - Returns: The modelled columns, in their own units.
  /// - Throws: `EngineError.invalidSetting`, `EstimatorError.conditions`, `.conditionRows`, `TableError`.
  func sample(count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?) throws -> Table

  /// Draws rows whose cells are missing where, and as often as, those of the training rows were.
  ///
  /// - Parameters: as `sample`.
  /// - Returns: The modelled columns, in their own units, with gaps.
  /// - Throws: as `sample`; `EstimatorError.cannotAnswer` unless `traits.reproducesGaps`.
  func sampleWithGaps(count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?) throws -> Table

  /// Draws a table as a whole: where the model can, its rows complement each other, so that it is more like what the model
  /// expects than as many independent rows are.
  ///
  /// - Parameters:
  ///   - count: Number of rows, not negative.
  ///   - given: As for `sample`.
  ///   - seed: Same seed and count, same rows.
  ///   - withGaps: Cells are missing as in the training rows; needs `traits.reproducesGaps`.
  ///   - workers: Threads to use.
  /// - Returns: The modelled columns, in their own units.
  /// - Throws: as `sample` and `sampleWithGaps`.
  func sampleTable(count: Int, given: Table?, seed: UInt64, withGaps: Bool, workers: WorkerPool?) throws -> Table

  /// Fills the missing cells of the modelled columns with a draw from their distribution given the row's other cells.
  ///
  /// - Parameters:
  ///   - table: Rows; a modelled column that is absent is missing in every row.
  ///   - seed: Same seed, same rows.
  ///   - firstRow: Number of the first row, to complete a long table in pieces.
  ///   - draw: Which of the independent draws; each has its own random numbers.
  ///   - workers: Threads to use.
  /// - Returns: The modelled columns without a missing cell; present cells as they were.
  /// - Throws: `EstimatorError.cannotAnswer` when the model has no such distribution; `TableError`.
  func complete(_ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?) throws -> Table

  /// As `complete`, with what each row's draw is worth.
  ///
  /// - Throws: as `complete`.
  func completion(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCompletion

  /// Several candidates for the missing cells of each row, with weights: cheaper than as many of `complete` where draws are
  /// averaged.
  ///
  /// - Parameters:
  ///   - table: As for `complete`.
  ///   - draws: Candidates for each row, at least one.
  ///   - seed: Same seed and number of draws, same candidates.
  ///   - firstRow: Number of the first row.
  ///   - workers: Threads to use.
  /// - Returns: `draws` rows for each row, one after the other.
  /// - Throws: as `complete`.
  func candidates(
    _ table: Table, draws: Int, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableCandidates

  /// Candidates behind each of several draws of a row's missing cells; 1: the model's own draws need no choice.
  var candidatesPerDraw: Int { get }

  /// Candidates for rows with gaps whose cells keep limits, with weights; `nil`: the model can only draw freely.
  ///
  /// - Parameters:
  ///   - table: Rows; the limited columns are missing in all of them.
  ///   - limits: On modelled columns; some candidates may miss them all the same, and are to be sorted out.
  ///   - seed: Same seed, same rows.
  ///   - firstRow: Number of the first row.
  ///   - workers: Threads to use.
  /// - Returns: The modelled columns.
  /// - Throws: as `complete`.
  func limitedCandidate(
    _ table: Table, limits: [ColumnLimit], seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableCandidates?

  /// Predicts one modelled column of each row given the row's other cells.
  ///
  /// - Parameters:
  ///   - table: The rows; the column itself may be absent, and is looked at only to score it.
  ///   - target: A modelled column.
  ///   - options: Quantiles wanted, draws where they are needed.
  ///   - workers: Threads to use.
  /// - Returns: A distribution a row.
  /// - Throws: `EstimatorError.cannotAnswer`, `TableError`.
  func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction

  /// The same rows under simpler models that were fitted beside this one.
  func baselines(_ table: Table) throws -> [Baseline]

  /// Puts the model into a file.
  func store(in archive: inout ModelArchive) throws

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  init(from archive: ModelArchive) throws
}

extension TableModel {
  /// Names of the columns conditioned on.
  public var given: [String] { conditions.map(\.name) }

  /// Nothing beside.
  public func baselines(_ table: Table) throws -> [Baseline] { [] }

  /// By draws.
  public func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    try predictionByDraws(table, target: target, options: options, workers: workers)
  }

  /// Refuses.
  public func sampleWithGaps(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    throw EstimatorError.cannotAnswer(model: record.model.rawValue, question: "where cells are missing")
  }

  /// Independent rows.
  public func sampleTable(
    count: Int, given: Table?, seed: UInt64, withGaps: Bool, workers: WorkerPool?
  ) throws -> Table {
    withGaps
      ? try sampleWithGaps(count: count, given: given, seed: seed, firstRow: 0, workers: workers)
      : try sample(count: count, given: given, seed: seed, firstRow: 0, workers: workers)
  }

  /// Refuses.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    throw EstimatorError.cannotAnswer(
      model: record.model.rawValue, question: "the distribution of missing cells given the others")
  }
}

/// Log-densities of a table's rows.
public struct RowScores: Sendable {
  /// One a row of the table, in nats; NaN for rows that cannot be scored.
  public var logProb: [Double]
  /// Standard errors of `logProb` where it is estimated, one a row.
  public var standardErrors: [Double]?
  /// Which rows were scored.
  public var scoredRows: [Int]
  /// What a reader must know of the rows (left out, levels not seen before), in words; `nil`: nothing.
  public var leftOutNote: String?
  /// The columns for whose missing cells rows were left out, so that what is said of pieces can be said of the whole.
  public var missing: [(column: String, count: Int)]
  /// Lower bounds of the log-density whose estimate `logProb` is, one a row, nats; `nil` where there are none.
  public var evidenceBounds: [Double]?

  /// Makes scores.
  public init(
    logProb: [Double], standardErrors: [Double]? = nil, scoredRows: [Int], leftOutNote: String? = nil,
    missing: [(column: String, count: Int)] = []
  ) {
    self.logProb = logProb
    self.standardErrors = standardErrors
    self.scoredRows = scoredRows
    self.leftOutNote = leftOutNote
    self.missing = missing
  }
}

/// Log-densities of the scored rows under a simpler model.
public struct Baseline: Sendable {
  /// A stable key, as in JSON.
  public var key: String
  /// For a person.
  public var name: String
  /// Nats, one a scored row.
  public var logProb: [Double]

  /// Makes a baseline.
  public init(key: String, name: String, logProb: [Double]) {
    self.key = key
    self.name = name
    self.logProb = logProb
  }
}

/// What a model can do, and how exactly.
public struct ModelTraits: Sendable, Equatable {
  /// What a score is.
  public enum Likelihood: String, Sendable, Codable {
    /// The log-density itself.
    case exact
    /// An estimate with a standard error.
    case estimate
    /// A lower bound.
    case bound
  }

  /// What a score is.
  public var likelihood = Likelihood.exact
  /// Whether a row with missing cells is scored, by the marginal of what is there.
  public var acceptsMissing = false
  /// Whether scores of rows with missing cells are the joint density's own marginals, and not learned or estimated.
  public var hasExactMarginals = false
  /// Whether missing cells are drawn given the others.
  public var completes = false
  /// Whether rows can be drawn with gaps like those of the training rows.
  public var reproducesGaps = false
  /// Whether a row's score depends on the rows before it.
  public var isSequential = false
  /// Whether a score comes in parts, one a column, at no further cost.
  public var splitsScores = false

  /// Exact scores of complete rows.
  public init() {}
}
