import PushforwardCore

extension MarkovChain {
  /// What the rows say about the states.
  public struct StateProbabilities: Sendable {
    /// P(state | rows), `rows x states`.
    public let probabilities: StateMatrix
    /// log p(row | the rows before it in its sequence), in nats: they sum to the log-likelihood of a sequence.
    public let rowLogProb: [Double]
  }

  /// P(state at a row | the rows of its sequence up to it): filtering.
  ///
  /// - Parameters:
  ///   - logDensities: log p(row | state), nats; 0 in all states for a row that is missing.
  ///   - sequences: Which rows belong together.
  ///   - workers: Threads; the same result for any number.
  /// - Returns: Probabilities and scores.
  /// - Throws: `SequenceError.size`.
  public func filter(
    _ logDensities: StateMatrix, _ sequences: SequenceLayout, workers: WorkerPool? = nil
  ) throws(SequenceError) -> StateProbabilities {
    try run(logDensities, sequences, workers) { recursion, range, x, out, rowLog in
      recursion.filter(x, rows: range, out: out, rowLog: rowLog)
    }
  }

  /// P(state at a row | all rows of its sequence): posterior probabilities.
  ///
  /// - Parameters:
  ///   - logDensities: log p(row | state), nats.
  ///   - sequences: Which rows belong together.
  ///   - workers: Threads.
  /// - Returns: Probabilities and scores.
  /// - Throws: `SequenceError.size`.
  public func smooth(
    _ logDensities: StateMatrix, _ sequences: SequenceLayout, workers: WorkerPool? = nil
  ) throws(SequenceError) -> StateProbabilities {
    try run(logDensities, sequences, workers) { recursion, range, x, out, rowLog in
      recursion.smooth(x, rows: range, out: out, rowLog: rowLog, transitions: nil)
    }
  }

  /// The likeliest sequence of states (Viterbi 1967).
  ///
  /// - Parameters:
  ///   - logDensities: log p(row | state), nats.
  ///   - sequences: Which rows belong together.
  ///   - workers: Threads.
  /// - Returns: The state of each row, and for each sequence log p(path, rows) in nats.
  /// - Throws: `SequenceError.size`.
  public func viterbi(
    _ logDensities: StateMatrix, _ sequences: SequenceLayout, workers: WorkerPool? = nil
  ) throws(SequenceError) -> (path: [Int32], logProb: [Double]) {
    try check(logDensities, sequences)
    var path = [Int32](repeating: 0, count: sequences.rowCount)
    var logProb = [Double](repeating: 0, count: sequences.count)
    path.withUnsafeMutableBufferPointer { path in
      logProb.withUnsafeMutableBufferPointer { logProb in
        guard let path = path.baseAddress, let logProb = logProb.baseAddress else { return }
        each(sequences, workers) { recursion, sequence in
          let rows = sequences.rows(sequence)
          logProb[sequence] = recursion.viterbi(
            logDensities.pointer + rows.lowerBound * logDensities.stride, rows: rows.count,
            path: path + rows.lowerBound)
        }
      }
    }
    return (path, logProb)
  }

  /// A draw of the states given all rows: forward filtering, backward sampling.
  ///
  /// - Parameters:
  ///   - logDensities: log p(row | state), nats.
  ///   - sequences: Which rows belong together.
  ///   - seed: Same seed, same path.
  ///   - workers: Threads.
  /// - Returns: One state a row.
  /// - Throws: `SequenceError.size`.
  public func drawPath(
    _ logDensities: StateMatrix, _ sequences: SequenceLayout, seed: UInt64, workers: WorkerPool? = nil
  ) throws(SequenceError) -> [Int32] {
    let filtered = try filter(logDensities, sequences, workers: workers).probabilities
    let stream = RandomStream(seed: seed, purpose: .component)
    var path = [Int32](repeating: 0, count: sequences.rowCount)
    var weights = [Double](repeating: 0, count: states)
    for sequence in 0..<sequences.count {
      let rows = sequences.rows(sequence)
      for row in rows.reversed() {
        for state in 0..<states {
          let onward = row + 1 < rows.upperBound ? transition[state * states + Int(path[row + 1])] : 1
          weights[state] = filtered[row, state] * onward
        }
        path[row] = Int32(Self.pick(weights, stream.uniform(row: UInt64(row))))
      }
    }
    return path
  }

  /// The place at which the cumulated weights exceed u times their sum.
  package static func pick(_ weights: some RandomAccessCollection<Double>, _ u: Double) -> Int {
    let target = u * weights.reduce(0, +)
    var sum = 0.0
    var last = 0
    for (place, weight) in weights.enumerated() where weight > 0 {
      sum += weight
      last = place
      if sum > target { break }
    }
    return last
  }

  private func run(
    _ logDensities: StateMatrix, _ sequences: SequenceLayout, _ workers: WorkerPool?,
    _ body: (
      ForwardBackward, Int, UnsafePointer<Double>, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>
    ) -> Void
  ) throws(SequenceError) -> StateProbabilities {
    try check(logDensities, sequences)
    let out = StateMatrix(rows: logDensities.rows, states: states)
    var rowLog = [Double](repeating: 0, count: logDensities.rows)
    rowLog.withUnsafeMutableBufferPointer { rowLog in
      guard let rowLog = rowLog.baseAddress else { return }
      each(sequences, workers) { recursion, sequence in
        let rows = sequences.rows(sequence)
        let offset = rows.lowerBound * out.stride
        body(
          recursion, rows.count, UnsafePointer(logDensities.pointer + offset), out.pointer + offset,
          rowLog + rows.lowerBound)
      }
    }
    return StateProbabilities(probabilities: out, rowLogProb: rowLog)
  }

  private func each(
    _ sequences: SequenceLayout, _ workers: WorkerPool?, _ body: (ForwardBackward, _ sequence: Int) -> Void
  ) {
    let groups = sequences.groups
    func work(group: Int, worker: Int) {
      let longest = groups[group].reduce(0) { max($0, sequences.rows($1).count) }
      let recursion = ForwardBackward(self, longest: longest)
      for sequence in groups[group] { body(recursion, sequence) }
    }
    if let workers, groups.count > 1 {
      workers.run(items: groups.count, work)
    } else {
      for group in groups.indices { work(group: group, worker: 0) }
    }
  }

  private func check(_ logDensities: StateMatrix, _ sequences: SequenceLayout) throws(SequenceError) {
    if logDensities.states != states {
      throw .size(what: "states of the densities", expected: states, found: logDensities.states)
    }
    if logDensities.rows != sequences.rowCount {
      throw .size(what: "rows of the densities", expected: sequences.rowCount, found: logDensities.rows)
    }
  }
}
