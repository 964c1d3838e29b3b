import PushforwardCore
import PushforwardTraining

extension Chain {
  /// A plan that is still improving in this last part of its epochs was too short.
  private static var lastPart: Double { 0.1 }
  /// A further round that gains less, nats a row, is the last.
  private static var leastGain: Double { 0.01 }

  /// Fits a chain in rounds: as long as a plan ends while held-out rows still gain, another follows from where it ended, at
  /// half the rate and with half the dropout, and is kept if they gain by it.
  ///
  /// Where rows are many for what there is to learn (exact relations of columns, smooth densities) one plan stops too early, and
  /// dropout that protects others blurs it; where they are few the first plan is the only one.
  ///
  /// - Parameters:
  ///   - rows: Training rows.
  ///   - heldOut: Rows that choose the epoch, and whether to go on; `nil`: one round.
  ///   - specification: Columns, order, shape.
  ///   - training: How, for the first round; its limit of seconds is for all.
  ///   - rounds: At most.
  ///   - hints: Where the hints of columns that have them come from.
  ///   - workers: Threads.
  ///   - shouldStop: Asked before every step; `true` ends training with the best numbers so far.
  ///   - nextRound: Told the epochs and the dropout of a further round.
  ///   - progress: Told after each validation; nats a row on the scale z.
  /// - Returns: The chain, and how its numbers came about.
  /// - Throws: `ChainError`, `TrainingError`, `EngineError.invalidSetting`.
  public static func fit(
    _ rows: ChainRows, heldOut: ChainRows?, specification: ChainSpecification, training: TrainingSettings, rounds: Int,
    hints: ChainHints? = nil, workers: WorkerPool = WorkerPool(), shouldStop: () -> Bool = { false },
    nextRound: (Int, Double) -> Void = { _, _ in }, progress: (TrainingProgress) -> Void = { _ in }
  ) throws -> (chain: Chain, training: TrainingResult<Float>) {
    var (chain, result) = try fit(
      rows, heldOut: heldOut, specification: specification, training: training, hints: hints, workers: workers,
      shouldStop: shouldStop, progress: progress)
    var (training, settings, gain) = (training, specification.settings, Double.infinity)
    for round in 1..<max(rounds, 1) {
      let epochs = result.history.last?.epoch ?? 0
      let isStillGaining = result.bestEpoch > epochs - lastPart * Double(training.maximumEpochs)
      guard heldOut != nil, result.reason == .finished, isStillGaining, gain >= leastGain else { break }
      settings.dropout /= 2
      training.learningRate /= 2
      training.seed &+= UInt64(round) << 32
      // At a high rate the numbers are first worse than at the end of the round before.
      training.patience = max(training.patience, training.maximumEpochs / 2)
      if let limit = training.maximumSeconds {
        training.maximumSeconds = limit - result.seconds
        if limit - result.seconds < result.seconds / Double(round) { break }
      }
      nextRound(training.maximumEpochs, settings.dropout)
      let before = result
      let next = try fit(
        rows, heldOut: heldOut,
        specification: ChainSpecification(
          columns: specification.columns, order: specification.order, settings: settings),
        training: training, from: chain.parameters, hints: hints, workers: workers, shouldStop: shouldStop
      ) { progress($0.following(before, epochs: epochs)) }
      gain = next.training.bestHeldOut - before.bestHeldOut
      result.append(next.training, epochs: epochs)
      if gain > 0 { chain = Chain(network: chain.network, parameters: next.chain.parameters, hints: hints) }
    }
    return (chain, result)
  }
}

extension TrainingProgress {
  /// This, after a round of so many epochs.
  fileprivate func following<Scalar>(_ before: TrainingResult<Scalar>, epochs: Double) -> TrainingProgress {
    var now = self
    now.epoch += epochs
    now.step += before.history.last?.step ?? 0
    now.plannedSteps += before.history.last?.step ?? 0
    now.best = max(now.best, before.bestHeldOut)
    now.seconds += before.seconds
    return now
  }
}

extension TrainingResult {
  /// Adds a further round, whose numbers count if they are better.
  fileprivate mutating func append(_ next: TrainingResult, epochs: Double) {
    let before = self
    history += next.history.map { $0.following(before, epochs: epochs) }
    if next.bestHeldOut > bestHeldOut {
      (parameters, bestHeldOut, bestEpoch) = (next.parameters, next.bestHeldOut, next.bestEpoch + epochs)
    }
    reason = next.reason
    recoveries += next.recoveries
    seconds += next.seconds
  }
}
