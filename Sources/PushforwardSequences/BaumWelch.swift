import CKernels
import PushforwardCore

/// Expectation and maximisation for a chain and its emissions, over many sequences.
///
/// - SeeAlso: Baum, Petrie, Soules & Weiss (1970), "A maximization technique occurring in the statistical analysis of
///   probabilistic functions of Markov chains".
public struct BaumWelch: Sendable {
  /// Pseudo-counts of a whole row of probabilities, spread evenly over the states: keeps every state reachable.
  public var pseudoCount = 1.0
  /// Rounds at most.
  public var maximumRounds = 300
  /// Ends when a round gains less, in nats a row.
  public var tolerance = 1e-5
  /// Whether the chain's initial distribution and transitions are learned.
  public var learnsChain = true

  /// The default settings.
  public init() {}

  /// A fit in progress or done.
  public struct Run: Sendable {
    /// The chain.
    public var chain: MarkovChain
    /// Log-likelihood before each round's maximisation, weights counted, nats a seen row; on the learner's scale.
    public var history: [Double] = []
    /// Whether the last round gained less than the tolerance.
    public var converged = false
    /// Expected number of rows in each state, in the last round.
    public var occupation: [Double] = []

    /// A fit that has not begun.
    public init(_ chain: MarkovChain) { self.chain = chain }
  }

  /// Improves a chain and its emissions until the rounds are used up or nothing is gained.
  ///
  /// - Parameters:
  ///   - run: The fit so far; goes on where it was.
  ///   - learner: The emissions.
  ///   - sequences: Which rows belong together.
  ///   - unseen: Rows that count as missing, one flag a row; `nil`: none.
  ///   - workers: Threads; the same result for any number.
  ///   - rounds: Stop after so many in all; the settings' maximum by default.
  ///   - shouldStop: Asked after each round.
  /// - Throws: what the learner throws; `SequenceError.size`.
  public func advance(
    _ run: inout Run, _ learner: some EmissionLearner, _ sequences: SequenceLayout, unseen: [Bool]? = nil,
    workers: WorkerPool? = nil, rounds: Int? = nil, shouldStop: () -> Bool = { false }
  ) throws {
    let seen = (0..<sequences.count).reduce(0.0) { sum, sequence in
      let rows = sequences.rows(sequence)
      let count = unseen.map { flags in rows.count { !flags[$0] } } ?? rows.count
      return sum + sequences.weights[sequence] * Double(count)
    }
    while run.history.count < min(rounds ?? maximumRounds, maximumRounds), !run.converged {
      let densities = try learner.logDensities(workers: workers)
      if let unseen { densities.blank(unseen) }
      let expected = try expectation(run.chain, densities, sequences, unseen: unseen, workers: workers)
      let objective = seen > 0 ? expected.logLikelihood / seen : 0
      if let last = run.history.last, run.history.count > 2, objective - last < tolerance { run.converged = true }
      run.history.append(objective)
      run.occupation = expected.occupation
      if run.converged { break }
      if learnsChain { run.chain = maximum(expected, run.chain) }
      try learner.maximise(expected.posteriors, workers: workers)
      if shouldStop() { break }
    }
  }

  private struct Expected {
    var logLikelihood: Double
    var initial: [Double]
    var transitions: [Double]
    var occupation: [Double]
    var posteriors: StateMatrix
  }

  private func expectation(
    _ chain: MarkovChain, _ densities: StateMatrix, _ sequences: SequenceLayout, unseen: [Bool]?, workers: WorkerPool?
  ) throws -> Expected {
    if densities.states != chain.states {
      throw SequenceError.size(what: "states of the emissions", expected: chain.states, found: densities.states)
    }
    if densities.rows != sequences.rowCount {
      throw SequenceError.size(what: "rows of the emissions", expected: sequences.rowCount, found: densities.rows)
    }
    let (k, stride, groups) = (chain.states, densities.stride, sequences.groups)
    let posteriors = StateMatrix(rows: densities.rows, states: k)
    let transitions = AlignedBuffer<Double>(count: groups.count * k * stride)
    let starts = AlignedBuffer<Double>(count: groups.count * k)
    let likelihoods = AlignedBuffer<Double>(count: groups.count)
    func work(group: Int, worker: Int) {
      let longest = groups[group].reduce(0) { max($0, sequences.rows($1).count) }
      let recursion = ForwardBackward(chain, longest: longest)
      let rowLog = AlignedBuffer<Double>(count: longest)
      for sequence in groups[group] {
        let (rows, weight) = (sequences.rows(sequence), sequences.weights[sequence])
        let out = posteriors.pointer + rows.lowerBound * stride
        if weight == 0 { continue }
        recursion.smooth(
          densities.pointer + rows.lowerBound * stride, rows: rows.count, out: out, rowLog: rowLog.pointer,
          transitions: transitions.pointer + group * k * stride, weight: weight)
        likelihoods.pointer[group] += weight * pf_sum_f64(rowLog.pointer, rows.count)
        for state in 0..<k { starts.pointer[group * k + state] += weight * out[state] }
        if weight != 1 { pf_scale_shift_f64(out, weight, 0, out, rows.count * stride) }
      }
    }
    if let workers, groups.count > 1 {
      workers.run(items: groups.count, work)
    } else {
      for group in groups.indices { work(group: group, worker: 0) }
    }
    if let unseen { posteriors.blank(unseen) }
    var expected = Expected(
      logLikelihood: 0, initial: [Double](repeating: 0, count: k), transitions: [Double](repeating: 0, count: k * k),
      occupation: [Double](repeating: 0, count: k), posteriors: posteriors)
    for group in groups.indices {
      expected.logLikelihood += likelihoods.pointer[group]
      for state in 0..<k {
        expected.initial[state] += starts.pointer[group * k + state]
        for to in 0..<k {
          expected.transitions[state * k + to] += transitions.pointer[(group * k + state) * stride + to]
        }
      }
    }
    for row in 0..<posteriors.rows {
      for state in 0..<k { expected.occupation[state] += posteriors.pointer[row * stride + state] }
    }
    return expected
  }

  /// Expected counts and pseudo-counts; a state that nothing is known of keeps its probabilities.
  private func maximum(_ expected: Expected, _ old: MarkovChain) -> MarkovChain {
    let k = old.states
    let pseudo = pseudoCount / Double(k)
    func shares(_ counts: ArraySlice<Double>, _ old: ArraySlice<Double>) -> [Double] {
      let sum: Double = counts.reduce(pseudoCount, +)
      if !(sum > 1e-12) || !sum.isFinite { return Array(old) }
      let shares: [Double] = counts.map { ($0 + pseudo) / sum }
      let rest: Double = shares.reduce(0, +)
      return shares.map { $0 / rest }
    }
    var transition: [Double] = []
    for state in 0..<k {
      let row = state * k..<(state + 1) * k
      transition += shares(expected.transitions[row], old.transition[row])
    }
    return MarkovChain(unchecked: shares(expected.initial[...], old.initial[...]), transition)
  }
}

extension StateMatrix {
  /// Zeros in the rows that are marked.
  func blank(_ marked: [Bool]) {
    for row in 0..<rows where marked[row] { (pointer + row * stride).update(repeating: 0, count: stride) }
  }
}
