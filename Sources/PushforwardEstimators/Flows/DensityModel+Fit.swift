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
    return try fit(
      FitPreparation(table, options: options), start: start, shouldStop: shouldStop, progress: progress)
  }

  /// Fits a model to a table that is not in memory, with memory that does not grow with its rows.
  ///
  /// - Parameters:
  ///   - cache: The rows.
  ///   - options: What is fixed; everything else is chosen.
  ///   - shouldStop: Asked before every step; `true` ends the fit with the best model so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `TrainingError`.
  public static func fit(
    _ cache: TableCache, options: FitOptions = FitOptions(), shouldStop: () -> Bool = { false },
    progress: (FitEvent) -> Void = { _ in }
  ) throws -> DensityModel {
    try options.validate()
    let start = ContinuousClock().now
    return try fit(
      FitPreparation(cache, options: options), start: start, shouldStop: shouldStop, progress: progress)
  }

  private static func fit(
    _ ready: FitPreparation, start: ContinuousClock.Instant, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> DensityModel {
    tell(ready, progress)
    switch ready.options.model {
    case .gaussian:
      return try model(ready, .gaussian, flow: ready.gaussian.flow(), start: start)
    case .independent:
      return try model(ready, .independent, flow: identity(ready), start: start)
    case .auto:
      return try candidates(ready, start: start, shouldStop: shouldStop, progress: progress)[0]
    default:
      let kind = ready.options.model
      let fitted = try train(
        ready, kind, seconds: left(ready, since: start), shouldStop: shouldStop, progress: progress)
      return try model(ready, kind, flow: fitted.flow, fitted: fitted, start: start)
    }
  }

  private static func tell(_ ready: FitPreparation, _ progress: (FitEvent) -> Void) {
    progress(
      .prepared(
        encoder: ready.encoder, trainingRows: ready.training.rowCount, heldOutRows: ready.rows.heldOutCount,
        leftOutNote: ready.rows.leftOutNote))
  }

  private struct Fitted {
    let flow: Flow<Float>
    let plan: FitPlan
    let result: TrainingResult<Float>
  }

  private static func train(
    _ ready: FitPreparation, _ kind: ModelKind, dropout: Double? = nil, seconds: Double?, shouldStop: () -> Bool,
    progress: (FitEvent) -> Void
  ) throws -> Fitted {
    guard let family = kind.flowFamily else {
      throw EngineError.invalidSetting(name: "model", expected: "a flow", found: kind.rawValue)
    }
    let (training, options) = (ready.training, ready.options)
    var plan = FitPlan(
      rows: training.rowCount, features: training.features, contextFeatures: training.contextFeatures, options: options)
    plan.training.maximumSeconds = seconds
    if let dropout { plan.size.network.dropout = dropout }
    var flow = try Flow<Float>(
      family.specification(
        features: training.features, contextFeatures: training.contextFeatures, size: plan.size),
      seed: options.seed)
    let first = try ready.firstRows()
    try flow.network.initialize(&flow.parameters, from: first.x, context: first.context)
    progress(.planned(model: kind, plan: plan, parameterCount: flow.network.layout.trainedCount))
    let logDet = ready.judging.exact.logDet
    let shift = logDet.reduce(0, +) / Double(max(logDet.count, 1))
    let pool = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    let result = try run(training, of: flow, ready, plan.training, pool, shouldStop) { now in
      var shifted = now
      shifted.training += shift
      shifted.heldOut += shift
      shifted.best += shift
      progress(.progress(shifted))
    }
    flow.parameters = result.parameters
    return Fitted(flow: flow, plan: plan, result: result)
  }

  /// What is left of the time, never quite nothing; `nil` without a limit.
  private static func left(_ ready: FitPreparation, since start: ContinuousClock.Instant) -> Double? {
    ready.options.maximumSeconds.map { max(0.001, $0 - (ContinuousClock().now - start).inSeconds) }
  }

  /// Trains on a source of whatever type.
  private static func run(
    _ training: some RowSource<Float>, of flow: Flow<Float>, _ ready: FitPreparation, _ settings: TrainingSettings,
    _ workers: WorkerPool, _ shouldStop: () -> Bool, _ progress: (TrainingProgress) -> Void
  ) throws -> TrainingResult<Float> {
    try Trainer(
      objective: MaximumLikelihood(flow.network), training: training,
      heldOut: ready.rows.heldOutCount == 0 ? nil : ready.judging, settings: settings
    ).run(from: flow.parameters, workers: workers, shouldStop: shouldStop, progress: progress)
  }

  /// The models that the choice is between: the best first, then flows on another scaling, or with other dropout.
  ///
  /// - Throws: as `fit`.
  static func candidates(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> [DensityModel] {
    try options.validate()
    let start = ContinuousClock().now
    let ready = try FitPreparation(table, options: options)
    tell(ready, progress)
    return try candidates(ready, start: start, shouldStop: shouldStop, progress: progress)
  }

  /// A flow of which the best is sought, and what the held-out rows say of it.
  private struct Candidate {
    let ready: FitPreparation
    let fitted: Fitted
    let likelihood: Double

    var dropout: Double { fitted.plan.size.network.dropout }
  }

  /// The flow on the columns' own distributions, on plain scaling, and with other dropout on the better of these: best first.
  ///
  /// Bringing each column to the normal scale by itself straightens its tails and repeated values, but bends columns that
  /// depend on each other almost linearly. Dropout keeps few noisy rows from being learned by heart, and blurs the sharp
  /// densities that simulators have.
  private static func candidates(
    _ ready: FitPreparation, start: ContinuousClock.Instant, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> [DensityModel] {
    let isAlone = ready.options.encoder.transform != .marginal || ready.training.features == 1
    let canCompare = ready.rows.heldOutCount > 0
    var found: [Candidate] = []
    var goesOn = true
    /// Trains one, in its share of what is left of the time.
    func add(_ ready: FitPreparation, dropout: Double? = nil, share: Double) throws -> Candidate {
      let fitted = try train(
        ready, .nsf, dropout: dropout, seconds: left(ready, since: start).map { $0 * share }, shouldStop: shouldStop,
        progress: progress)
      let candidate = Candidate(ready: ready, fitted: fitted, likelihood: try ready.likelihood(of: fitted.flow).mean)
      found.append(candidate)
      goesOn = canCompare && fitted.result.reason != .interrupted
      return candidate
    }
    var leader = try add(ready, share: !canCompare ? 1 : isAlone ? 0.5 : 0.35)
    if goesOn && !isAlone {
      progress(.stage("the same on plain scaling, to compare:"))
      let plain = try add(ready.onStandardScale(), share: 0.5)
      if plain.likelihood > leader.likelihood { leader = plain }
    }
    if goesOn && leader.dropout > 0 && ready.options.dropout == nil {
      progress(.stage("the better one without dropout, to compare:"))
      if try add(leader.ready, dropout: 0, share: 0.5).likelihood < leader.likelihood {
        var best = leader.likelihood
        for dropout in [2 * leader.dropout, 4 * leader.dropout] where goesOn && dropout < 0.5 {
          progress(.stage("the better one with dropout \(dropout), to compare:"))
          let likelihood = try add(leader.ready, dropout: dropout, share: 0.6).likelihood
          if likelihood <= best { break }
          best = likelihood
        }
      }
    }
    found.sort { $0.likelihood > $1.likelihood }
    return try [best(found[0].ready, found[0].fitted, start: start)]
      + found.dropFirst().map { try model($0.ready, .nsf, flow: $0.fitted.flow, fitted: $0.fitted, start: start) }
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
    if !(flow >= gaussian), gaussian >= independent, ready.rows.heldOutCount > 0 {
      let again = try ready.onPlainScale()
      return try model(
        again, .gaussian, flow: again.gaussian.flow(), choice: reason("gaussian", gaussian), start: start)
    }
    if !(flow >= independent), ready.rows.heldOutCount > 0 {
      return try model(
        ready, .independent, flow: identity(ready), choice: reason("independent", independent), start: start)
    }
    return try model(
      ready, .nsf, flow: fitted.flow, fitted: fitted,
      choice: ready.rows.heldOutCount == 0
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
      model: kind, choice: choice, tableRows: ready.rows.tableRows, trainingRows: ready.training.rowCount,
      heldOutRows: ready.rows.heldOutCount, leftOutNote: ready.rows.leftOutNote, plan: fitted?.plan,
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
