import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The recursions against sums over all paths, where densities underflow, and over long sequences.
@Suite struct RecursionTests {
  private func densities(_ rows: [[Double]]) -> StateMatrix {
    let matrix = StateMatrix(rows: rows.count, states: rows[0].count)
    for (row, values) in rows.enumerated() { for (k, value) in values.enumerated() { matrix[row, k] = value } }
    return matrix
  }

  /// Log-likelihood, posteriors and best path by enumeration.
  private func enumerated(
    _ chain: MarkovChain, _ x: StateMatrix
  ) -> (logProb: Double, posteriors: [Double], path: [Int32], pathLog: Double) {
    let (k, rows) = (chain.states, x.rows)
    var paths: [(path: [Int32], log: Double)] = [([], 0)]
    for row in 0..<rows {
      paths = paths.flatMap { path, value in
        (0..<k).map { state in
          let move = path.last.map { chain.probability(from: Int($0), to: state) } ?? chain.initial[state]
          return (path + [Int32(state)], value + log(move) + x[row, state])
        }
      }
    }
    let best = paths.max { $0.log < $1.log }!
    let total = paths.reduce(0) { $0 + exp($1.log - best.log) }
    var posteriors = [Double](repeating: 0, count: rows * k)
    for (path, value) in paths {
      for (row, state) in path.enumerated() { posteriors[row * k + Int(state)] += exp(value - best.log) / total }
    }
    return (best.log + log(total), posteriors, best.path, best.log)
  }

  private func check(_ chain: MarkovChain, _ x: StateMatrix) throws {
    let sequences = try SequenceLayout(lengths: [x.rows])
    let expected = enumerated(chain, x)
    let smoothed = try chain.smooth(x, sequences)
    let filtered = try chain.filter(x, sequences)
    let found = try chain.viterbi(x, sequences)
    #expect(abs(smoothed.rowLogProb.reduce(0, +) - expected.logProb) < 1e-12 * max(1, abs(expected.logProb)))
    #expect(distance(filtered.rowLogProb, smoothed.rowLogProb) < 1e-12)
    #expect(distance(smoothed.probabilities.matrix.values, expected.posteriors) < 1e-11)
    let last = x.rows - 1
    for k in 0..<chain.states {
      #expect(abs(filtered.probabilities[last, k] - smoothed.probabilities[last, k]) < 1e-12)
    }
    #expect(found.path == expected.path)
    #expect(abs(found.logProb[0] - expected.pathLog) < 1e-12 * max(1, abs(expected.pathLog)))
  }

  @Test func sumsOverAllPaths() throws {
    let chain = try MarkovChain(initial: [0.5, 0.2, 0.3], transition: [5, 1, 1, 2, 6, 1, 1, 1, 3])
    try check(chain, densities([[-1, -2, -0.5], [-3, -0.1, -2], [-1, -1.5, -1], [0, -4, 2], [-2, 1, -1]]))
    try check(chain, densities([[-1000, -2000, -1500], [900, 10, 20], [-1, -1, -1]]))
    try check(try MarkovChain(initial: [1], transition: [1]), densities([[-5], [3]]))
    // Nine states: more than one vector.
    var moves = [Double](repeating: 1, count: 81)
    for k in 0..<9 { moves[k * 10] = Double(2 + k) }
    let nine = try MarkovChain(initial: (1...9).map(Double.init), transition: moves)
    try check(nine, densities((0..<4).map { row in (0..<9).map { k in sin(Double(5 * row + 3 * k)) * 3 } }))
  }

  /// What is 1e-400 times less likely at first may be all that is left later: scaled probabilities alone would lose it.
  @Test func lostProbabilitiesComeBack() throws {
    let left = try MarkovChain(initial: [0.5, 0.5], transition: [1, 0, 0, 1])
    try check(left, densities([[0, -1000], [0, -1], [-2000, 0]]))
    try check(left, densities([[0, -500], [0, -500], [-1500, 0]]))
    let onward = try MarkovChain(initial: [1, 0, 0], transition: [0.5, 0.5, 0, 0, 0.5, 0.5, 0, 0, 1])
    try check(onward, densities([[0, 0, -900], [-900, 0, 0], [0, -900, -800], [-900, -1, 0]]))
  }

  @Test func impossibleRowsAreMarked() throws {
    let chain = try MarkovChain(initial: [0.5, 0.5], transition: [0.9, 0.1, 0.2, 0.8])
    let no = -Double.infinity
    let x = densities([[0, -1], [no, no], [-1, 0]])
    let sequences = try SequenceLayout(lengths: [3])
    let smoothed = try chain.smooth(x, sequences)
    #expect(smoothed.rowLogProb[1] == no && smoothed.rowLogProb[0].isFinite && smoothed.rowLogProb[2].isFinite)
    #expect(smoothed.probabilities.matrix.values.allSatisfy { $0.isFinite })
    // Possible, but not for a state that can be reached.
    let stuck = try MarkovChain(initial: [1, 0], transition: [1, 0, 0, 1])
    let lost = try stuck.smooth(densities([[0, 0], [no, 0], [0, 0]]), sequences)
    #expect(lost.rowLogProb[1] == no)
    #expect(lost.probabilities.matrix.values.allSatisfy { $0.isFinite })
  }

  /// A million rows: sequences side by side have the sums of their parts, and nothing drifts.
  @Test func aMillionRows() throws {
    let chain = try MarkovChain(initial: [0.5, 0.5], transition: [0.99, 0.01, 0.02, 0.98])
    let rows = 1_000_000
    let x = StateMatrix(rows: rows, states: 2)
    for row in 0..<rows {
      let up = row / 97 % 2 == 0
      x[row, 0] = up ? -1.5 : -0.2
      x[row, 1] = up ? -0.3 : -40
    }
    let one = try chain.smooth(x, SequenceLayout(lengths: [rows]), workers: WorkerPool(workers: 2))
    var worst = 0.0
    for row in 0..<rows { worst = max(worst, abs(one.probabilities[row, 0] + one.probabilities[row, 1] - 1)) }
    #expect(worst < 1e-14)
    // Periodic data: the second half scores as a stretch of the first does, once the start is forgotten.
    let period = 194
    let early = one.rowLogProb[period * 10..<period * 1010].reduce(0, +)
    let late = one.rowLogProb[period * 4000..<period * 5000].reduce(0, +)
    #expect(abs(early - late) < 1e-6)
  }
}
