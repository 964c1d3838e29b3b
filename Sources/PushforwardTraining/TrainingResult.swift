import PushforwardCore

/// Why training ended.
public enum StopReason: String, Codable, Sendable {
  /// The planned epochs are done.
  case finished
  /// The held-out likelihood has not improved for `patience` validations.
  case noImprovement = "no_improvement"
  /// `maximumSeconds` are over.
  case timeLimit = "time_limit"
  /// Cancelled (Ctrl-C, or the task).
  case interrupted
}

/// Where training stands, after each validation.
public struct TrainingProgress: Codable, Sendable {
  /// Passes over the training rows so far.
  public var epoch: Double
  /// Steps so far.
  public var step: Int
  /// Steps planned.
  public var plannedSteps: Int
  /// Mean objective of the training batches since the last validation, nats a row.
  public var training: Double
  /// Mean objective of the held-out rows, nats a row; the training value when there are none.
  public var heldOut: Double
  /// Best held-out value so far.
  public var best: Double
  /// Seconds since the start.
  public var seconds: Double
}

/// A trained model's parameters and how they came about.
public struct TrainingResult<Scalar: TileScalar>: Sendable {
  /// The best parameters by held-out rows.
  public var parameters: Parameters<Scalar>
  /// Why training ended.
  public var reason: StopReason
  /// After each validation.
  public var history: [TrainingProgress]
  /// Best held-out mean objective, nats a row.
  public var bestHeldOut: Double
  /// Epoch of the best.
  public var bestEpoch: Double
  /// Each recovery from a non-finite loss or gradient, in words.
  public var recoveries: [String]
  /// Seconds in all.
  public var seconds: Double
}

/// Training could not go on.
public enum TrainingError: Error, Sendable, CustomStringConvertible {
  /// The loss or gradient kept being non-finite.
  case diverged(recoveries: [String])
  /// Nothing to train on.
  case noRows

  /// One line for a person.
  public var description: String {
    switch self {
    case .diverged(let recoveries):
      "training gave up after \(recoveries.count) recoveries from non-finite values; the last: \(recoveries.last ?? "")"
    case .noRows:
      "there are no rows to train on"
    }
  }
}
