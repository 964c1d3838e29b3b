import PushforwardCore
import PushforwardEvaluation
import PushforwardModels
import PushforwardTables
import PushforwardTraining

extension DequantizedModel {
  /// Layers of the noise, and the units of their networks.
  private static var noiseSize: FlowFamily.Size {
    FlowFamily.Size(transforms: 4, network: NetworkSettings(hidden: [64, 64]))
  }
  /// Share of the time for the flow with uniform noise, with which everything starts.
  private static var startShare: Double { 0.5 }

  /// Fits a flow with uniform noise, then flow and noise together by the evidence lower bound.
  ///
  /// - Parameters:
  ///   - table: The rows; those with missing cells are left out.
  ///   - options: What is fixed; `model` names a flow.
  ///   - shouldStop: `true` ends the fit with the best numbers so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `TrainingError`.
  public static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> DequantizedModel {
    let start = ContinuousClock().now
    guard options.model.flowFamily != nil else {
      throw EngineError.invalidSetting(
        name: "dequantization",
        expected: "'uniform' for a model of the kind '\(options.model.rawValue)'; flows named by --model take both",
        found: "variational")
    }
    var own = options
    own.dequantization = .uniform
    own.maximumSeconds = options.maximumSeconds.map { Self.startShare * $0 }
    let base = try DensityModel.fit(table, options: own, shouldStop: shouldStop, progress: progress)
    let encoder = base.encoder
    let rows = try FitPreparation(table, options: own).rows
    let known = try encoder.prepare(rows.known)
    let all = encoder.cells(known)
    let width = encoder.columns.count
    let columns = (0..<width).filter { column in
      stride(from: column, to: all.width.count, by: width).contains { all.width[$0] > 0 }
    }
    if columns.isEmpty {
      throw EstimatorError.cannotAnswer(
        model: options.model.rawValue, question: "noise to learn: no column has a recording step or values that repeat")
    }
    let noise = try Flow<Float>(
      FlowFamily.realNVP.specification(
        features: columns.count, contextFeatures: width + encoder.conditionWidth, size: noiseSize),
      seed: options.seed)
    let bound = try DequantizationBound(
      flow: base.flow.specification, noise: noise.specification, columns: columns)
    let training = try source(known, all, encoder: encoder, weights: rows.knownWeights)
    let judged = try encoder.prepare(rows.judged)
    let judging = try source(
      judged, encoder.cells(judged, of: Set(columns)), encoder: encoder, weights: rows.judgedWeights)
    var settings = TrainingSettings()
    settings.batchSize = options.batchSize ?? 256
    settings.learningRate = options.learningRate ?? 1e-3
    settings.maximumEpochs = options.maximumEpochs ?? 60
    settings.patience = options.patience ?? max(5, settings.maximumEpochs / 4)
    settings.maximumSeconds = options.maximumSeconds.map { max(0.001, $0 - (ContinuousClock().now - start).inSeconds) }
    settings.startsFromData = false
    settings.seed = options.seed
    let names = columns.map { encoder.columns[$0].name }
    progress(.stage("flow and noise together, by the evidence lower bound; cells: \(listed(names))"))
    progress(.training(epochs: settings.maximumEpochs))
    let workers = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    let parts = DequantizationBound.prefixes
    let result = try Trainer(
      objective: bound, training: training, heldOut: rows.heldOutCount > 0 ? judging : nil, settings: settings
    ).run(
      from: Parameters(
        joining: [(parts.flow, base.flow.parameters), (parts.noise, noise.parameters)], layout: bound.layout),
      workers: workers, shouldStop: shouldStop
    ) { progress(.progress($0)) }
    var model = DequantizedModel(
      base: base.replacing(result.parameters.part(prefix: parts.flow, layout: base.flow.parameters.layout)),
      noise: Flow(
        network: noise.network, parameters: result.parameters.part(prefix: parts.noise, layout: noise.parameters.layout)
      ),
      cellColumns: columns, record: base.record)
    // Without layers the noise is uniform.
    let flat = try Flow<Float>(
      FlowSpecification(
        family: noise.specification.family, features: columns.count,
        contextFeatures: noise.specification.contextFeatures, bijection: .composition([])))
    let before = DequantizedModel(base: base, noise: flat, cellColumns: columns, record: base.record)
    func bounds(_ model: DequantizedModel) throws -> (scores: [Double], mean: Double, error: Double, evidence: Double) {
      let found = try model.score(rows.judged, workers: workers)
      let summary = LikelihoodSummary(found.logProb, weights: rows.judgedWeights)
      let evidence = LikelihoodSummary(found.evidenceBounds ?? [], weights: rows.judgedWeights)
      return (found.logProb, summary.mean, summary.standardError, evidence.mean)
    }
    let (first, last) = (try bounds(before), try bounds(model))
    model.record.choice =
      "learned noise: evidence lower bound \(Nats.text(last.evidence)) nats a row, with uniform noise "
      + "\(Nats.text(first.evidence)); bound of \(Self.draws) draws \(Nats.text(last.mean))"
    (model.record.heldOut, model.record.heldOutStandardError) = (last.mean, last.error)
    model.record.heldOutScores = ScoreDistribution(last.scores, weights: rows.judgedWeights)
    model.record.parameterCount = bound.layout.trainedCount
    (model.record.stopReason, model.record.bestEpoch) = (result.reason, result.bestEpoch)
    model.record.epochs = result.history.last?.epoch ?? 0
    model.record.recoveries += result.recoveries
    model.record.fingerprint = NumberHash.text(of: result.parameters.fingerprint)
    model.record.seconds = (ContinuousClock().now - start).inSeconds
    return model
  }

  private static func source(
    _ rows: PreparedRows, _ cells: EncodedCells, encoder: Encoder, weights: [Double]?
  ) throws -> MatrixSource<Float> {
    let width = encoder.columns.count
    var values: [Float] = []
    values.reserveCapacity(rows.rowCount * (2 * width + 1))
    for row in 0..<rows.rowCount {
      values += cells.lower[row * width..<(row + 1) * width].map { Float($0) }
      values += cells.width[row * width..<(row + 1) * width].map { Float($0) }
      values.append(Float(cells.constant[row]))
    }
    return try MatrixSource(
      Matrix(rows: rows.rowCount, columns: 2 * width + 1, values: values),
      context: contexts(rows, cells, encoder: encoder).flow, weights: weights.map { $0.map { Float($0) } })
  }
}
