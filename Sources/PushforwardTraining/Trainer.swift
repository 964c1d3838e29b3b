import PushforwardCore

/// Trains parameters on an objective: shuffled batches, AdamW with warm-up and cosine, clipping, a moving average of the
/// weights, held-out rows that decide when to stop, and recovery from non-finite steps.
///
/// Same seed, same rows, same build: the same bits, with any number of workers (unless a time limit cut it short).
public struct Trainer<Scalar: TileScalar, Goal: Objective<Scalar>, Source: RowSource<Scalar>>: Sendable {
  /// What is made large.
  public let objective: Goal
  /// Rows to train on.
  public let training: Source
  /// Rows that decide when to stop; `nil` trains to the end of the plan.
  public let heldOut: (any RowSource<Scalar>)?
  /// How.
  public let settings: TrainingSettings

  /// A trainer.
  ///
  /// - Throws: `EngineError.invalidSetting`, `TrainingError.noRows`.
  public init(
    objective: Goal, training: Source, heldOut: (any RowSource<Scalar>)? = nil, settings: TrainingSettings
  ) throws {
    try settings.validate()
    if training.rowCount == 0 { throw TrainingError.noRows }
    self.objective = objective
    self.training = training
    self.heldOut = heldOut.flatMap { $0.rowCount > 0 ? $0 : nil }
    self.settings = settings
  }

  /// Trains on the calling thread and the pool's.
  ///
  /// - Parameters:
  ///   - initial: Where to start.
  ///   - workers: Threads to use; they do not change the result.
  ///   - shouldStop: Asked before every step; `true` ends training with the best weights so far.
  ///   - progress: Told after each validation.
  /// - Returns: The best parameters and how they came about.
  /// - Throws: `TrainingError.diverged`, or what the objective throws.
  public func run(
    from initial: Parameters<Scalar>, workers: WorkerPool = WorkerPool(), shouldStop: () -> Bool = { false },
    progress: (TrainingProgress) -> Void = { _ in }
  ) throws -> TrainingResult<Scalar> {
    let run = TrainingRun(trainer: self, initial: initial, workers: workers)
    let reason = try run.run(shouldStop: shouldStop, progress: progress)
    return run.result(reason: reason)
  }

  /// Trains without blocking the caller's executor; cancelling the task ends training with the best weights so far.
  ///
  /// - Throws: as `run(from:workers:shouldStop:progress:)`.
  public func run(
    from initial: Parameters<Scalar>, progress: @escaping @Sendable (TrainingProgress) -> Void
  ) async throws -> TrainingResult<Scalar> {
    try await Background.run { isCancelled in
      try run(from: initial, shouldStop: isCancelled, progress: progress)
    }
  }
}
