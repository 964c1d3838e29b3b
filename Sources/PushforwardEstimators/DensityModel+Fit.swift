import PushforwardCore
import PushforwardEvaluation
import PushforwardModels
import PushforwardTables
import PushforwardTraining

extension DensityModel {
  /// Fewest usable rows that a model is fitted to.
  public static var minimumRows: Int { 10 }

  /// What a fit tells while it runs.
  public enum FitEvent: Sendable {
    /// What the columns are, which are modelled, what was left out.
    case prepared(encoder: Encoder, trainingRows: Int, heldOutRows: Int, leftOutNote: String?)
    /// What was chosen.
    case planned(model: ModelKind, plan: FitPlan, parameterCount: Int)
    /// After each validation; log-likelihoods on the encoder's scale plus the mean log-determinant, so in data units.
    case progress(TrainingProgress)
  }

  /// Fits a model to a table.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - options: What is fixed; everything else is chosen.
  ///   - shouldStop: Asked before every step; `true` ends the fit with the best model so far.
  ///   - progress: Told what happens.
  /// - Returns: The fitted model, with the record of how it came about.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `TrainingError`.
  public static func fit(
    _ table: Table, options: FitOptions = FitOptions(), shouldStop: () -> Bool = { false },
    progress: (FitEvent) -> Void = { _ in }
  ) throws -> DensityModel {
    let clock = ContinuousClock()
    let start = clock.now
    let schema = try Schema(inferring: table, overrides: options.overrides)
    let columns = try modelledColumns(schema: schema, options: options)
    var encoderOptions = options.encoder
    if options.model == .gaussian { encoderOptions.transform = .standard }
    // Which rows are usable does not depend on how columns are scaled, so a first encoder finds them.
    let scout = try Encoder(
      fitting: table, schema: schema, modelled: columns, conditions: options.given, options: plainOptions)
    let usable = try scout.prepare(table)
    guard usable.rowCount >= minimumRows else {
      throw EstimatorError.tooFewRows(expected: minimumRows, found: usable.rowCount, note: usable.leftOutNote)
    }
    let split = Split(rows: usable.rowCount, heldOutFraction: options.heldOutFraction, seed: options.seed)
    let trainingTable = table.selecting(rows: split.training.map { usable.keptRows[$0] })
    let encoder = try Encoder(
      fitting: trainingTable, schema: schema, modelled: columns, conditions: options.given, options: encoderOptions)
    let plain = try Encoder(
      fitting: trainingTable, schema: schema, modelled: columns, conditions: options.given, options: plainOptions)
    let rows = try encoder.prepare(table)
    let weights = try rowWeights(table, column: options.weights, rows: rows)
    let training = EncodedSource(
      encoder: encoder, rows: rows, indices: split.training, weights: weights, seed: options.seed)
    let heldOut = EncodedSource(
      encoder: encoder, rows: rows, indices: split.heldOut.isEmpty ? split.training : split.heldOut, weights: weights,
      seed: options.seed)
    progress(
      .prepared(
        encoder: encoder, trainingRows: training.rowCount, heldOutRows: split.heldOut.count,
        leftOutNote: rows.leftOutNote))

    let plainRows = plain.encode(try plain.prepare(table), indices: split.training)
    let gaussian = LinearGaussian(
      x: Matrix(rows: plainRows.rowCount, columns: plainRows.columnCount, values: plainRows.values),
      context: training.conditions?.converted(), weights: training.weights)
    let flow: Flow<Float>
    var plan: FitPlan?
    var result: TrainingResult<Float>?
    switch options.model.family {
    case nil where options.model == .gaussian:
      flow = try gaussian.flow()
    case nil where options.model == .independent:
      flow = try Flow(
        FlowSpecification(
          family: options.model.rawValue, features: encoder.columns.count, contextFeatures: encoder.conditionWidth,
          bijection: .composition([])))
    case nil:
      throw EngineError.invalidSetting(name: "model", expected: "a known model", found: options.model.rawValue)
    case let family?:
      let chosen = FitPlan(
        rows: training.rowCount, features: encoder.columns.count, contextFeatures: encoder.conditionWidth,
        options: options)
      var start = try Flow<Float>(
        family.specification(
          features: encoder.columns.count, contextFeatures: encoder.conditionWidth, size: chosen.size),
        seed: options.seed)
      let firstRows = Array(0..<min(training.rowCount, 4096))
      try start.network.initialize(
        &start.parameters, from: training.matrix.selectingRows(firstRows),
        context: training.conditions?.selectingRows(firstRows))
      progress(
        .planned(model: options.model, plan: chosen, parameterCount: start.network.layout.trainedCount))
      let shift = mean(heldOut.exact.logDet)
      let trainer = try Trainer(
        objective: MaximumLikelihood(start.network), training: training,
        heldOut: split.heldOut.isEmpty ? nil : heldOut, settings: chosen.training)
      let pool = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
      let done = try trainer.run(from: start.parameters, workers: pool, shouldStop: shouldStop) { now in
        var shifted = now
        shifted.training += shift
        shifted.heldOut += shift
        shifted.best += shift
        progress(.progress(shifted))
      }
      flow = Flow(network: start.network, parameters: done.parameters)
      plan = chosen
      result = done
    }
    let scores = zip(
      try flow.logProb(heldOut.matrix, context: heldOut.conditions).map(Double.init), heldOut.exact.logDet
    ).map(+)
    let summary = LikelihoodSummary(scores, weights: heldOut.weights)
    let plainHeldOut = try plain.prepare(
      table.selecting(rows: (split.heldOut.isEmpty ? split.training : split.heldOut).map { rows.keptRows[$0] }))
    let record = FitRecord(
      model: options.model, tableRows: table.rowCount, trainingRows: training.rowCount,
      heldOutRows: split.heldOut.count, leftOutNote: rows.leftOutNote, plan: plan,
      parameterCount: flow.network.layout.trainedCount, stopReason: result?.reason,
      epochs: result?.history.last?.epoch ?? 0, bestEpoch: result?.bestEpoch ?? 0, recoveries: result?.recoveries ?? [],
      heldOut: summary.mean, heldOutStandardError: summary.standardError,
      heldOutIndependent: LikelihoodSummary(independent(heldOut.exact), weights: heldOut.weights).mean,
      heldOutGaussian: LikelihoodSummary(
        Self.gaussian(gaussian, plain, plainHeldOut), weights: heldOut.weights
      ).mean,
      seconds: (clock.now - start).inSeconds, fingerprint: hexadecimal(flow.parameters.fingerprint),
      seed: options.seed)
    return DensityModel(
      schema: schema, encoder: encoder, flow: flow, record: record, gaussian: gaussian, gaussianEncoder: plain)
  }

  /// Scaling alone, for the Gaussian baseline: no logarithm, no jitter.
  private static var plainOptions: EncoderOptions {
    var options = EncoderOptions()
    options.transform = .standard
    options.allowsLog = false
    return options
  }

  /// The weights column is neither modelled nor a condition, unless named as such.
  private static func modelledColumns(schema: Schema, options: FitOptions) throws -> [String]? {
    guard let weights = options.weights else { return options.columns }
    _ = try schema.column(weights)
    if let columns = options.columns { return columns }
    return schema.columns.filter {
      $0.name != weights && !options.given.contains($0.name) && !$0.isIgnored
        && ($0.kind.isNumeric || $0.kind == .category)
    }.map(\.name)
  }

  private static func rowWeights(_ table: Table, column: String?, rows: PreparedRows) throws -> [Double]? {
    guard let column else { return nil }
    guard let numbers = try table.column(column).numbers else {
      throw EstimatorError.badWeights(column: column, detail: "expected numbers, found text")
    }
    let weights = rows.keptRows.map { numbers.values[$0] }
    if let index = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw EstimatorError.badWeights(
        column: column,
        detail:
          "expected finite numbers, not negative; found \(weights[index]) in \(table.place(ofRow: rows.keptRows[index]))"
      )
    }
    if !weights.contains(where: { $0 > 0 }) {
      throw EstimatorError.badWeights(column: column, detail: "all weights are zero")
    }
    return weights
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// Rows to train on and rows that decide when to stop.
struct Split {
  let training: [Int]
  let heldOut: [Int]

  /// Held out: the given share, at most 50,000 rows; none below 20 rows.
  init(rows: Int, heldOutFraction: Double, seed: UInt64) {
    let order = RandomStream(seed: seed, purpose: .split).permutation(count: rows).map { Int($0) }
    let count = rows < 20 ? 0 : min(50_000, Int((heldOutFraction * Double(rows)).rounded()))
    heldOut = order.prefix(count).sorted()
    training = order.dropFirst(count).sorted()
  }
}
