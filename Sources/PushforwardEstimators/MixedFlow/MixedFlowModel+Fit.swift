import PushforwardCore
import PushforwardEvaluation
import PushforwardTables

extension MixedFlowModel {
  /// Fits the chain to all rows, the flow to those whose cells it needs are all there; both hold out the same rows.
  ///
  /// - Parameters:
  ///   - table: The rows; cells may be missing.
  ///   - options: What is fixed; settings of networks go to both parts.
  ///   - shouldStop: `true` ends the fit with the best numbers so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `ChainError`, `TrainingError`.
  public static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> MixedFlowModel {
    let start = ContinuousClock().now
    let ready = try MixturePreparation(table, options: options)
    let division = try Self.division(ready)
    if let obstacle = division.obstacle {
      throw TableError.cannotModel(columns: ready.choice.modelled.map(\.name), detail: obstacle)
    }
    progress(
      .stage(
        "mixed-flow: a chain of \(listed(division.chain)), then a flow of \(listed(division.flow)) given those"))
    let workers = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    var own = options
    own.heldOutRows = ready.heldOutRows
    own.maximumSeconds = options.maximumSeconds.map { $0 * 0.4 }
    (own.model, own.columns) = (.mixed, division.chain)
    let chain = try MixedModel.fit(table, options: own, shouldStop: shouldStop, progress: progress)
    own.maximumSeconds = options.maximumSeconds.map { max($0 - (ContinuousClock().now - start).inSeconds, 0.1 * $0) }
    (own.model, own.columns, own.given) = (.auto, division.flow, division.chain + options.given)
    let flow = try DensityModel.fit(table, options: own, shouldStop: shouldStop, progress: progress)
    let (gaussian, independent) = try MixturePart.baselines(ready, workers: workers)
    var hash = NumberHash()
    for part in [chain.record, flow.record] { hash.add(part.fingerprint.utf8.map { Double($0) }) }
    var record = FitRecord(
      model: .mixedFlow, choice: "the flow: \(flow.record.choice ?? flow.record.model.rawValue)",
      tableRows: table.rowCount, trainingRows: ready.training.rowCount, heldOutRows: ready.heldOut.rowCount,
      leftOutNote: flow.record.leftOutNote.map { "for the flow \($0)" }, plan: flow.record.plan,
      parameterCount: chain.record.parameterCount + flow.record.parameterCount, stopReason: flow.record.stopReason,
      epochs: flow.record.epochs, bestEpoch: flow.record.bestEpoch,
      recoveries: chain.record.recoveries + flow.record.recoveries, heldOut: .nan, heldOutStandardError: .nan,
      heldOutIndependent: .nan, heldOutGaussian: .nan, seconds: 0, fingerprint: hash.text, seed: options.seed)
    var model = MixedFlowModel(
      schema: ready.schema, record: record, leftOut: ready.choice.leftOut, chain: chain, flow: flow,
      gaussian: gaussian, independent: independent)
    // All figures are of the same rows: those that this model can score.
    let judging = ready.judging
    let scores = try model.score(judging.table, workers: workers)
    let judged = judging.table.selecting(rows: scores.scoredRows)
    let weights = judging.weights.map { weights in scores.scoredRows.map { weights[$0] } }
    func mean(_ part: MixturePart) throws -> Double {
      LikelihoodSummary(try part.logProb(judged, workers: workers), weights: weights).mean
    }
    let summary = LikelihoodSummary(scores.scoredRows.map { scores.logProb[$0] }, weights: weights)
    (record.heldOut, record.heldOutStandardError) = (summary.mean, summary.standardError)
    (record.heldOutGaussian, record.heldOutIndependent) = (try mean(gaussian), try mean(independent))
    record.seconds = (ContinuousClock().now - start).inSeconds
    model.record = record
    return model
  }

  /// How the columns would be divided.
  static func division(_ ready: MixturePreparation) throws -> ColumnDivision {
    let encoder = try TypedEncoder(
      fitting: ready.training, schema: ready.schema, modelled: (ready.choice.modelled + ready.choice.given).map(\.name),
      weights: ready.trainingWeights)
    return ColumnDivision(encoder.columns, given: Set(ready.choice.given.map(\.name)))
  }
}
