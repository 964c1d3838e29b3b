import PushforwardCore
import PushforwardMixtures
import PushforwardModels
import PushforwardSequences
import PushforwardTables

/// Emissions whose numbers follow a flow conditional on the state, seen from the state's own normal distribution.
///
/// p(x | k) = N(x; μₖ, Σₖ) · r(Lₖ⁻¹(x − μₖ) | k), with LₖLₖᵀ = Σₖ and r the ratio of the flow's density to the standard normal
/// one. A flow that is the identity leaves the normal emissions as they are; what it learns is shared between the states.
/// Categories have a probability a level and state. A row in which some numbers are missing is integrated over them with 64
/// draws of the normal distribution; complete rows, and rows with no number at all, are exact.
public struct FlowEmission: StateEmission {
  /// The normal distributions that the flow starts from, one a state, and the categories' probabilities.
  public let base: ComponentEmission
  /// The flow; its context is one indicator a state.
  public let flow: Flow<Float>
  /// Lower triangular factors of the covariances, row-major.
  private let factors: [[Double]]
  /// Draws of missing numbers of a row and state.
  static let draws = 64

  /// Number of states.
  public var states: Int { base.states }
  private var features: Int { base.mixture.features }

  /// A flow on top of normal emissions.
  ///
  /// - Parameters:
  ///   - base: One component a state.
  ///   - flow: Over the numbers, conditional on one indicator a state.
  /// - Throws: `SequenceError.size` when they do not fit each other.
  public init(base: ComponentEmission, flow: Flow<Float>) throws {
    for (what, expected, found) in [
      ("components a state under a flow", 1, base.perState),
      ("columns of a flow of emissions", base.mixture.features, flow.specification.features),
      ("context of a flow of emissions", base.states, flow.specification.contextFeatures),
    ] where expected != found {
      throw SequenceError.size(what: what, expected: expected, found: found)
    }
    self.base = base
    self.flow = flow
    factors = (0..<base.states).map { SmallMatrix.factor(of: base.mixture.covarianceMatrix($0), base.mixture.features) }
  }

  /// log p(row | state) in nats, on the scale of the rows.
  ///
  /// - Throws: `EngineError`, `MixtureError` when the columns are not those of the emission.
  public func logDensities(_ rows: MixtureRows, workers: WorkerPool? = nil) throws -> StateMatrix {
    let out = try base.logDensities(rows, workers: workers)
    let gaps = gaps(rows)
    let complete = gaps.indices.filter { gaps[$0] == 0 }
    let partial = gaps.indices.filter { gaps[$0] > 0 && gaps[$0] < features }
    let x = rows.numbers.selectingRows(complete)
    for state in 0..<states {
      let ratios = try logRatios(x, state: state, workers: workers)
      for (place, row) in complete.enumerated() { out[row, state] += ratios[place] }
      try eachBlock(partial) { some in
        let drawn = try completions(rows.selecting(some), state: state, draws: Self.draws, workers: workers)
        for (place, row) in some.enumerated() { out[row, state] += drawn.logMean(place) }
      }
    }
    return out
  }

  /// Completed rows, several of each row, and log r at each.
  struct Completions {
    let numbers: Matrix<Double>
    let logRatios: [Double]
    let draws: Int

    /// log of the mean ratio of a row: what the flow adds to the normal distribution's log-density of the present cells.
    func logMean(_ row: Int) -> Double {
      Logarithm.sum(Array(logRatios[row * draws..<(row + 1) * draws])) - Logarithm.of(Double(draws))
    }
  }

  /// Completes rows by draws from the state's normal distribution given the present numbers; the same random numbers for every
  /// row, so that a row's score does not depend on its neighbours.
  func completions(_ rows: MixtureRows, state: Int, draws: Int, workers: WorkerPool?) throws -> Completions {
    let own = try base.state(state)
    var values: [Double] = []
    values.reserveCapacity(rows.count * draws * features)
    for row in 0..<rows.count {
      let copies = rows.selecting([Int](repeating: row, count: draws))
      values += try own.completing(copies, seed: UInt64(state)).numbers.values
    }
    let numbers = Matrix(rows: rows.count * draws, columns: features, values: values)
    return Completions(
      numbers: numbers, logRatios: try logRatios(numbers, state: state, workers: workers), draws: draws)
  }

  /// log r of complete rows.
  private func logRatios(_ x: Matrix<Double>, state: Int, workers: WorkerPool?) throws -> [Double] {
    let z = standardised(x, state: state)
    let logProb = try flow.logProb(z, context: indicator([state]), workers: workers)
    let half = NormalScale.halfLogTwoPi
    return (0..<z.rows).map { row in
      var sum = Double(logProb[row])
      for column in 0..<features { sum += half + 0.5 * Double(z[row, column]) * Double(z[row, column]) }
      return sum
    }
  }

  /// Lₖ⁻¹(x − μₖ) in single precision, at most 1e17 in magnitude.
  func standardised(_ x: Matrix<Double>, state: Int) -> Matrix<Float> {
    let d = features
    let mean = base.mixture.mean(state)
    var z = Matrix<Float>(rows: x.rows, columns: d)
    var own = [Double](repeating: 0, count: d)
    factors[state].withUnsafeBufferPointer { factor in
      x.values.withUnsafeBufferPointer { x in
        for row in 0..<z.rows {
          for i in 0..<d {
            var value = x[row * d + i] - mean[i]
            for j in 0..<i { value -= factor[i * d + j] * own[j] }
            own[i] = value / factor[i * d + i]
          }
          for i in 0..<d { z.values[row * d + i] = Float(min(max(own[i], -1e17), 1e17)) }
        }
      }
    }
    return z
  }

  /// Draws a row from each of the given states; row `i` is the same whatever their number.
  ///
  /// - Throws: `EngineError`, `MixtureError`.
  func sample(_ states: [Int32], seed: UInt64) throws -> MixtureRows {
    let drawn = base.mixture.sample(states: states, perState: 1, seed: seed)
    let z = try flow.sample(count: states.count, context: indicator(states.map { Int($0) }), seed: seed)
    var numbers = Matrix<Double>(rows: states.count, columns: features)
    for (row, state) in states.enumerated() { place(z.row(row), state: Int(state), at: row, in: &numbers) }
    return try MixtureRows(numbers: numbers, codes: drawn.codes, levels: drawn.levels)
  }

  /// The rows with their missing cells drawn, each given its state and its present cells.
  ///
  /// - Throws: `EngineError`, `MixtureError`.
  func completing(_ rows: MixtureRows, path: [Int32], seed: UInt64, workers: WorkerPool?) throws -> MixtureRows {
    let gaps = gaps(rows)
    var numbers = rows.numbers
    var codes = rows.codes
    let width = rows.levels.count
    let stream = RandomStream(seed: seed, purpose: .component)
    for state in 0..<states {
      let members = path.indices.filter { path[$0] == Int32(state) }
      if members.isEmpty { continue }
      let own = stream.split(UInt64(state))
      let drawn = try base.state(state).completing(rows.selecting(members), seed: own.seed, workers: workers)
      for (place, row) in members.enumerated() {
        for column in 0..<width { codes[row * width + column] = drawn.codes[place * width + column] }
      }
      let empty = members.filter { gaps[$0] == features }
      let z = try flow.sample(count: empty.count, context: indicator([state]), seed: own.seed, workers: workers)
      for (number, row) in empty.enumerated() { place(z.row(number), state: state, at: row, in: &numbers) }
      try eachBlock(members.filter { gaps[$0] > 0 && gaps[$0] < features }) { some in
        let found = try completions(rows.selecting(some), state: state, draws: Self.draws, workers: workers)
        for (place, row) in some.enumerated() {
          let ratios = found.logRatios[place * Self.draws..<(place + 1) * Self.draws]
          let top = ratios.max() ?? 0
          let chosen = MarkovChain.pick(
            ratios.map { Logarithm.exponential($0 - top) }, own.uniform(row: UInt64(row), index: 1))
          for column in 0..<features { numbers[row, column] = found.numbers[place * Self.draws + chosen, column] }
        }
      }
    }
    return try MixtureRows(numbers: numbers, codes: codes, levels: rows.levels, weights: rows.weights)
  }

  private func place(_ z: [Float], state: Int, at row: Int, in numbers: inout Matrix<Double>) {
    for i in 0..<features {
      var value = base.mixture.means[state * features + i]
      for j in 0...i { value += factors[state][i * features + j] * Double(z[j]) }
      numbers[row, i] = value
    }
  }

  /// Missing numbers of each row.
  func gaps(_ rows: MixtureRows) -> [Int] {
    (0..<rows.count).map { row in
      (0..<features).count { rows.numbers.values[row * features + $0].isNaN }
    }
  }

  private func indicator(_ chosen: [Int]) -> Matrix<Float> {
    Self.indicators(chosen, states: states)
  }

  /// One row a state chosen: 1 in its place, 0 elsewhere.
  static func indicators(_ chosen: [Int], states: Int) -> Matrix<Float> {
    var context = Matrix<Float>(rows: chosen.count, columns: states)
    for (row, state) in chosen.enumerated() { context[row, state] = 1 }
    return context
  }

  private func eachBlock(_ rows: [Int], _ body: ([Int]) throws -> Void) rethrows {
    for begin in stride(from: 0, to: rows.count, by: 256) {
      try body(Array(rows[begin..<min(begin + 256, rows.count)]))
    }
  }
}
