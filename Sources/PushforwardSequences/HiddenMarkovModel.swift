import PushforwardCore
import PushforwardMixtures

/// A hidden Markov model: a chain of states, each of which emits a row.
public struct HiddenMarkovModel<Emission: StateEmission>: Sendable {
  /// The chain.
  public let chain: MarkovChain
  /// What the states emit.
  public let emission: Emission

  /// A model of given parts.
  ///
  /// - Throws: `SequenceError.size` when they have different numbers of states.
  public init(chain: MarkovChain, emission: Emission) throws(SequenceError) {
    if chain.states != emission.states {
      throw .size(what: "states of the emissions", expected: chain.states, found: emission.states)
    }
    self.chain = chain
    self.emission = emission
  }

  /// Number of states.
  public var states: Int { chain.states }

  /// log p(row | the rows before it in its sequence), in nats: they sum to the log-likelihood of each sequence.
  ///
  /// - Throws: when rows and sequences do not fit each other or the model.
  public func rowLogProb(
    _ rows: Emission.Rows, _ sequences: SequenceLayout, workers: WorkerPool? = nil
  ) throws -> [Double] {
    try chain.filter(emission.logDensities(rows, workers: workers), sequences, workers: workers).rowLogProb
  }

  /// The log-likelihood of each sequence, in nats.
  ///
  /// - Throws: as `rowLogProb`.
  public func logProb(
    _ rows: Emission.Rows, _ sequences: SequenceLayout, workers: WorkerPool? = nil
  ) throws -> [Double] {
    let rowLog = try rowLogProb(rows, sequences, workers: workers)
    return (0..<sequences.count).map { sequences.rows($0).reduce(0) { $0 + rowLog[$1] } }
  }

  /// P(state | all rows of its sequence) and log p(row | rows before).
  ///
  /// - Throws: as `rowLogProb`.
  public func posterior(
    _ rows: Emission.Rows, _ sequences: SequenceLayout, workers: WorkerPool? = nil
  ) throws -> MarkovChain.StateProbabilities {
    try chain.smooth(emission.logDensities(rows, workers: workers), sequences, workers: workers)
  }

  /// P(state | the rows of its sequence up to it) and log p(row | rows before).
  ///
  /// - Throws: as `rowLogProb`.
  public func filter(
    _ rows: Emission.Rows, _ sequences: SequenceLayout, workers: WorkerPool? = nil
  ) throws -> MarkovChain.StateProbabilities {
    try chain.filter(emission.logDensities(rows, workers: workers), sequences, workers: workers)
  }

  /// The likeliest states, and for each sequence log p(path, rows) in nats.
  ///
  /// - Throws: as `rowLogProb`.
  public func viterbi(
    _ rows: Emission.Rows, _ sequences: SequenceLayout, workers: WorkerPool? = nil
  ) throws -> (path: [Int32], logProb: [Double]) {
    try chain.viterbi(emission.logDensities(rows, workers: workers), sequences, workers: workers)
  }

  /// P(state) 1 to `steps` rows after the last row of each sequence.
  ///
  /// - Parameters:
  ///   - rows: The rows so far.
  ///   - sequences: Which rows belong together.
  ///   - steps: At least 1.
  ///   - workers: Threads.
  /// - Returns: For each sequence, for each step, one probability a state.
  /// - Throws: as `rowLogProb`.
  public func predictedStates(
    _ rows: Emission.Rows, _ sequences: SequenceLayout, steps: Int, workers: WorkerPool? = nil
  ) throws -> [[[Double]]] {
    let filtered = try filter(rows, sequences, workers: workers).probabilities
    return (0..<sequences.count).map { sequence in
      let last = sequences.rows(sequence).upperBound - 1
      var now = (0..<states).map { filtered[last, $0] }
      return (0..<steps).map { _ in
        now = chain.advanced(now)
        return now
      }
    }
  }

  /// A path of states.
  ///
  /// - Parameters:
  ///   - length: Rows, not negative.
  ///   - sequence: Number of the sequence: each has random numbers of its own.
  ///   - seed: Same seed, same path; a longer path begins with the shorter one.
  /// - Returns: One state a row.
  public func samplePath(length: Int, sequence: Int, seed: UInt64) -> [Int32] {
    let stream = RandomStream(seed: seed, purpose: .component).split(UInt64(sequence))
    var path: [Int32] = []
    path.reserveCapacity(length)
    for row in 0..<length {
      let weights =
        path.last.map { chain.transition[Int($0) * states..<(Int($0) + 1) * states] } ?? chain.initial[...]
      path.append(Int32(MarkovChain.pick(weights, stream.uniform(row: UInt64(row)))))
    }
    return path
  }
}

/// A model whose states emit components.
public typealias ComponentHiddenMarkovModel = HiddenMarkovModel<ComponentEmission>

extension HiddenMarkovModel where Emission == ComponentEmission {
  /// The states by falling long-run share, so that equal fits have equal numbers.
  func ordered() throws -> HiddenMarkovModel {
    let shares = chain.stationary
    let order = (0..<states).sorted { shares[$0] == shares[$1] ? $0 < $1 : shares[$0] > shares[$1] }
    return try HiddenMarkovModel(chain: chain.reordered(order), emission: emission.reordered(order))
  }
}
