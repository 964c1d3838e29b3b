import PushforwardCore
import PushforwardEvaluation
import PushforwardSequences
import PushforwardTables

/// A stack with what its held-out rows say.
public struct StackCombination: Sendable {
  /// The stack.
  public let model: ModelStack
  /// Mean log-likelihood of the held-out rows under the flow alone, nats a row; under the stack it is in the model's record.
  public let flowAlone: Double
  /// The same under the stack before and after its parts were trained together; `nil` where that was not asked for.
  public let fineTuning: (before: Double, after: Double)?

  /// Whether training the parts together was of use, and so kept.
  public var isFineTuned: Bool { fineTuning.map { $0.after > $0.before } ?? false }
}

extension Models {
  /// Fits a model to a flow's latent space and puts it there in place of the flow's base.
  ///
  /// - Parameters:
  ///   - outer: The flow, with a standard normal base.
  ///   - table: Rows to fit the inner model to; a tenth is held out and judges the whole: random rows, or for a model of
  ///     sequences whole sequences (the ends of them, where there are fewer than twenty).
  ///   - options: The inner model: `model`, its sizes, seed and threads.
  ///   - fineTunes: Trains both parts together afterwards, and keeps that if the held-out rows become likelier.
  ///   - shouldStop: As for `fit`.
  ///   - progress: As for `fit`.
  /// - Returns: The stack, and the held-out rows' mean log-likelihoods.
  /// - Throws: `EstimatorError.cannotCombine`, or what the fit throws.
  public static func stack(
    on outer: DensityModel, table: Table, options: FitOptions, fineTunes: Bool = false,
    shouldStop: () -> Bool = { false }, progress: (FitEvent) -> Void = { _ in }
  ) throws -> StackCombination {
    let start = ContinuousClock().now
    let workers = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    let isSequential = options.model == .hmm
    let sequence = isSequential ? options.sequences.column.map { SequenceColumn(name: $0) } : nil
    let split =
      isSequential
      ? try sequenceSplit(table, sequence, seed: options.seed)
      : rowSplit(try outer.encoder.prepare(table).keptRows, seed: options.seed)
    let training = table.selecting(rows: split.training)
    let judging = split.heldOut.isEmpty ? training : table.selecting(rows: split.heldOut)
    let latent = try ModelStack.latent(
      outer, training, jitterSeed: options.seed, isSequential: isSequential, sequence: sequence, workers: workers)
    let inner = try fit(
      latent.table, options: latentOptions(outer, options), shouldStop: shouldStop, progress: progress)
    var stack = try ModelStack(outer, inner)
    var fineTuning: (before: Double, after: Double)?
    if fineTunes {
      let before = try stack.evaluate(judging, workers: workers).model.mean
      progress(.stage("stack: \(Nats.text(before)) nats a held-out row; both parts are trained together"))
      let tuned = try StackFineTuning(stack: stack, options: options, workers: workers)
        .run(on: training, shouldStop: shouldStop, progress: progress)
      let after = try tuned.evaluate(judging, workers: workers).model.mean
      if after > before { stack = tuned }
      fineTuning = (before, after)
    }
    var record = stack.record
    record.trainingRows = training.rowCount
    try judge(stack, judging, &record, workers: workers)
    record.tableRows = table.rowCount
    if let fineTuning {
      record.choice =
        (record.choice ?? "")
        + (fineTuning.after > fineTuning.before
          ? "; trained together (held-out rows before: \(Nats.text(fineTuning.before)) nats a row)"
          : "; training them together did not help (\(Nats.text(fineTuning.after)) nats a held-out row)")
    }
    record.seconds = (ContinuousClock().now - start).inSeconds
    return StackCombination(
      model: try ModelStack(stack.outer, stack.inner, record: record),
      flowAlone: try outer.evaluate(judging, workers: workers).model.mean, fineTuning: fineTuning)
  }

  /// The options of a fit to a flow's latent space, whose columns are real and need no bending.
  static func latentOptions(_ outer: DensityModel, _ options: FitOptions) -> FitOptions {
    var own = options
    (own.columns, own.given, own.weights) = (ModelStack.names(outer), [], nil)
    own.overrides = SchemaOverrides()
    for name in ModelStack.names(outer) {
      var column = ColumnOverride()
      column.kind = .real
      own.overrides.columns[name] = column
    }
    own.encoder.transform = .standard
    own.encoder.allowsLog = false
    return own
  }

  private static func rowSplit(_ usable: [Int], seed: UInt64) -> (training: [Int], heldOut: [Int]) {
    let split = Split(rows: usable.count, heldOutFraction: 0.1, seed: seed)
    return (split.training.map { usable[$0] }, split.heldOut.map { usable[$0] })
  }

  private static func sequenceSplit(
    _ table: Table, _ column: SequenceColumn?, seed: UInt64
  ) throws -> (training: [Int], heldOut: [Int]) {
    if table.rowCount == 0 { throw EstimatorError.tooFewRows(expected: 1, found: 0, note: nil) }
    let sequences = try SequenceColumn.layout(column, of: table).sequences
    var (training, heldOut): ([Int], [Int]) = ([], [])
    let held = Set(Split(rows: sequences.count, heldOutFraction: 0.1, seed: seed).heldOut)
    for index in 0..<sequences.count {
      let rows = sequences.rows(index)
      if sequences.count >= 20 {
        if held.contains(index) { heldOut += rows } else { training += rows }
      } else {
        training += rows.dropLast(rows.count / 10)
        heldOut += rows.suffix(rows.count / 10)
      }
    }
    return (training, heldOut)
  }
}
