#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether numbers between 0 and 1 are spread as a uniform distribution spreads them: what the places of true values in
/// right distributions are.
public struct Uniformity: Sendable, Equatable {
  /// Kolmogorov's distance between the numbers and the uniform distribution.
  public var distance: Double
  /// How probable a distance at least as large is (Kolmogorov's limit with Stephens' correction 1970); small is bad.
  public var probability: Double

  /// Judges numbers.
  ///
  /// - Parameters:
  ///   - places: In 0 to 1, in any order; at least one.
  ///   - weights: How often each counts; 1 each when `nil`.
  public init(_ places: [Double], weights: [Double]? = nil) {
    let total = weights?.reduce(0, +) ?? Double(places.count)
    var (below, worst) = (0.0, 0.0)
    for index in places.indices.sorted(by: { places[$0] < places[$1] }) {
      let weight = weights?[index] ?? 1
      worst = max(worst, (below + weight) / total - places[index], places[index] - below / total)
      below += weight
    }
    distance = worst
    let root = total.squareRoot()
    let x = (root + 0.12 + 0.11 / root) * distance
    if x < 0.3 {
      probability = 1
      return
    }
    var sum = 0.0
    for term in 1...100 {
      let size = exp(-2 * Double(term * term) * x * x)
      sum += term % 2 == 1 ? size : -size
    }
    probability = min(max(2 * sum, 0), 1)
  }
}
