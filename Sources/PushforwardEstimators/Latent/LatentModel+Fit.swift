import PushforwardCore
import PushforwardEvaluation
import PushforwardLatent
import PushforwardModels
import PushforwardTables
import PushforwardTraining

extension LatentModel {
  /// Held-out rows that the record's figure is taken from, at most; estimates of more would take longer than the fit.
  private static var mostJudgedRows: Int { 4_000 }
  /// Columns of a table for which the baselines are fitted too, at most.
  private static var mostBaselineColumns: Int { 128 }

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
    try options.latent.validate()
    if options.model == .cvae && options.given.isEmpty {
      throw EngineError.invalidSetting(
        name: "columns given", expected: "at least one for cvae (--given)", found: "none")
    }
    let ready = try MixturePreparation(table, options: options)
    let cells = try LatentColumns(ready)
    let jittered = try cells.rows(of: ready.training, jitterSeed: options.seed)
    if jittered.keptRows.isEmpty { throw EstimatorError.tooFewRows(expected: 1, found: 0, note: jittered.leftOutNote) }
    let judged = try cells.rows(of: ready.heldOut)
    let plan = try LatentPlan(cells, rows: jittered, options: options)
    let pool = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    tell(ready, jittered, plan, progress)
    let shift = judged.logDet.reduce(0, +) / Double(max(judged.logDet.count, 1))
    let (autoencoder, training) = try VariationalAutoencoder.fit(
      plan.specification, to: latentRows(jittered, ready.trainingWeights),
      heldOut: judged.keptRows.isEmpty ? nil : latentRows(judged, ready.heldOutWeights),
      options: plan.fit, workers: pool, shouldStop: shouldStop
    ) { now in
      var shifted = now
      shifted.training += shift
      shifted.heldOut += shift
      shifted.best += shift
      progress(.progress(shifted))
    }
    var model = LatentModel(
      schema: ready.schema,
      record: FitRecord(
        model: options.given.isEmpty ? .vae : .cvae, choice: nil, tableRows: table.rowCount,
        trainingRows: jittered.keptRows.count, heldOutRows: judged.keptRows.count, leftOutNote: jittered.leftOutNote,
        plan: nil, parameterCount: autoencoder.network.layout.trainedCount, stopReason: training.reason,
        epochs: training.history.last?.epoch ?? 0, bestEpoch: training.bestEpoch, recoveries: training.recoveries,
        heldOut: .nan, heldOutStandardError: .nan, heldOutIndependent: .nan, heldOutGaussian: .nan, seconds: 0,
        fingerprint: NumberHash.text(of: training.parameters.fingerprint), seed: options.seed),
      cells: cells, scoringDraws: options.latent.scoringDraws, autoencoder: autoencoder)
    try model.judge(ready, workers: pool)
    model.record.seconds = (ContinuousClock().now - start).inSeconds
    return model
  }

  /// Writes the likelihood of the judging rows into the record, beside those of the simpler models.
  private mutating func judge(_ ready: MixturePreparation, workers: WorkerPool) throws {
    let (rows, weights) = ready.judging
    let used = Array(0..<min(rows.rowCount, Self.mostJudgedRows))
    let table = rows.selecting(rows: used)
    func summary(_ logProb: [Double]) -> LikelihoodSummary {
      let scored = used.filter { !logProb[$0].isNaN }
      return LikelihoodSummary(
        scored.map { logProb[$0] }, weights: weights.map { all in scored.map { all[$0] } })
    }
    let own = summary(try score(table, workers: workers).logProb)
    (record.heldOut, record.heldOutStandardError) = (own.mean, own.standardError)
    guard ready.choice.modelled.count <= Self.mostBaselineColumns else { return }
    let (gaussian, independent) = try MixturePart.baselines(ready, workers: workers)
    record.heldOutGaussian = summary(try gaussian.logProb(table, workers: workers)).mean
    record.heldOutIndependent = summary(try independent.logProb(table, workers: workers)).mean
  }

  private static func latentRows(_ rows: LatentColumns.Rows, _ weights: [Double]?) -> LatentRows {
    LatentRows(
      rows.cells, context: rows.context, weights: weights.map { all in rows.keptRows.map { Float(all[$0]) } })
  }

  private static func tell(
    _ ready: MixturePreparation, _ rows: LatentColumns.Rows, _ plan: LatentPlan, _ progress: (FitEvent) -> Void
  ) {
    // Pictures have more columns that never vary than anybody reads.
    let leftOut = ready.choice.leftOut
    for column in leftOut.prefix(8) { progress(.stage("left out: \(column.name), \(column.reason)")) }
    if leftOut.count > 8 { progress(.stage("left out: \(leftOut.count - 8) more")) }
    if let note = rows.leftOutNote { progress(.stage(note)) }
    let held = ready.heldOut.rowCount
    progress(
      .stage(
        "\(rows.keptRows.count) rows to train on, " + (held == 0 ? "none held out (too few)" : "\(held) held out")
          + "; \(rows.cells.columns) \(rows.cells.columns == 1 ? "column" : "columns")"))
    progress(.stage("\(ready.options.given.isEmpty ? "vae" : "cvae"): \(plan.text)"))
    progress(.training(epochs: plan.fit.training.maximumEpochs))
  }
}
