import PushforwardCore

/// One training in progress: weights, their average, the best so far, and what happened.
final class TrainingRun<Scalar: TileScalar, Goal: Objective<Scalar>, Source: RowSource<Scalar>> {
  /// Recoveries from non-finite steps before giving up.
  static var maximumRecoveries: Int { 10 }

  private let trainer: Trainer<Scalar, Goal, Source>
  private let settings: TrainingSettings
  private let workers: WorkerPool
  private let runner: ShardRunner<Scalar, Goal, Source>
  private let gradients: GradientStep<Scalar>
  private let batch: Int
  private let stepsPerEpoch: Int
  private let startTime = ContinuousClock().now

  private var weights: Parameters<Scalar>
  private var average: Parameters<Scalar>
  private var best: Parameters<Scalar>
  private var lastGood: Parameters<Scalar>
  private var bestValue = -Double.infinity
  private var bestEpoch = 0.0
  private var validationsSinceBest = 0
  private var history: [TrainingProgress] = []
  private var recoveries: [String] = []
  private var rateFactor = 1.0
  private var step = 0
  private var batchTotal = 0.0
  private var batchCount = 0
  /// Rows at hand in the order of their use, and how many of them have been used.
  private var order: [Int32] = []
  private var used = 0
  /// What the last validation took.
  private var validationSeconds: Double?

  init(trainer: Trainer<Scalar, Goal, Source>, initial: Parameters<Scalar>, workers: WorkerPool) {
    self.trainer = trainer
    self.workers = workers
    settings = trainer.settings
    batch = min(settings.batchSize, trainer.training.rowCount)
    stepsPerEpoch = max(1, trainer.training.rowCount / batch)
    runner = ShardRunner(objective: trainer.objective, source: trainer.training, batchSize: batch, workers: workers)
    gradients = GradientStep(layout: trainer.objective.layout, shardCount: runner.shardCount)
    weights = initial
    average = initial
    best = initial
    lastGood = initial
  }

  private var seconds: Double { (ContinuousClock().now - startTime).inSeconds }
  private var plannedSteps: Int { stepsPerEpoch * settings.maximumEpochs }
  /// Seconds that the next validation will take: what is left of a time limit must suffice for it.
  private var expectedValidation: Double {
    if let validationSeconds { return validationSeconds }
    // A forward pass is about a third of a step.
    let batches = Double(trainer.heldOut?.rowCount ?? 0) / Double(batch)
    return seconds / Double(max(step, 1)) * batches / 3
  }
  private var candidate: Parameters<Scalar> { settings.averageDecay > 0 ? average : weights }

  func result(reason: StopReason) -> TrainingResult<Scalar> {
    TrainingResult(
      parameters: history.isEmpty ? candidate : best, reason: reason, history: history, bestHeldOut: bestValue,
      bestEpoch: bestEpoch, recoveries: recoveries, seconds: seconds)
  }

  /// Shows the objective the first rows, before the first step.
  private func startFromData() throws {
    let rows = Array(order.prefix(4096))
    let buffer = RowBuffers(source: trainer.training, rows: rows.count)
    rows.withUnsafeBufferPointer { buffer.load(trainer.training, $0, epoch: 0) }
    let (x, context) = buffer.matrices(rows: rows.count)
    try trainer.objective.initialize(&weights, from: x, context: context)
    average = weights
    best = weights
    lastGood = weights
  }

  func run(shouldStop: () -> Bool, progress: (TrainingProgress) -> Void) throws -> StopReason {
    for epoch in 0..<settings.maximumEpochs {
      trainer.training.beginEpoch(epoch, workers: workers)
      (order, used) = ([], 0)
      var part = 0
      for index in 0..<stepsPerEpoch {
        if shouldStop() { return try ended(.interrupted, progress) }
        if let limit = settings.maximumSeconds, seconds + expectedValidation > limit {
          return try ended(.timeLimit, progress)
        }
        if order.count - used < batch {
          try bringRows(epoch: epoch, part: part)
          part += 1
          if epoch == 0 && index == 0 && settings.startsFromData { try startFromData() }
        }
        try order.withUnsafeBufferPointer { order in
          let rows = UnsafeBufferPointer(rebasing: order[used..<used + batch])
          try takeStep(rows: rows, epoch: epoch, index: index)
        }
        used += batch
        let endsEpoch = index + 1 == stepsPerEpoch
        if endsEpoch || step % settings.validationInterval == 0 {
          try validate(progress)
          if validationsSinceBest >= settings.patience { return .noImprovement }
        }
      }
    }
    return .finished
  }

  /// Brings the next rows of a pass to hand and shuffles them.
  private func bringRows(epoch: Int, part: Int) throws {
    let count = try trainer.training.advance(keeping: order[used...], workers: workers)
    precondition(count >= batch, "a row source brings fewer rows than it has")
    let shuffle = RandomStream(seed: settings.seed, purpose: .shuffle)
    order = (part == 0 ? shuffle : shuffle.split(UInt64(part))).permutation(count: count, round: UInt64(epoch))
    used = 0
  }

  /// An early end: the steps since the last validation count too.
  private func ended(_ reason: StopReason, _ progress: (TrainingProgress) -> Void) throws -> StopReason {
    if batchCount > 0 { try validate(progress) }
    return reason
  }

  private func takeStep(rows: UnsafeBufferPointer<Int32>, epoch: Int, index: Int) throws {
    let noise = RandomStream(seed: settings.seed, purpose: .dropout)
    let firstRow = UInt64(step) * UInt64(batch)
    let outcome = try weights.withUnsafePointer {
      try runner.step(
        rows: rows, epoch: epoch, stream: noise, firstRow: firstRow, parameters: $0, gradients: gradients)
    }
    let norm = gradients.reduce(shards: outcome.shards, workers: workers)
    guard outcome.mean.isFinite, norm.isFinite else {
      try recover(rows: rows, epoch: epoch, index: index, mean: outcome.mean)
      return
    }
    let planned = Double(step) / Double(plannedSteps)
    let timed = settings.maximumSeconds.map { seconds / $0 } ?? 0
    let rate = settings.rate(progress: max(planned, timed)) * rateFactor
    let averages = settings.averageDecay > 0
    weights.withUnsafeMutablePointer { weights in
      if averages {
        average.withUnsafeMutablePointer { average in
          gradients.update(
            parameters: weights, average: average, norm: norm, rate: rate, shards: outcome.shards, settings: settings,
            workers: workers)
        }
      } else {
        gradients.update(
          parameters: weights, average: nil, norm: norm, rate: rate, shards: outcome.shards, settings: settings,
          workers: workers)
      }
    }
    batchTotal += outcome.mean
    batchCount += 1
    step += 1
  }

  /// Back to the last weights that validated well, at half the rate; names the batch, the column and the layer.
  private func recover(rows: UnsafeBufferPointer<Int32>, epoch: Int, index: Int, mean: Double) throws {
    var note = "epoch \(epoch + 1), batch \(index + 1): "
    note += mean.isFinite ? "non-finite gradient" : "non-finite loss"
    let buffer = RowBuffers(source: trainer.training, rows: rows.count)
    buffer.load(trainer.training, rows, epoch: epoch)
    if let (row, feature) = buffer.firstNonFinite(rows: rows.count) {
      note += ", non-finite value in column '\(trainer.training.featureNames[feature])', row \(rows[row] + 1)"
    }
    if let slice = gradients.nonFiniteSlice() { note += ", first in layer '\(slice)'" }
    note += "; went back to the last good weights and halved the rate"
    recoveries.append(note)
    if recoveries.count > Self.maximumRecoveries { throw TrainingError.diverged(recoveries: recoveries) }
    weights = lastGood
    average = lastGood
    rateFactor /= 2
    gradients.clear()
    gradients.resetMoments()
    step += 1
  }

  private func validate(_ progress: (TrainingProgress) -> Void) throws {
    let started = seconds
    defer { validationSeconds = seconds - started }
    let training = batchCount > 0 ? batchTotal / Double(batchCount) : -.infinity
    batchTotal = 0
    batchCount = 0
    let candidate = self.candidate
    let stream = RandomStream(seed: settings.seed &+ 1, purpose: .dropout)
    let value =
      try trainer.heldOut.map { rows in
        try candidate.withUnsafePointer { try runner.mean(of: rows, parameters: $0, stream: stream) }
      } ?? training
    // Without held-out rows there is nothing to choose by: batches differ too much. The last weights count.
    if value > bestValue || (trainer.heldOut == nil && value.isFinite) {
      bestValue = value
      bestEpoch = Double(step) / Double(stepsPerEpoch)
      best = candidate
      validationsSinceBest = 0
    } else {
      validationsSinceBest += 1
    }
    if value.isFinite && weights.nonFiniteCount == 0 { lastGood = weights }
    let now = TrainingProgress(
      epoch: Double(step) / Double(stepsPerEpoch), step: step, plannedSteps: plannedSteps, training: training,
      heldOut: value, best: bestValue, seconds: seconds)
    history.append(now)
    progress(now)
  }
}

extension Duration {
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
