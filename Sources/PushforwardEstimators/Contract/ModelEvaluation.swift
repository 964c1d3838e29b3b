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
  /// What a reader must know of the rows, in words; `nil`: nothing.
  public var leftOutNote: String?

  /// Under the simpler model with this key.
  public subscript(key: String) -> LikelihoodSummary? { baselines.first { $0.key == key }?.summary }
}

extension TableModel {
  /// Mean log-likelihood of a table's rows.
  ///
  /// - Throws: as `score`; `EstimatorError.tooFewRows` when no row can be scored.
  public func evaluate(_ table: Table, workers: WorkerPool? = nil) throws -> ModelEvaluation {
    let scores = try score(table, workers: workers)
    if scores.scoredRows.isEmpty {
      throw EstimatorError.tooFewRows(expected: 1, found: 0, note: scores.leftOutNote)
    }
    return ModelEvaluation(
      model: LikelihoodSummary(scores.scoredRows.map { scores.logProb[$0] }), likelihood: traits.likelihood,
      baselines: try baselines(table).map { ($0.key, $0.name, LikelihoodSummary($0.logProb)) },
      leftOutNote: scores.leftOutNote)
  }
}
