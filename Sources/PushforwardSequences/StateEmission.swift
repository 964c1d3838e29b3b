import PushforwardCore

/// What hidden states emit: a distribution of a row for each state.
public protocol StateEmission: Sendable {
  /// The form in which rows are handed over.
  associatedtype Rows
  /// Number of states.
  var states: Int { get }
  /// log p(row | state), in nats: of a row's present cells, 0 where nothing is present.
  ///
  /// - Throws: when the rows' columns are not those of the emission.
  func logDensities(_ rows: Rows, workers: WorkerPool?) throws -> StateMatrix
}

/// Emissions that learn from posterior state probabilities: what `BaumWelch` alternates with the chain.
public protocol EmissionLearner: AnyObject {
  /// Number of states.
  var states: Int { get }
  /// log p(row | state) of the training rows under the present emissions, up to a number a row that never changes.
  func logDensities(workers: WorkerPool?) throws -> StateMatrix
  /// Improves the emissions, given each state's share of each row (weights included; 0 for rows that are not seen).
  func maximise(_ posteriors: StateMatrix, workers: WorkerPool?) throws
}
