import PushforwardCore
import PushforwardEvaluation
import PushforwardLatent
import PushforwardModels
import PushforwardTables
import PushforwardTraining

extension LatentModel {
  /// Fits a variational autoencoder; held-out rows, by their evidence bound, decide when to stop.
  ///
  /// - Parameters:
  ///   - table: The rows; modelled cells may be missing.
  ///   - options: What is fixed; everything else is chosen.
  ///   - shouldStop: Asked before every step; `true` ends the fit with the best model so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `TrainingError`.
  public static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> LatentModel {
    let start = ContinuousClock().now
    if options.model == .cvae && options.given.isEmpty {
      throw EngineError.invalidSetting(
        name: "columns given", expected: "at least one for cvae (--given)", found: "none")
    }
    let ready = try MixturePreparation(table, options: options)
    let cells = try LatentColumns(fitting: table, training: ready.training, schema: ready.schema, options: options)
    let jittered = try cells.rows(of: ready.training, jitterSeed: options.seed)
    let judged = try cells.rows(of: ready.judging.table)
    if jittered.keptRows.isEmpty { throw EstimatorError.tooFewRows(expected: 1, found: 0, note: jittered.leftOutNote) }
    let specification = try specification(cells, rows: jittered, options: options)
    let plan = plan(rows: jittered.keptRows.count, options: options)
    let pool = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    progress(
      .stage(
        "\(jittered.keptRows.count) rows to train on, \(ready.heldOut.rowCount) held out; \(cells.entries.count) columns, "
          + "\(specification.latentFeatures) latent features"))
    progress(.training(epochs: plan.training.maximumEpochs))
    let shift = judged.logDet.reduce(0, +) / Double(max(judged.logDet.count, 1))
    func latentRows(_ rows: LatentColumns.Rows, _ weights: [Double]?) -> LatentRows {
      LatentRows(
        rows.cells, context: rows.context, weights: weights.map { all in rows.keptRows.map { Float(all[$0]) } })
    }
    let (autoencoder, training) = try VariationalAutoencoder.fit(
      specification, to: latentRows(jittered, ready.trainingWeights),
      heldOut: ready.heldOut.rowCount == 0 || judged.keptRows.isEmpty
        ? nil : latentRows(judged, ready.heldOutWeights),
      options: plan, workers: pool, shouldStop: shouldStop
    ) { now in
      var shifted = now
      shifted.training += shift
      shifted.heldOut += shift
      shifted.best += shift
      progress(.progress(shifted))
    }
    var record = FitRecord(
      model: options.model, choice: nil, tableRows: table.rowCount, trainingRows: jittered.keptRows.count,
      heldOutRows: ready.heldOut.rowCount, leftOutNote: jittered.leftOutNote, plan: nil,
      parameterCount: autoencoder.network.layout.trainedCount, stopReason: training.reason,
      epochs: training.history.last?.epoch ?? 0, bestEpoch: training.bestEpoch, recoveries: training.recoveries,
      heldOut: .nan, heldOutStandardError: .nan, heldOutIndependent: .nan, heldOutGaussian: .nan, seconds: 0,
      fingerprint: NumberHash.text(of: training.parameters.fingerprint), seed: options.seed)
    func model(_ record: FitRecord) -> LatentModel {
      LatentModel(schema: ready.schema, record: record, cells: cells, scoringDraws: 100, autoencoder: autoencoder)
    }
    let scores = try model(record).score(ready.judging.table, workers: pool)
    let summary = LikelihoodSummary(
      scores.scoredRows.map { scores.logProb[$0] },
      weights: ready.judging.weights.map { all in scores.scoredRows.map { all[$0] } })
    (record.heldOut, record.heldOutStandardError) = (summary.mean, summary.standardError)
    record.seconds = (ContinuousClock().now - start).inSeconds
    return model(record)
  }

  private static func specification(
    _ cells: LatentColumns, rows: LatentColumns.Rows, options: FitOptions
  ) throws -> LatentSpecification {
    let count = rows.keptRows.count
    let width = count < 400 ? 32 : count < 2_000 ? 64 : count < 20_000 ? 128 : 256
    let network = NetworkSettings(
      hidden: options.hidden ?? [width, width], activation: .silu,
      dropout: options.dropout ?? (count < 2_000 ? 0.1 : 0))
    let context = rows.context?.columns ?? 0
    var specification = LatentSpecification(
      columns: cells.kinds.enumerated().map { ColumnLikelihood($1, cells: rows.cells.column($0)) },
      contextFeatures: context, encoder: network, decoder: network,
      flagsMissing: rows.cells.values.contains(where: \.isNaN))
    if context > 0 {
      specification.prior = LatentSpecification.conditionalNormalPrior(
        features: specification.latentFeatures, contextFeatures: context)
    }
    return specification
  }

  private static func plan(rows: Int, options: FitOptions) -> LatentFitOptions {
    var plan = LatentFitOptions()
    let batch = options.batchSize ?? (rows < 2_000 ? 64 : rows < 100_000 ? 128 : 512)
    plan.training.batchSize = batch
    plan.training.learningRate = options.learningRate ?? 1e-3
    plan.training.weightDecay = options.weightDecay ?? 1e-4
    plan.training.maximumEpochs = options.maximumEpochs ?? min(300, max(10, 10_000 / max(1, rows / batch)))
    plan.training.patience = options.patience ?? max(10, plan.training.maximumEpochs / 6)
    plan.training.maximumSeconds = options.maximumSeconds
    plan.training.seed = options.seed
    plan.warmUpEpochs = min(10, Double(plan.training.maximumEpochs) / 5)
    return plan
  }
}
