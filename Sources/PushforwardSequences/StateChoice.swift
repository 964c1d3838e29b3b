import PushforwardCore
import PushforwardMixtures

/// One size of a hidden Markov model and what held-out rows say of it.
public struct StateCandidate: Sendable, Equatable {
  /// Number of states.
  public var states: Int
  /// What the emissions of numbers are.
  public var kind: EmissionKind
  /// Components a state.
  public var perState: Int
  /// Rows that the prior of a state's covariance is worth, where that was chosen too; `nil`: as many as the options say.
  public var covarianceRows: Double?
  /// Mean log-likelihood of the held-out rows, nats a row.
  public var heldOut: Double
  /// Its standard error, from the differences between sequences or blocks.
  public var standardError: Double

  /// A size, and what was found of it.
  public init(
    states: Int, kind: EmissionKind, perState: Int, heldOut: Double = .nan, standardError: Double = .nan
  ) {
    (self.states, self.kind, self.perState) = (states, kind, perState)
    (self.heldOut, self.standardError) = (heldOut, standardError)
  }
}

/// Rows held out in turn: whole sequences where there are five or more, else blocks of consecutive rows.
///
/// Held-out blocks count as missing while a model is fitted; they are scored by their likelihood given all other rows,
/// log p(all rows) − log p(all rows but the blocks').
public struct HeldOutFolds: Sendable {
  /// Units of each fold: ranges of rows.
  public let folds: [[Range<Int>]]
  private let sequences: SequenceLayout
  let areSequences: Bool

  /// Folds of the given rows.
  ///
  /// - Parameters:
  ///   - sequences: Which rows belong together.
  ///   - count: Folds that are used, at most 5; each holds out a fifth of the rows.
  ///   - seed: Which sequences go together.
  public init(_ sequences: SequenceLayout, count: Int, seed: UInt64) {
    self.sequences = sequences
    areSequences = sequences.count >= 5
    var units: [Range<Int>] = []
    if areSequences {
      let order = RandomStream(seed: seed, purpose: .split).permutation(count: sequences.count)
      units = order.map { sequences.rows(Int($0)) }
    } else {
      for sequence in 0..<sequences.count {
        let rows = sequences.rows(sequence)
        let blocks = max(1, min(rows.count / 10, 50))
        units += (0..<blocks).map { block in
          rows.lowerBound + rows.count * block / blocks..<rows.lowerBound + rows.count * (block + 1) / blocks
        }
      }
    }
    let all = units
    folds =
      all.count < 2
      ? []
      : (0..<min(5, all.count)).prefix(count).map { fold in
        stride(from: fold, to: all.count, by: min(5, all.count)).map { all[$0] }
      }
  }

  /// The flags of a fold's rows.
  package func unseen(_ fold: Int) -> [Bool] {
    var flags = [Bool](repeating: false, count: sequences.rowCount)
    for unit in folds[fold] { for row in unit { flags[row] = true } }
    return flags
  }

  /// The sequences with those that a fold holds out weightless.
  package func training(_ fold: Int) throws(SequenceError) -> SequenceLayout {
    if !areSequences { return sequences }
    let held = Set(folds[fold].map(\.lowerBound))
    return try SequenceLayout(
      lengths: sequences.lengths,
      weights: (0..<sequences.count).map { held.contains(sequences.starts[$0]) ? 0 : sequences.weights[$0] })
  }

  /// The log-likelihood of each held-out unit of a fold given the other rows.
  package func scores(
    _ fold: Int, _ chain: MarkovChain, _ densities: StateMatrix, workers: WorkerPool?
  ) throws(SequenceError) -> [Double] {
    let whole = try chain.filter(densities, sequences, workers: workers).rowLogProb
    func sum(_ rowLog: [Double], _ rows: Range<Int>) -> Double { rows.reduce(0) { $0 + rowLog[$1] } }
    if areSequences { return folds[fold].map { sum(whole, $0) } }
    // The share of each block in what its sequence loses: one after the other, from the front.
    let copy = densities.copy()
    let blank = try chain.filter(copy.blanked(unseen(fold)), sequences, workers: workers).rowLogProb
    var scores: [Double] = []
    for sequence in 0..<sequences.count {
      let rows = sequences.rows(sequence)
      let blocks = folds[fold].filter { rows.contains($0.lowerBound) }
      if blocks.isEmpty { continue }
      let gain = sum(whole, rows) - sum(blank, rows)
      let forward = blocks.map { sum(whole, $0) }
      let rest = (gain - forward.reduce(0, +)) / Double(blocks.reduce(0) { $0 + $1.count })
      scores += zip(blocks, forward).map { $1 + rest * Double($0.count) }
    }
    return scores
  }
}

extension HiddenMarkovModel where Emission == ComponentEmission {
  /// Fits models of several sizes with rows held out in turn.
  ///
  /// The number of states grows until two sizes in a row explain held-out rows no better.
  ///
  /// - Parameters:
  ///   - rows: At least two, best some dozen.
  ///   - sequences: Which rows belong together.
  ///   - options: Sizes, kinds, prior, seed.
  ///   - workers: Threads; the same result for any number.
  ///   - shouldStop: Asked after each round.
  ///   - progress: Told each candidate.
  /// - Returns: All candidates, the best first; empty when nothing can be held out.
  /// - Throws: `SequenceError`, `MixtureError`.
  public static func candidates(
    _ rows: MixtureRows, _ sequences: SequenceLayout, options: HiddenMarkovOptions, workers: WorkerPool? = nil,
    shouldStop: () -> Bool = { false }, progress: (StateCandidate) -> Void = { _ in }
  ) throws -> [StateCandidate] {
    let (rows, sequences) = try sample(rows, sequences, seed: options.seed)
    let folds = HeldOutFolds(sequences, count: rows.count < 5_000 ? 5 : rows.count < 20_000 ? 2 : 1, seed: options.seed)
    if folds.folds.isEmpty { return [] }
    var options = options
    options.restarts = min(options.restarts, rows.count < 5_000 ? 3 : 2)
    options.training.maximumRounds = min(options.training.maximumRounds, 100)
    options.training.tolerance = max(options.training.tolerance, 1e-4)
    let sizes = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50]
    // Blocks have known rows on both sides, which flatters many states; whole sequences do not.
    let most = options.maximumStates ?? (folds.areSequences ? 50 : 20)
    let limit = min(most, max(1, rows.count / 10))
    var found: [StateCandidate] = []
    for kind in rows.numbers.columns == 0 ? [.gaussian] : options.kinds {
      for perState in options.perState {
        var best = -Double.infinity
        var worse = 0
        for states in options.states.map({ [$0] }) ?? sizes.filter({ $0 <= limit }) {
          let candidate = try evaluate(
            rows, sequences, folds,
            StateCandidate(states: states, kind: kind, perState: perState), options, workers, shouldStop)
          found.append(candidate)
          progress(candidate)
          if candidate.heldOut > best {
            (best, worse) = (candidate.heldOut, 0)
          } else {
            worse += 1
          }
          if worse == 2 || shouldStop() { break }
        }
        if shouldStop() { break }
      }
    }
    found = found.filter { !$0.heldOut.isNaN }.sorted { $0.heldOut > $1.heldOut }
    // Where some states are far narrower than all rows together, a row of the prior is too wide for them.
    if var weaker = found.first, rows.numbers.columns > 0, var prior = options.prior, !shouldStop() {
      prior.covarianceRows /= 100
      (options.prior, weaker.covarianceRows) = (prior, prior.covarianceRows)
      let candidate = try evaluate(rows, sequences, folds, weaker, options, workers, shouldStop)
      progress(candidate)
      found.insert(candidate, at: candidate.heldOut > found[0].heldOut ? 0 : 1)
    }
    return found
  }

  private static func evaluate(
    _ rows: MixtureRows, _ sequences: SequenceLayout, _ folds: HeldOutFolds, _ candidate: StateCandidate,
    _ options: HiddenMarkovOptions, _ workers: WorkerPool?, _ shouldStop: () -> Bool
  ) throws -> StateCandidate {
    var scored: [(score: Double, rows: Double)] = []
    for fold in folds.folds.indices {
      let fit = try fit(
        rows, folds.training(fold), states: candidate.states, kind: candidate.kind, perState: candidate.perState,
        options: options, unseen: folds.unseen(fold), workers: workers, shouldStop: shouldStop)
      let densities = try fit.model.emission.logDensities(rows, workers: workers)
      let scores = try folds.scores(fold, fit.model.chain, densities, workers: workers)
      scored += zip(scores, folds.folds[fold]).map { ($0, Double($1.count)) }
    }
    let count = scored.reduce(0) { $0 + $1.rows }
    let mean = scored.reduce(0) { $0 + $1.score } / count
    let squares = scored.reduce(0.0) { $0 + ($1.score - mean * $1.rows) * ($1.score - mean * $1.rows) }
    var result = candidate
    result.heldOut = mean
    result.standardError = squares.squareRoot() / count
    return result
  }

  /// At most some ten thousand rows: whole sequences, or the beginning of a long one.
  private static func sample(
    _ rows: MixtureRows, _ sequences: SequenceLayout, seed: UInt64
  ) throws -> (MixtureRows, SequenceLayout) {
    let most = 50_000
    if rows.count <= most { return (rows, sequences) }
    let order = RandomStream(seed: seed, purpose: .shuffle).permutation(count: sequences.count).map { Int($0) }
    var chosen: [(rows: Range<Int>, weight: Double)] = []
    var count = 0
    for sequence in order where count < most {
      let all = sequences.rows(sequence)
      let range = all.prefix(most - count)
      chosen.append((range, sequences.weights[sequence]))
      count += range.count
    }
    return (
      rows.selecting(chosen.flatMap { Array($0.rows) }),
      try SequenceLayout(lengths: chosen.map(\.rows.count), weights: chosen.map(\.weight))
    )
  }
}
