import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A chain of hidden states: where it begins and how it goes on.
///
/// What the states emit is not its concern.
public struct MarkovChain: Sendable, Equatable, Codable {
  /// P(state at the first row); they sum to one.
  public let initial: [Double]
  /// P(next state | state), row-major `states x states`, rows sum to one.
  public let transition: [Double]

  /// Number of states.
  public var states: Int { initial.count }

  /// A chain of given probabilities.
  ///
  /// - Parameters:
  ///   - initial: One a state, not negative; divided by their sum.
  ///   - transition: `states x states`, not negative; each row is divided by its sum.
  /// - Throws: `SequenceError`.
  public init(initial: [Double], transition: [Double]) throws(SequenceError) {
    let states = initial.count
    if states < 1 { throw .size(what: "states", expected: 1, found: 0) }
    if transition.count != states * states {
      throw .size(what: "transition probabilities", expected: states * states, found: transition.count)
    }
    self.initial = try Self.normalised(initial, "initial probabilities")
    var rows: [Double] = []
    for state in 0..<states {
      rows += try Self.normalised(
        Array(transition[state * states..<(state + 1) * states]), "transition probabilities from state \(state)")
    }
    self.transition = rows
  }

  /// Reads a chain and checks that it is one.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      initial: container.decode([Double].self, forKey: .initial),
      transition: container.decode([Double].self, forKey: .transition))
  }

  private enum CodingKeys: String, CodingKey { case initial, transition }

  private static func normalised(_ values: [Double], _ what: String) throws(SequenceError) -> [Double] {
    if let bad = values.first(where: { !($0 >= 0 && $0.isFinite) }) {
      throw .value(what: what, expected: "finite numbers, not negative", found: "\(bad)")
    }
    let sum = values.reduce(0, +)
    if !(sum > 0) { throw .value(what: "sum of \(what)", expected: "positive", found: "\(sum)") }
    // Already normalised, but for rounding: kept, so that a file gives back the same bits.
    return abs(sum - 1) <= Double(values.count) * 0x1p-52 ? values : values.map { $0 / sum }
  }

  /// P(next state | state).
  public func probability(from: Int, to: Int) -> Double { transition[from * states + to] }

  /// The distribution of the state some steps on: the given one times the transition matrix, `steps` times.
  public func advanced(_ probabilities: [Double], steps: Int = 1) -> [Double] {
    var now = probabilities
    for _ in 0..<steps {
      var next = [Double](repeating: 0, count: states)
      for from in 0..<states {
        for to in 0..<states { next[to] += now[from] * transition[from * states + to] }
      }
      now = next
    }
    return now
  }

  /// The long-run share of each state: the distribution that a step leaves as it is (from even shares, if there are
  /// several).
  public var stationary: [Double] {
    // Squaring the lazy chain (I + P) / 2, which has the same fixed points and no period.
    let k = states
    var power = (0..<k * k).map { (transition[$0] + ($0 / k == $0 % k ? 1 : 0)) / 2 }
    for _ in 0..<40 {
      var square = [Double](repeating: 0, count: k * k)
      for row in 0..<k {
        for middle in 0..<k {
          for column in 0..<k { square[row * k + column] += power[row * k + middle] * power[middle * k + column] }
        }
        let sum = square[row * k..<(row + 1) * k].reduce(0, +)
        for column in 0..<k { square[row * k + column] /= sum }
      }
      power = square
    }
    return (0..<k).map { column in (0..<k).reduce(0) { $0 + power[$1 * k + column] } / Double(k) }
  }

  /// The same chain with its states in another order.
  ///
  /// - Parameter order: The old numbers of the new states.
  /// - Returns: The chain.
  func reordered(_ order: [Int]) -> MarkovChain {
    MarkovChain(
      unchecked: order.map { initial[$0] }, order.flatMap { from in order.map { transition[from * states + $0] } })
  }

  init(unchecked initial: [Double], _ transition: [Double]) {
    self.initial = initial
    self.transition = transition
  }

  /// Rows of the transition matrix `stride` places apart, padded with zeros; columns and rows swapped on request.
  func padded(transposed: Bool, logarithms: Bool = false) -> [Double] {
    let stride = StateMatrix.stride(states)
    var out = [Double](repeating: logarithms ? -.infinity : 0, count: states * stride)
    for row in 0..<states {
      for column in 0..<states {
        let value = transposed ? transition[column * states + row] : transition[row * states + column]
        out[row * stride + column] = logarithms ? log(value) : value
      }
    }
    return out
  }

  /// The initial probabilities, padded likewise.
  func paddedInitial(logarithms: Bool = false) -> [Double] {
    var out = [Double](repeating: logarithms ? -.infinity : 0, count: StateMatrix.stride(states))
    for state in 0..<states { out[state] = logarithms ? log(initial[state]) : initial[state] }
    return out
  }
}
