import PushforwardCore
import PushforwardEvaluation
import PushforwardModels
import PushforwardTables
import PushforwardTraining

extension DensityModel {
  /// Fewest usable rows that a model is fitted to.
  public static var minimumRows: Int { 10 }

  /// Fits a model to a table.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - options: What is fixed; everything else is chosen.
  ///   - shouldStop: Asked before every step; `true` ends the fit with the best model so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `TrainingError`.
  public static func fit(
    _ table: Table, options: FitOptions = FitOptions(), shouldStop: () -> Bool = { false },
    progress: (FitEvent) -> Void = { _ in }
  ) throws -> DensityModel {
    try options.validate()
    let start = ContinuousClock().now
    let ready = try FitPreparation(table, options: options)
    progress(
      .prepared(
        encoder: ready.encoder, trainingRows: ready.training.rowCount, heldOutRows: ready.split.heldOut.count,
        leftOutNote: ready.rows.leftOutNote))
    switch options.model {
    case .gaussian:
      return try model(ready, .gaussian, flow: ready.gaussian.flow(), start: start)
    case .independent:
      return try model(ready, .independent, flow: identity(ready), start: start)
    case .auto:
      let (chosen, fitted) = try better(ready, shouldStop: shouldStop, progress: progress)
      return try best(chosen, fitted, start: start)
    default:
      let fitted = try train(ready, options.model, shouldStop: shouldStop, progress: progress)
      return try model(ready, options.model, flow: fitted.flow, fitted: fitted, start: start)
    }
  }

  private struct Fitted {
    let flow: Flow<Float>
    let plan: FitPlan
    let result: TrainingResult<Float>
  }

  private static func train(
    _ ready: FitPreparation, _ kind: ModelKind, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> Fitted {
    guard let family = kind.flowFamily else {
      throw EngineError.invalidSetting(name: "model", expected: "a flow", found: kind.rawValue)
    }
    let (training, options) = (ready.training, ready.options)
    let plan = FitPlan(
      rows: training.rowCount, features: training.features, contextFeatures: training.contextFeatures, options: options)
    var flow = try Flow<Float>(
      family.specification(
        features: training.features, contextFeatures: training.contextFeatures, size: plan.size),
      seed: options.seed)
    let firstRows = Array(0..<min(training.rowCount, 4096))
    try flow.network.initialize(
      &flow.parameters, from: training.matrix.selectingRows(firstRows),
      context: training.conditions?.selectingRows(firstRows))
    progress(.planned(model: kind, plan: plan, parameterCount: flow.network.layout.trainedCount))
    let logDet = ready.judging.exact.logDet
    let shift = logDet.reduce(0, +) / Double(max(logDet.count, 1))
    let trainer = try Trainer(
      objective: MaximumLikelihood(flow.network), training: training,
      heldOut: ready.split.heldOut.isEmpty ? nil : ready.judging, settings: plan.training)
    let pool = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    let result = try trainer.run(from: flow.parameters, workers: pool, shouldStop: shouldStop) { now in
      var shifted = now
      shifted.training += shift
      shifted.heldOut += shift
      shifted.best += shift
      progress(.progress(shifted))
    }
    flow.parameters = result.parameters
    return Fitted(flow: flow, plan: plan, result: result)
  }

  /// The flow on the columns' own distributions or on plain scaling, whichever explains the held-out rows better.
  ///
  /// Bringing each column to the normal scale by itself straightens its tails and repeated values, but bends columns that
  /// depend on each other almost linearly.
  private static func better(
    _ ready: FitPreparation, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> (FitPreparation, Fitted) {
    let fitted = try train(ready, .nsf, shouldStop: shouldStop, progress: progress)
    guard ready.options.encoder.transform == .marginal, ready.training.features > 1, !ready.split.heldOut.isEmpty,
      fitted.result.reason != .interrupted
    else { return (ready, fitted) }
    var options = ready.options
    options.encoder.transform = .standard
    let plain = try FitPreparation(ready.table, options: options)
    let rival = try train(plain, .nsf, shouldStop: shouldStop, progress: progress)
    let isBetter = try plain.likelihood(of: rival.flow).mean > ready.likelihood(of: fitted.flow).mean
    return isBetter ? (plain, rival) : (ready, fitted)
  }

  /// The trained flow, unless a simpler model explains the held-out rows better.
  private static func best(
    _ ready: FitPreparation, _ fitted: Fitted, start: ContinuousClock.Instant
  ) throws -> DensityModel {
    let flow = try ready.likelihood(of: fitted.flow).mean
    let gaussian = try ready.gaussianLikelihood.mean
    let independent = ready.independentLikelihood.mean
    func reason(_ name: String, _ value: Double) -> String {
      "\(name) explains the held-out rows best (\(Nats.text(value)) nats a row; nsf \(Nats.text(flow)), gaussian "
        + "\(Nats.text(gaussian)), independent \(Nats.text(independent)))"
    }
    if !(flow >= gaussian), gaussian >= independent, !ready.split.heldOut.isEmpty {
      var options = ready.options
      options.model = .gaussian
      let again = try FitPreparation(ready.table, options: options)
      return try model(
        again, .gaussian, flow: again.gaussian.flow(), choice: reason("gaussian", gaussian), start: start)
    }
    if !(flow >= independent), !ready.split.heldOut.isEmpty {
      return try model(
        ready, .independent, flow: identity(ready), choice: reason("independent", independent), start: start)
    }
    return try model(
      ready, .nsf, flow: fitted.flow, fitted: fitted,
      choice: ready.split.heldOut.isEmpty
        ? "nsf: too few rows to hold any out"
        : reason(ready.options.encoder.transform == .standard ? "nsf on plain scaling" : "nsf", flow), start: start)
  }

  private static func identity(_ ready: FitPreparation) throws -> Flow<Float> {
    try Flow(
      FlowSpecification(
        family: ModelKind.independent.rawValue, features: ready.training.features,
        contextFeatures: ready.training.contextFeatures, bijection: .composition([])))
  }

  private static func model(
    _ ready: FitPreparation, _ kind: ModelKind, flow: Flow<Float>, fitted: Fitted? = nil, choice: String? = nil,
    start: ContinuousClock.Instant
  ) throws -> DensityModel {
    let summary = try ready.likelihood(of: flow)
    let result = fitted?.result
    let record = FitRecord(
      model: kind, choice: choice, tableRows: ready.table.rowCount, trainingRows: ready.training.rowCount,
      heldOutRows: ready.split.heldOut.count, leftOutNote: ready.rows.leftOutNote, plan: fitted?.plan,
      parameterCount: flow.network.layout.trainedCount, stopReason: result?.reason,
      epochs: result?.history.last?.epoch ?? 0, bestEpoch: result?.bestEpoch ?? 0,
      recoveries: result?.recoveries ?? [], heldOut: summary.mean, heldOutStandardError: summary.standardError,
      heldOutIndependent: ready.independentLikelihood.mean, heldOutGaussian: try ready.gaussianLikelihood.mean,
      seconds: (ContinuousClock().now - start).inSeconds, fingerprint: hexadecimal(flow.parameters.fingerprint),
      seed: ready.options.seed, heldOutScores: try ready.scores(of: flow))
    return DensityModel(
      schema: ready.schema, encoder: ready.encoder, flow: flow, record: record, gaussian: ready.gaussian,
      gaussianEncoder: ready.plain)
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// Numbers of nats in messages.
enum Nats {
  /// Three decimals.
  static func text(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    let thousandths = Int((abs(value) * 1000).rounded())
    let fraction = String(thousandths % 1000 + 1000).dropFirst()
    return (value < 0 ? "-" : "") + "\(thousandths / 1000).\(fraction)"
  }
}
