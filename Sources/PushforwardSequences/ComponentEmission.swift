import PushforwardCore
import PushforwardMixtures

/// What the emissions of numbers may be.
public enum EmissionKind: String, Sendable, Codable, CaseIterable {
  /// One normal distribution a state, any covariance.
  case gaussian
  /// One normal distribution a state, independent columns.
  case diagonal
}

/// Emissions that are normal in the numbers and independent in the categories, or mixtures of such a state.
///
/// Missing cells are marginalised exactly. Only categories: a discrete hidden Markov model. Only numbers: a Gaussian one.
public struct ComponentEmission: StateEmission, Equatable {
  /// The components of all states, those of a state side by side; their weights sum to 1 / states within each state.
  public let mixture: GaussianMixture
  /// Components a state.
  public let perState: Int

  /// Number of states.
  public var states: Int { mixture.components / perState }

  /// Emissions of given parameters.
  ///
  /// - Parameters:
  ///   - mixture: Full or diagonal covariances; the weights count relative to their sum within a state.
  ///   - perState: Components a state; their number is a multiple of it.
  /// - Throws: `SequenceError`.
  public init(_ mixture: GaussianMixture, perState: Int = 1) throws {
    if perState < 1 || mixture.components % perState != 0 {
      throw SequenceError.value(
        what: "components a state", expected: "a divisor of \(mixture.components)", found: "\(perState)")
    }
    if mixture.kind != .full && mixture.kind != .diagonal {
      throw SequenceError.value(
        what: "covariances of the emissions", expected: "full or diagonal", found: mixture.kind.rawValue)
    }
    self.perState = perState
    let states = mixture.components / perState
    var weights = mixture.weights
    for state in 0..<states {
      let range = state * perState..<(state + 1) * perState
      let sum = weights[range].reduce(0, +)
      // Already so, but for rounding: kept, so that a file gives back the same bits.
      if abs(sum * Double(states) - 1) <= Double(perState + 1) * 0x1p-52 { continue }
      for k in range { weights[k] = (sum > 0 ? weights[k] / sum : 1 / Double(perState)) / Double(states) }
    }
    self.mixture = try GaussianMixture(
      features: mixture.features, weights: weights, means: mixture.means, kind: mixture.kind,
      covariances: mixture.covariances, levels: mixture.levels, probabilities: mixture.probabilities)
  }

  /// log p(row | state), in nats and the units of the rows.
  ///
  /// - Throws: `MixtureError.size` when the columns are not those of the emission.
  public func logDensities(_ rows: MixtureRows, workers: WorkerPool? = nil) throws -> StateMatrix {
    let out = StateMatrix(rows: rows.count, states: states)
    try mixture.stateDensities(rows, perState: perState, into: out.pointer, stride: out.stride, workers: workers)
    return out
  }

  /// The distribution of a row in which the state has these probabilities.
  ///
  /// - Throws: `MixtureError` when they make no distribution.
  public func mixed(_ probabilities: [Double]) throws -> GaussianMixture {
    let weights = mixture.weights.enumerated().map { $1 * Double(states) * probabilities[$0 / perState] }
    return try GaussianMixture(
      features: mixture.features, weights: weights, means: mixture.means, kind: mixture.kind,
      covariances: mixture.covariances, levels: mixture.levels, probabilities: mixture.probabilities)
  }

  /// A state's own distribution.
  ///
  /// - Throws: `MixtureError`.
  public func state(_ state: Int) throws -> GaussianMixture {
    let d = mixture.features
    let range = state * perState..<(state + 1) * perState
    func taking(_ values: [Double], _ width: Int) -> [Double] {
      Array(values[range.lowerBound * width..<range.upperBound * width])
    }
    return try GaussianMixture(
      features: d, weights: Array(mixture.weights[range]), means: taking(mixture.means, d), kind: mixture.kind,
      covariances: taking(mixture.covariances, mixture.kind == .full ? d * d : d), levels: mixture.levels,
      probabilities: zip(mixture.levels, mixture.probabilities).map { taking($1, $0) })
  }

  /// The same emissions with other probabilities of the categories' levels, `components x levels` a column.
  ///
  /// - Throws: `MixtureError` when they make no distributions.
  package func replacing(probabilities: [[Double]]) throws -> ComponentEmission {
    try ComponentEmission(
      GaussianMixture(
        features: mixture.features, weights: mixture.weights, means: mixture.means, kind: mixture.kind,
        covariances: mixture.covariances, levels: mixture.levels, probabilities: probabilities), perState: perState)
  }

  /// The same emissions, each with one more component, the same in all states.
  ///
  /// A row that no state knows then costs some nats, not thousands: what a state emits is learned from few rows, and new ones
  /// may lie beside it.
  ///
  /// - Parameters:
  ///   - background: One component, any covariances, of the same columns.
  ///   - share: Its weight in each state, above 0 and below 1.
  /// - Returns: Emissions of one component a state more.
  /// - Throws: `MixtureError`, `SequenceError`.
  package func withBackground(_ background: GaussianMixture, share: Double) throws -> ComponentEmission {
    let d = mixture.features
    let full = background.covarianceMatrix(0)
    let covariance = mixture.kind == .full ? full : (0..<d).map { full[$0 * d + $0] }
    func joined(_ values: [Double], _ more: [Double]) -> [Double] {
      let width = values.count / states
      var out: [Double] = []
      for state in 0..<states { out += values[state * width..<(state + 1) * width] + more }
      return out
    }
    let weights = joined(mixture.weights.map { $0 * (1 - share) }, [share / Double(states)])
    let probabilities = zip(mixture.probabilities, background.probabilities).map { joined($0, $1) }
    return try ComponentEmission(
      GaussianMixture(
        features: d, weights: weights, means: joined(mixture.means, background.means), kind: mixture.kind,
        covariances: joined(mixture.covariances, covariance), levels: mixture.levels, probabilities: probabilities),
      perState: perState + 1)
  }

  /// The same emissions with the states in another order (the old numbers of the new states).
  func reordered(_ order: [Int]) throws -> ComponentEmission {
    let components = order.flatMap { state in (0..<perState).map { state * perState + $0 } }
    return try ComponentEmission(mixture.reordered(components), perState: perState)
  }
}

/// Learns component emissions by exact maximisation.
final class ComponentLearner: EmissionLearner {
  private let pass: ComponentPass
  private let perState: Int
  private let rowCount: Int
  /// Standardised.
  private(set) var mixture: GaussianMixture

  var states: Int { mixture.components / perState }

  /// From a start in the units of the rows.
  init(_ pass: ComponentPass, rowCount: Int, start: ComponentEmission) {
    self.pass = pass
    self.rowCount = rowCount
    perState = start.perState
    mixture = pass.standardised(start.mixture)
  }

  /// From shares of each component in each row, `rows x components`.
  init(
    _ pass: ComponentPass, rowCount: Int, states: Int, perState: Int, kind: EmissionKind, shares: [Double],
    workers: WorkerPool?
  ) {
    self.pass = pass
    self.rowCount = rowCount
    self.perState = perState
    let single = pass.single(components: states * perState, kind: kind == .diagonal ? .diagonal : .full)
    mixture = shares.withUnsafeBufferPointer {
      pass.maximise(
        single, perState: perState, posteriors: $0.baseAddress!, stride: 0, shares: $0.baseAddress!, workers: workers)
    }
  }

  func logDensities(workers: WorkerPool?) -> StateMatrix {
    let out = StateMatrix(rows: rowCount, states: states)
    pass.logDensities(mixture, perState: perState, into: out.pointer, stride: out.stride, workers: workers)
    return out
  }

  func maximise(_ posteriors: StateMatrix, workers: WorkerPool?) {
    mixture = pass.maximise(
      mixture, perState: perState, posteriors: posteriors.pointer, stride: posteriors.stride, workers: workers)
  }

  /// The emissions in the units of the rows.
  ///
  /// - Throws: `MixtureError`.
  func emission() throws -> ComponentEmission {
    try ComponentEmission(pass.inRowUnits(mixture), perState: perState)
  }
}
