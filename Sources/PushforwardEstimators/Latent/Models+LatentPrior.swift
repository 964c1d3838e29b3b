import PushforwardCore
import PushforwardLatent
import PushforwardModels
import PushforwardTables
import PushforwardTraining

extension Models {
  /// Fits a flow to an autoencoder's latent space and puts it there in place of the prior; then trains the whole, which is
  /// kept only if the held-out rows gain by it.
  ///
  /// - Parameters:
  ///   - family: Kind of flow.
  ///   - outer: The autoencoder.
  ///   - table: Rows to fit the prior to; a tenth is held out and judges the whole.
  ///   - options: The flow's sizes, training, seed and threads.
  ///   - joint: Whether to train the whole afterwards.
  ///   - shouldStop: As for `fit`.
  ///   - progress: As for `fit`.
  /// - Returns: The model, and the held-out rows' mean log-likelihood under the autoencoder as it was.
  /// - Throws: `EngineError`, `TableError`, `EstimatorError`, `TrainingError`.
  public static func stack(
    prior family: FlowFamily, on outer: LatentModel, table: Table, options: FitOptions, joint: Bool = true,
    shouldStop: () -> Bool = { false }, progress: (FitEvent) -> Void = { _ in }
  ) throws -> (model: LatentModel, alone: Double) {
    let start = ContinuousClock().now
    let workers = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    let split = Split(rows: table.rowCount, heldOutFraction: 0.1, seed: options.seed)
    let training = try outer.cells.rows(of: table.selecting(rows: split.training), jitterSeed: options.seed)
    let judging = split.heldOut.isEmpty ? table : table.selecting(rows: split.heldOut)
    let judged = try outer.cells.rows(of: judging)
    if training.keptRows.isEmpty || judged.keptRows.isEmpty {
      throw EstimatorError.tooFewRows(expected: 1, found: 0, note: training.leftOutNote ?? judged.leftOutNote)
    }
    let (rows, heldOut) = (
      LatentRows(training.cells, context: training.context), LatentRows(judged.cells, context: judged.context)
    )
    let plan = LatentPlan.training(rows: training.keptRows.count, options: options)
    let specification = outer.autoencoder.specification
    var model = outer
    model.autoencoder = try outer.autoencoder.replacingPrior(
      LatentPlan.prior(
        family, features: specification.latentFeatures, contextFeatures: specification.contextFeatures,
        options: options), seed: options.seed)
    progress(.stage("\(family.rawValue): fitted to \(training.keptRows.count) encoded rows"))
    progress(.training(epochs: plan.training.maximumEpochs))
    try model.autoencoder.fitPrior(
      to: rows, heldOut: heldOut, settings: plan.training, workers: workers, shouldStop: shouldStop
    ) { progress(.progress($0)) }
    let alone = try outer.evaluate(judging, workers: workers).model
    var found = try model.evaluate(judging, workers: workers).model
    if joint && !shouldStop() {
      var whole = plan
      whole.training.startsFromData = false
      whole.training.learningRate *= 0.3
      (whole.warmUpEpochs, whole.hiddenShare) = (0, specification.flagsMissing ? 0.2 : 0)
      progress(.stage("encoder, decoder and prior together:"))
      progress(.training(epochs: plan.training.maximumEpochs))
      var tuned = model
      tuned.autoencoder.parameters = try model.autoencoder.trained(
        rows, heldOut: heldOut, options: whole, workers: workers, shouldStop: shouldStop
      ) { progress(.progress($0)) }.parameters
      let after = try tuned.evaluate(judging, workers: workers).model
      progress(.stage("held-out log-likelihood \(Nats.text(found.mean)), together \(Nats.text(after.mean))"))
      if after.mean > found.mean { (model, found) = (tuned, after) }
    }
    model.record.choice = "prior \(family.rawValue), fitted to encoded rows of '\(outer.record.model.rawValue)'"
    (model.record.heldOut, model.record.heldOutStandardError) = (found.mean, found.standardError)
    (model.record.tableRows, model.record.trainingRows) = (table.rowCount, training.keptRows.count)
    model.record.heldOutRows = found.rowCount
    model.record.parameterCount = model.autoencoder.network.layout.trainedCount
    model.record.fingerprint = NumberHash.text(of: model.autoencoder.parameters.fingerprint)
    (model.record.seed, model.record.seconds) = (options.seed, (ContinuousClock().now - start).inSeconds)
    return (model, alone.mean)
  }
}
