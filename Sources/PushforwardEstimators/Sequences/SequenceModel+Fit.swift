import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import PushforwardTables
import PushforwardTraining

extension SequenceModel {
  /// Fits a hidden Markov model; sequences or blocks of rows held out in turn choose the number of states and what they
  /// emit, then all rows are fitted.
  ///
  /// - Parameters:
  ///   - table: The rows in the order of time, the rows of a sequence together; cells may be missing.
  ///   - options: What is fixed.
  ///   - shouldStop: `true` ends the fit with the best model so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `SequenceError`, `MixtureError`.
  public static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> SequenceModel {
    let start = ContinuousClock().now
    try options.validate()
    if !options.given.isEmpty {
      throw EstimatorError.cannotAnswer(model: ModelKind.hmm.rawValue, question: "conditions")
    }
    if table.rowCount == 0 { throw EstimatorError.tooFewRows(expected: 1, found: 0, note: nil) }
    let sequence = try options.sequences.column.map { name in
      _ = try table.column(name)
      return SequenceColumn(name: name)
    }
    var schema = try Schema(inferring: table, overrides: options.overrides)
    if let sequence, let index = schema.columns.firstIndex(where: { $0.name == sequence.name }) {
      schema.columns[index].isIgnored = true
      schema.columns[index].reason = "it names the sequences"
    }
    let choice = try ColumnChoice(schema, options: options)
    let weights = try MixturePreparation.weights(table, column: options.weights)
    let sequences = try SequenceColumn.layout(sequence, of: table, weights: weights).sequences
    var scaling = options.encoder
    scaling.transform = .standard
    let encoding = try MixedEncoding(fitting: table, weights: weights, choice: choice, options: scaling)
    let rows = try encoding.rows(table, jitterSeed: options.seed)
    let shift = rows.logDet.reduce(0, +) / Double(table.rowCount)
    var settings = self.settings(options)
    let workers = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    func isOver() -> Bool {
      shouldStop() || options.maximumSeconds.map { (ContinuousClock().now - start).inSeconds > $0 } ?? false
    }
    progress(
      .stage(
        "\(table.rowCount) rows in \(sequences.count == 1 ? "1 sequence" : "\(sequences.count) sequences"); "
          + "\(choice.modelled.count) columns"))
    // One normal distribution without memory, to compare with.
    let memoryless = try ComponentHiddenMarkovModel.fit(
      rows.mixture, sequences, states: 1, options: settings, workers: workers, shouldStop: isOver
    ).model.emission.mixture
    let candidates = try ComponentHiddenMarkovModel.candidates(
      rows.mixture, sequences, options: settings, workers: workers, shouldStop: isOver
    ) { candidate in
      progress(.stage("\(words(candidate)): \(Nats.text(candidate.heldOut + shift)) nats a held-out row"))
    }
    let best =
      candidates.first
      ?? StateCandidate(states: settings.states ?? 1, kind: settings.kinds[0], perState: settings.perState[0])
    if let rows = best.covarianceRows { settings.prior?.covarianceRows = rows }
    if options.sequences.emission == .flow {
      let plan = FlowEmissionPlan(options, rows: table.rowCount, features: encoding.numbers.count)
      return try fitFlow(
        FlowEmissionFit(rows: rows.mixture, sequences: sequences, settings: settings, plan: plan, workers: workers),
        candidates, columns: choice, shift: shift, start: start, shouldStop: isOver, progress: progress
      ) { hidden, flow, record in
        SequenceModel(
          schema: schema, record: record, leftOut: choice.leftOut, hidden: hidden, flow: flow, memoryless: memoryless,
          lengths: kept(sequences.lengths), encoding: encoding, sequence: sequence)
      }
    }
    let fit = try ComponentHiddenMarkovModel.fit(
      rows.mixture, sequences, states: best.states, kind: best.kind, perState: best.perState, options: settings,
      workers: workers, shouldStop: isOver)
    for note in fit.notes { progress(.stage(note)) }
    let hidden = try withBackground(fit.model, memoryless, rows: table.rowCount)
    let mixture = hidden.emission.mixture
    var hash = NumberHash()
    for numbers in [hidden.chain.initial, hidden.chain.transition, mixture.weights, mixture.means, mixture.covariances]
      + mixture.probabilities
    { hash.add(numbers) }
    let (k, m) = (hidden.states, fit.model.emission.perState)
    let chain = (k - 1) + k * (k - 1)
    let own = fit.model.emission.mixture.freeParameters - (k * m - 1) + k * (m - 1) + chain
    let isJudged = best.heldOut.isFinite
    var choiceWords = words(best)
    if isJudged {
      let units = sequences.count < 5 ? "blocks" : "sequences"
      choiceWords += candidates.count > 1 ? ": the choice of held-out \(units) among \(candidates.count) models" : ""
    }
    if !fit.converged { choiceWords += "; not yet converged" }
    for note in fit.notes { choiceWords += "; " + note }
    let record = FitRecord(
      model: .hmm, choice: choiceWords,
      tableRows: table.rowCount, trainingRows: table.rowCount, heldOutRows: isJudged ? table.rowCount : 0,
      leftOutNote: nil, plan: nil, parameterCount: own, stopReason: nil, epochs: Double(fit.rounds),
      bestEpoch: Double(fit.rounds), recoveries: [], heldOut: (isJudged ? best.heldOut : fit.logLikelihood) + shift,
      heldOutStandardError: isJudged ? best.standardError : 0,
      heldOutIndependent: alone(candidates, .diagonal) + shift, heldOutGaussian: alone(candidates, .gaussian) + shift,
      seconds: (ContinuousClock().now - start).inSeconds, fingerprint: hash.text, seed: options.seed)
    return SequenceModel(
      schema: schema, record: record, leftOut: choice.leftOut, hidden: hidden, flow: nil, memoryless: memoryless,
      lengths: kept(sequences.lengths), encoding: encoding, sequence: sequence)
  }

  /// Every state has half a row's share of independent columns twice as wide as those of all rows, for rows to come that lie
  /// where none was fitted to.
  private static func withBackground(
    _ model: ComponentHiddenMarkovModel, _ memoryless: GaussianMixture, rows: Int
  ) throws -> ComponentHiddenMarkovModel {
    let share = GaussianMixture.backgroundShare(components: model.states, rows: Double(rows))
    let wide = try GaussianMixture.background(memoryless)
    return try HiddenMarkovModel(
      chain: model.chain, emission: model.emission.withBackground(wide, share: share))
  }

  /// Held-out rows under one state, which has no memory.
  static func alone(_ candidates: [StateCandidate], _ kind: EmissionKind) -> Double {
    candidates.first { $0.states == 1 && $0.perState == 1 && $0.kind == kind }?.heldOut ?? .nan
  }

  /// A thousand lengths at most.
  private static func kept(_ lengths: [Int]) -> [Int] {
    let step = max(1, (lengths.count + 999) / 1000)
    return stride(from: 0, to: lengths.count, by: step).map { lengths[$0] }
  }

  private static func settings(_ options: FitOptions) -> HiddenMarkovOptions {
    var settings = HiddenMarkovOptions()
    settings.states = options.sequences.states
    settings.seed = options.seed
    switch options.sequences.emission {
    case .gaussian: settings.kinds = [.gaussian]
    case .diagonal: settings.kinds = [.diagonal]
    case .mixture: settings.perState = options.components.map { [$0] } ?? [2, 3]
    case .flow: break
    case nil: settings.kinds = [.gaussian, .diagonal]
    }
    if let rounds = options.maximumEpochs, options.sequences.emission != .flow {
      settings.training.maximumRounds = rounds
    }
    return settings
  }

  private static func words(_ candidate: StateCandidate) -> String {
    "\(candidate.states == 1 ? "1 state" : "\(candidate.states) states"), \(candidate.kind.rawValue) emissions"
      + (candidate.perState > 1 ? " of \(candidate.perState) components" : "")
      + (candidate.covarianceRows.map { ", a prior of \(Nats.text($0)) rows a state" } ?? "")
  }
}
