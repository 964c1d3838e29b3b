import PushforwardChains
import PushforwardCore
import PushforwardEvaluation
import PushforwardTables
import PushforwardTraining

extension MixedModel {
  /// Passes over the rows that set the heads' biases at the end.
  private static var calibrationRounds: Int { 3 }
  /// Rounds of training where the first plan was too short, up to so many rows.
  private static var rounds: (most: Int, rows: Int) { (3, 200_000) }
  /// What a cell takes in the table, in its copies and as it is typed, about.
  private static var bytesOfCell: Int { 40 }

  /// Fits a chain to a table; held-out rows choose the epoch.
  ///
  /// - Parameters:
  ///   - table: The rows; cells may be missing.
  ///   - options: What is fixed.
  ///   - shouldStop: `true` ends the fit with the best numbers so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `ChainError`, `TrainingError`.
  public static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> MixedModel {
    try fit(table, options: options, order: 0, shouldStop: shouldStop, progress: progress)
  }

  /// Fits a chain whose columns stand in one of several orders (see `ChainOrders`); without hints if it diverges with them.
  static func fit(
    _ table: Table, options: FitOptions, order: Int, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> MixedModel {
    do {
      return try fit(
        table, options: options, order: order, takesHints: true, shouldStop: shouldStop, progress: progress)
    } catch TrainingError.diverged {
      progress(.stage("training diverged; once more without hints from other columns"))
      return try fit(
        table, options: options, order: order, takesHints: false, shouldStop: shouldStop, progress: progress)
    }
  }

  private static func fit(
    _ table: Table, options: FitOptions, order: Int, takesHints: Bool, shouldStop: () -> Bool,
    progress: (FitEvent) -> Void
  ) throws -> MixedModel {
    let start = ContinuousClock().now
    let ready = try MixturePreparation(table, options: options)
    let given = Set(ready.choice.given.map(\.name))
    let names = (ready.choice.modelled + ready.choice.given).map(\.name)
    let (encoder, found) = try encoder(of: names, ready, given: given, order: order, takesHints: takesHints)
    let workers = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    var (specification, training) = try plan(
      encoder, relations: found.relations, given: given, order: order, rows: ready.training.rowCount, options: options)
    // What the preparation took is no time for training.
    training.maximumSeconds = options.maximumSeconds.map { max(0.001, $0 - (ContinuousClock().now - start).inSeconds) }
    tell(encoder, found, ready, specification, training, workers: workers.workers, progress)
    let rows = try ChainRows(
      encoder.encode(ready.training), columns: encoder.columns, specification: specification,
      weights: ready.trainingWeights, tellsPresence: true)
    let judged = try encoder.encode(ready.judging.table)
    let heldOut = try ChainRows(
      judged, columns: encoder.columns, specification: specification, weights: ready.judging.weights,
      tellsPresence: true)
    let modelled = encoder.columns.indices.filter { !given.contains(encoder.columns[$0].name) }
    let constants = (0..<judged.rowCount).map { row in
      modelled.reduce(0.0) { $0 + judged.columns[$1].constant[row] }
    }
    let shift = LikelihoodSummary(constants, weights: ready.judging.weights).mean
    progress(.training(epochs: training.maximumEpochs))
    let (chain, result) = try Chain.fit(
      rows, heldOut: ready.heldOut.rowCount > 0 ? heldOut : nil, specification: specification, training: training,
      rounds: options.maximumEpochs == nil && rows.count <= Self.rounds.rows ? Self.rounds.most : 1,
      hints: found.relations.hints(encoder.columns), workers: workers, shouldStop: shouldStop,
      nextRound: { epochs, dropout in
        progress(.stage("still gaining: \(epochs) epochs more, from the best numbers, with dropout \(dropout)"))
      }
    ) { now in
      var shifted = now
      shifted.training += shift
      shifted.heldOut += shift
      shifted.best += shift
      progress(.progress(shifted))
    }
    let (gaussian, independent) = try MixturePart.baselines(ready, workers: workers)
    let record = FitRecord(
      model: .mixed, choice: nil, tableRows: table.rowCount, trainingRows: ready.training.rowCount,
      heldOutRows: ready.heldOut.rowCount, leftOutNote: nil, plan: nil, parameterCount: chain.parameters.count,
      stopReason: result.reason, epochs: result.history.last?.epoch ?? 0, bestEpoch: result.bestEpoch,
      recoveries: result.recoveries, heldOut: .nan, heldOutStandardError: .nan,
      heldOutIndependent: try ready.likelihood { try independent.logProb($0, workers: workers) }.mean,
      heldOutGaussian: try ready.likelihood { try gaussian.logProb($0, workers: workers) }.mean,
      seconds: (ContinuousClock().now - start).inSeconds, fingerprint: chain.parameters.fingerprintText,
      seed: options.seed)
    var model = MixedModel(
      schema: ready.schema, record: record, leftOut: ready.choice.leftOut + encoder.leftOut, encoder: encoder,
      relations: found.relations, chain: chain, gaussian: gaussian, independent: independent)
    let scores = try model.score(ready.judging.table, workers: workers).logProb
    let summary = ready.likelihood { _ in scores }
    model.record.heldOutScores = ready.scores { _ in scores }
    (model.record.heldOut, model.record.heldOutStandardError) = (summary.mean, summary.standardError)
    // Judged before the held-out rows have a say in the marginals.
    let all =
      ready.heldOut.rowCount == 0
      ? rows
      : rows
        + (try ChainRows(
          judged, columns: encoder.columns, specification: specification, weights: ready.heldOutWeights,
          tellsPresence: true))
    model.chain = try chain.calibrated(on: all, rounds: Self.calibrationRounds, workers: workers)
    model.record.fingerprint = model.chain.parameters.fingerprintText
    model.record.seconds = (ContinuousClock().now - start).inSeconds
    return model
  }

  /// The columns as the chain sees them, and which of them are nearly functions of others.
  private static func encoder(
    of names: [String], _ ready: MixturePreparation, given: Set<String>, order number: Int, takesHints: Bool
  ) throws -> (TypedEncoder, RelationSearch.Findings) {
    func fitted(smooth: Set<String>) throws -> TypedEncoder {
      try TypedEncoder(
        fitting: ready.training, schema: ready.schema, modelled: names, weights: ready.trainingWeights, smooth: smooth)
    }
    let encoder = try fitted(smooth: [])
    guard takesHints else { return (encoder, RelationSearch.Findings()) }
    let indices = encoder.columns.indices
    let order = ChainOrders.order(
      indices.filter { !given.contains(encoder.columns[$0].name) }, number: number, seed: ready.options.seed)
    var found = try RelationSearch(ready.training, columns: encoder.columns)
      .findings(order: order, given: indices.filter { given.contains(encoder.columns[$0].name) })
    if found.relations.isEmpty { return (encoder, found) }
    // A value that repeats is told by the others; as a class of its own it would be out of the hint's reach.
    let smoothed = try fitted(smooth: Set(found.told.map { encoder.columns[$0].name }))
    found.relations.removeAll { !smoothed.columns[$0.column].hasContinuous }
    return (smoothed, found)
  }

  private static func plan(
    _ encoder: TypedEncoder, relations: [ColumnRelation], given: Set<String>, order number: Int, rows: Int,
    options: FitOptions
  ) throws -> (ChainSpecification, TrainingSettings) {
    var settings = ChainFitSettings.suggested(rows: rows, columns: encoder.columns.count)
    if let hidden = options.hidden?.max() { settings.network.hidden = hidden }
    if let dropout = options.dropout { settings.network.dropout = dropout }
    if let batch = options.batchSize { settings.training.batchSize = batch }
    if let rate = options.learningRate { settings.training.learningRate = rate }
    if let decay = options.weightDecay { settings.training.weightDecay = decay }
    if let epochs = options.maximumEpochs { settings.training.maximumEpochs = epochs }
    if let patience = options.patience { settings.training.patience = patience }
    settings.training.maximumSeconds = options.maximumSeconds
    settings.training.seed = options.seed &+ UInt64(number)
    var columns = encoder.columns.map { column in
      ChainColumn(
        name: column.name, atoms: column.atoms, hasContinuous: column.hasContinuous,
        positions: column.positions.map { $0.map { Float($0) } }, isCondition: given.contains(column.name))
    }
    for index in columns.indices { columns[index].hintedBy = relations.inputs(of: index) }
    let modelled = ChainOrders.order(
      columns.indices.filter { !columns[$0].isCondition }, number: number, seed: options.seed)
    var order: [Int] = []
    for index in modelled {
      if encoder.columns[index].missingShare > 0 {
        order.append(columns.count)
        columns.append(ChainColumn(presenceOf: index, name: "presence of \(encoder.columns[index].name)"))
      }
      order.append(index)
    }
    return (try ChainSpecification(columns: columns, order: order, settings: settings.network), settings.training)
  }

  private static func tell(
    _ encoder: TypedEncoder, _ found: RelationSearch.Findings, _ ready: MixturePreparation,
    _ specification: ChainSpecification,
    _ training: TrainingSettings, workers: Int, _ progress: (FitEvent) -> Void
  ) {
    for column in encoder.columns { progress(.stage("\(column.name): \(column.reason)")) }
    var left = found.told
    for relation in found.relations where left.remove(relation.column) != nil {
      progress(.stage(relation.text(encoder.columns)))
    }
    for column in ready.choice.leftOut { progress(.stage("left out: \(column.name), \(column.reason)")) }
    let held = ready.heldOut.rowCount
    progress(
      .stage(
        "\(ready.training.rowCount) rows to train on, " + (held == 0 ? "none held out (too few)" : "\(held) held out")))
    let settings = specification.settings
    let rows = ready.training.rowCount + held
    let memory =
      Chain.fitMemory(specification, rows: rows, batchSize: training.batchSize, workers: workers)
      + Self.bytesOfCell * rows * encoder.columns.count
    progress(
      .stage(
        "mixed: \(settings.blocks) residual blocks of \(settings.hidden), dropout \(settings.dropout); batches of "
          + "\(training.batchSize), at most \(training.maximumEpochs) epochs; about \(memory >> 20) MB of memory"))
  }
}

extension Parameters<Float> {
  /// The hash of the numbers, 16 hexadecimal digits.
  var fingerprintText: String {
    let digits = String(fingerprint, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
