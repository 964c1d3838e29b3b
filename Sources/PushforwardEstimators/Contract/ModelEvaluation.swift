import PushforwardCore
import PushforwardEvaluation
import PushforwardTables

/// The likelihood of a table's rows, beside the simpler models that were fitted with the model.
public struct ModelEvaluation: Sendable {
  /// Under the model.
  public var model: LikelihoodSummary
  /// What the model's score is.
  public var likelihood: ModelTraits.Likelihood
  /// Under simpler models: key as in JSON, name for a person.
  public var baselines: [(key: String, name: String, summary: LikelihoodSummary)]
  /// The score column by column, each given the columns before it, of the rows in which its cell is present; empty when not
  /// asked for.
  public var columns: [(name: String, summary: LikelihoodSummary)] = []
  /// The evidence lower bound, where the model's score is an estimate of what it bounds.
  public var evidenceBound: LikelihoodSummary?
  /// What a reader must know of the rows, in words; `nil`: nothing.
  public var leftOutNote: String?

  /// Under the simpler model with this key.
  public subscript(key: String) -> LikelihoodSummary? { baselines.first { $0.key == key }?.summary }
}

/// An evaluation in the making, of a table that comes in pieces.
public struct EvaluationTotal: Sendable {
  private var model = LikelihoodSummary([])
  private var baselines: [(key: String, name: String, summary: LikelihoodSummary)] = []
  private var columns: [(name: String, summary: LikelihoodSummary)] = []
  private var evidenceBound: LikelihoodSummary?
  private var rowCount = 0
  private var scoredCount = 0
  private var weights: String?
  private var missing: [(column: String, count: Int)] = []
  private var note: String?

  /// No rows so far.
  public init() {}

  /// The rows of one piece, under a model.
  ///
  /// - Parameters:
  ///   - piece: The rows.
  ///   - model: The model.
  ///   - splits: Whether to split the score by column.
  ///   - weights: Column that says how often each row counts; `nil`: once.
  ///   - workers: Threads to use.
  /// - Throws: as `TableModel.score`; with `splits` as `TableModel.scoreColumns`; `EstimatorError.badWeights`.
  public init(
    _ piece: Table, under model: some TableModel, splits: Bool = false, weights: String? = nil,
    workers: WorkerPool? = nil
  ) throws {
    let all = try weights.map { try piece.rowWeights(column: $0, ofWhole: false) }
    self.weights = weights
    func summary(_ logProb: [Double], of rows: [Int]) -> LikelihoodSummary {
      LikelihoodSummary(logProb, weights: all.map { all in rows.map { all[$0] } })
    }
    if splits {
      columns = try model.scoreColumns(piece, workers: workers).columns.map { name, logProb in
        let present = logProb.indices.filter { !logProb[$0].isNaN }
        return (name, summary(present.map { logProb[$0] }, of: present))
      }
    }
    let scores = try model.score(piece, workers: workers)
    let scored = scores.scoredRows
    self.model = summary(scored.map { scores.logProb[$0] }, of: scored)
    baselines = try model.baselines(piece).map {
      // Some score rows that the model cannot.
      ($0.key, $0.name, summary($0.logProb, of: $0.logProb.count == scored.count ? scored : Array(0..<piece.rowCount)))
    }
    evidenceBound = scores.evidenceBounds.map { bounds in summary(scored.map { bounds[$0] }, of: scored) }
    rowCount = piece.rowCount
    scoredCount = scores.scoredRows.count
    missing = scores.missing
    note = scores.leftOutNote
  }

  /// Takes the rows of another piece in.
  public mutating func add(_ piece: EvaluationTotal) {
    if rowCount == 0 { return self = piece }
    model.add(piece.model)
    for index in baselines.indices { baselines[index].summary.add(piece.baselines[index].summary) }
    for index in columns.indices { columns[index].summary.add(piece.columns[index].summary) }
    if let bound = piece.evidenceBound { evidenceBound?.add(bound) }
    for (column, count) in piece.missing {
      if let index = missing.firstIndex(where: { $0.column == column }) {
        missing[index].count += count
      } else {
        missing.append((column, count))
      }
    }
    rowCount += piece.rowCount
    scoredCount += piece.scoredCount
    note =
      missing.isEmpty
      ? note ?? piece.note : PreparedRows.leftOutNote(rowCount - scoredCount, of: rowCount, missing: missing)
  }

  /// The evaluation of all rows.
  ///
  /// - Throws: `EstimatorError.tooFewRows` when no row could be scored, `.badWeights` when none counts.
  public func evaluation(likelihood: ModelTraits.Likelihood) throws -> ModelEvaluation {
    if scoredCount == 0 { throw EstimatorError.tooFewRows(expected: 1, found: 0, note: note) }
    if let weights, model.rowCount == 0 {
      throw EstimatorError.badWeights(column: weights, detail: "all weights are zero")
    }
    return ModelEvaluation(
      model: model, likelihood: likelihood, baselines: baselines, columns: columns, evidenceBound: evidenceBound,
      leftOutNote: note)
  }
}

extension TableModel {
  /// Mean log-likelihood of a table's rows.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - splits: Whether to split the score by column.
  ///   - weights: Column that says how often each row counts; `nil`: once.
  ///   - workers: Threads to use.
  /// - Returns: The model's likelihood and those of its baselines.
  /// - Throws: as `score`; `EstimatorError.tooFewRows` when no row can be scored, `.badWeights`.
  public func evaluate(
    _ table: Table, splits: Bool = false, weights: String? = nil, workers: WorkerPool? = nil
  ) throws -> ModelEvaluation {
    try EvaluationTotal(table, under: self, splits: splits, weights: weights, workers: workers).evaluation(
      likelihood: traits.likelihood)
  }
}
