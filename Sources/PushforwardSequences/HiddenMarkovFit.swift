import PushforwardCore
import PushforwardMixtures

/// What a fit of a hidden Markov model may be told; everything has a default.
public struct HiddenMarkovOptions: Sendable {
  /// Number of states; `nil`: chosen by held-out likelihood.
  public var states: Int?
  /// What the emissions of numbers may be; the best on held-out rows of several.
  public var kinds: [EmissionKind] = [.gaussian]
  /// Components a state; the best on held-out rows of several.
  public var perState = [1]
  /// The emissions' prior; `nil` for maximum likelihood.
  public var prior: MixturePrior? = MixturePrior()
  /// Added to each variance, in units of the column's own variance.
  public var floor = 1e-6
  /// The chain's pseudo-counts, rounds and tolerance.
  public var training = BaumWelch()
  /// Starts, of which the best after some rounds goes on.
  public var restarts = 5
  /// States at most where their number is chosen; `nil`: 50 where whole sequences are held out, 20 where blocks of rows are.
  public var maximumStates: Int?
  /// Seed of the starts and of the choice.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}
}

/// A fitted hidden Markov model and how it came about.
public struct HiddenMarkovFit: Sendable {
  /// The model, in the units of the rows; states by falling long-run share.
  public let model: ComponentHiddenMarkovModel
  /// Mean log-likelihood of the rows it was fitted to, weights counted, nats a row.
  public let logLikelihood: Double
  /// Rounds of the best start.
  public let rounds: Int
  /// Whether the last round gained less than the tolerance.
  public let converged: Bool
  /// Log-likelihood before each round, nats a row.
  public let history: [Double]
  /// What a reader must know, such as states that hardly any row is in.
  public let notes: [String]
}

extension HiddenMarkovModel where Emission == ComponentEmission {
  /// Fits a model of a given number of states by Baum-Welch from several starts.
  ///
  /// - Parameters:
  ///   - rows: At least one.
  ///   - sequences: Which rows belong together; their weights count, the rows' own do not.
  ///   - states: Number of states, at least 1; may exceed the number of rows.
  ///   - kind: What the emissions of numbers may be.
  ///   - perState: Components a state.
  ///   - options: Prior, starts, rounds, seed.
  ///   - start: Where to begin, instead of clusters.
  ///   - unseen: Rows that count as missing, one flag a row.
  ///   - workers: Threads; the same result for any number.
  ///   - shouldStop: Asked after each round; `true` ends the fit with the best so far.
  /// - Returns: The model; usable whatever the rows.
  /// - Throws: `SequenceError`, `MixtureError`.
  public static func fit(
    _ rows: MixtureRows, _ sequences: SequenceLayout, states: Int, kind: EmissionKind = .gaussian, perState: Int = 1,
    options: HiddenMarkovOptions = HiddenMarkovOptions(), start: HiddenMarkovModel? = nil, unseen: [Bool]? = nil,
    workers: WorkerPool? = nil, shouldStop: () -> Bool = { false }
  ) throws -> HiddenMarkovFit {
    if states < 1 || perState < 1 {
      throw SequenceError.value(
        what: states < 1 ? "states" : "components a state", expected: "at least 1",
        found: "\(states < 1 ? states : perState)")
    }
    if sequences.rowCount != rows.count {
      throw SequenceError.size(what: "rows of the sequences", expected: rows.count, found: sequences.rowCount)
    }
    var weights = [Double](repeating: 0, count: rows.count)
    for sequence in 0..<sequences.count {
      for row in sequences.rows(sequence) where !(unseen?[row] ?? false) { weights[row] = sequences.weights[sequence] }
    }
    let weighted = try MixtureRows(numbers: rows.numbers, codes: rows.codes, levels: rows.levels, weights: weights)
    let pass = try ComponentPass(weighted, prior: options.prior, floor: options.floor, workers: workers)
    var best: (run: BaumWelch.Run, learner: ComponentLearner)?
    func consider(_ run: BaumWelch.Run, _ learner: ComponentLearner) {
      if best == nil || run.history.last ?? 0 > best?.run.history.last ?? 0 { best = (run, learner) }
    }
    if let start {
      consider(BaumWelch.Run(start.chain), ComponentLearner(pass, rowCount: rows.count, start: start.emission))
    } else {
      let clusters = SequenceClusters(rows, sequences, unseen: unseen, shift: pass.shift, scale: pass.scale)
      let restarts = states * perState == 1 ? 1 : max(options.restarts, 1)
      for restart in 0..<restarts {
        let (shares, chain) = clusters.start(
          states: states, perState: perState, restart: restart, seed: options.seed)
        let learner = ComponentLearner(
          pass, rowCount: rows.count, states: states, perState: perState, kind: kind, shares: shares, workers: workers)
        var run = BaumWelch.Run(chain)
        if restarts > 1 {
          try options.training.advance(
            &run, learner, sequences, unseen: unseen, workers: workers, rounds: 20, shouldStop: shouldStop)
        }
        consider(run, learner)
        if shouldStop() { break }
      }
    }
    guard let (begun, learner) = best else { throw SequenceError.size(what: "starts", expected: 1, found: 0) }
    var run = begun
    try options.training.advance(
      &run, learner, sequences, unseen: unseen, workers: workers, shouldStop: shouldStop)
    let model = try HiddenMarkovModel(chain: run.chain, emission: learner.emission()).ordered()
    var densities = try model.emission.logDensities(rows, workers: workers)
    if let unseen { densities = densities.blanked(unseen) }
    let rowLog = try model.chain.filter(densities, sequences, workers: workers).rowLogProb
    let total = weights.reduce(0, +)
    let logLikelihood = (0..<sequences.count).reduce(0.0) { sum, sequence in
      sum + sequences.weights[sequence] * sequences.rows(sequence).reduce(0) { $0 + rowLog[$1] }
    }
    return HiddenMarkovFit(
      model: model, logLikelihood: logLikelihood / max(total, 1e-300), rounds: run.history.count,
      converged: run.converged, history: run.history, notes: notes(run.occupation, rows: total))
  }

  private static func notes(_ occupation: [Double], rows: Double) -> [String] {
    let unused = occupation.count { $0 < 0.5 }
    if unused == 0 { return [] }
    return [
      "\(unused) of \(occupation.count) states \(unused == 1 ? "is" : "are") visited by none of the rows; what "
        + "\(unused == 1 ? "it emits" : "they emit") is the prior"
    ]
  }
}

extension StateMatrix {
  /// The same with zeros in the rows that are marked.
  func blanked(_ marked: [Bool]) -> StateMatrix {
    blank(marked)
    return self
  }
}
