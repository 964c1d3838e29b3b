#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A density along one coordinate, known at knots and log-linear between them: normalised, with closed distribution function
/// and quantiles.
struct GridDensity {
  /// Ascending.
  private(set) var knots: [Double]
  /// Log-densities at the knots, unnormalised; after `normalise`, relative to the highest.
  private(set) var logs: [Double]
  /// Masses below each knot, unnormalised, after `normalise`.
  private var below: [Double] = []
  /// What `normalise` subtracted from the log-densities.
  private var shift = 0.0

  /// - Parameters:
  ///   - knots: Ascending, at least two.
  ///   - logs: Log-densities up to a constant; what is not finite counts as no density.
  init(knots: [Double], logs: [Double]) {
    self.knots = knots
    self.logs = logs.map { $0.isFinite ? $0 : -.infinity }
  }

  /// The middles of the `count` intervals that may hold most of the mass and are not yet resolved.
  func refinements(count: Int) -> [Double] {
    let top = logs.max() ?? 0
    let weights = (0..<knots.count - 1).map { index in
      let (a, b) = (logs[index], logs[index + 1])
      guard max(a, b) > -.infinity else { return 0.0 }
      // An interval over which the density hardly changes is resolved, as far as its ends can tell.
      let change = min(abs(a - b), 4) + 0.25
      return (knots[index + 1] - knots[index]) * exp(max(a, b) - top) * change
    }
    return weights.indices.sorted { (weights[$0], $1) > (weights[$1], $0) }.prefix(count)
      .map { (knots[$0] + knots[$0 + 1]) / 2 }
  }

  /// Adds knots that are not there yet.
  mutating func insert(_ places: [Double], logs values: [Double]) {
    let added = zip(places, values.map { $0.isFinite ? $0 : -.infinity })
    let all = (Array(zip(knots, logs)) + Array(added)).sorted { $0.0 < $1.0 }
    (knots, logs) = (all.map(\.0), all.map(\.1))
  }

  /// Sums up the masses; after this, and before the next `insert`, the functions below may be used.
  mutating func normalise() {
    let top = logs.max() ?? 0
    shift = top.isFinite ? top : 0
    for index in logs.indices { logs[index] -= shift }
    below = [0]
    for index in 0..<knots.count - 1 { below.append(below[index] + mass(index)) }
  }

  private var total: Double { below[below.count - 1] }

  /// `h (e^b - e^a) / (b - a)`.
  private func mass(_ index: Int) -> Double {
    let (a, b) = (logs[index], logs[index + 1])
    let width = knots[index + 1] - knots[index]
    guard a > -.infinity, b > -.infinity else { return width * (exp(a) + exp(b)) / 2 }
    return width * exp(max(a, b)) * Self.ratio(abs(a - b))
  }

  /// `(1 - e^-t) / t` for `t >= 0`.
  private static func ratio(_ t: Double) -> Double { t < 1e-8 ? 1 - t / 2 : -expm1(-t) / t }

  /// Log of the integral of what was handed in.
  var logIntegral: Double { shift + log(total) }

  /// Mass below `z`, from 0 to 1.
  func cdf(_ z: Double) -> Double {
    guard z > knots[0] else { return 0 }
    guard let index = interval(z), total > 0 else { return 1 }
    let part = (z - knots[index]) / (knots[index + 1] - knots[index])
    let (a, b) = (logs[index], logs[index + 1])
    let whole = below[index + 1] - below[index]
    let share = a > -.infinity && b > -.infinity && abs(a - b) > 1e-8 ? expm1(part * (b - a)) / expm1(b - a) : part
    return (below[index] + whole * share) / total
  }

  /// The place with mass `u` below it.
  func quantile(_ u: Double) -> Double {
    let wanted = u * total
    var (low, high) = (0, knots.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if below[middle] <= wanted { low = middle } else { high = middle }
    }
    let whole = below[low + 1] - below[low]
    let share = whole > 0 ? min(max((wanted - below[low]) / whole, 0), 1) : 0.5
    let (a, b) = (logs[low], logs[low + 1])
    let width = knots[low + 1] - knots[low]
    guard a > -.infinity, b > -.infinity, abs(a - b) > 1e-8 else { return knots[low] + width * share }
    // From the higher end, so that no exponential overflows.
    let place =
      b > a
      ? 1 + log1p((1 - share) * expm1(a - b)) / (b - a)
      : log1p(share * expm1(b - a)) / (b - a)
    return knots[low] + width * min(max(place, 0), 1)
  }

  /// The expectation of a smooth function of the coordinate.
  func mean(of function: (Double) -> Double) -> Double {
    guard total > 0 else { return .nan }
    var sum = 0.0
    for index in 0..<knots.count - 1 where below[index + 1] > below[index] {
      // The middle of the interval's mass.
      let middle = quantile((below[index] + below[index + 1]) / 2 / total)
      sum += (below[index + 1] - below[index]) * function(middle)
    }
    return sum / total
  }

  private func interval(_ z: Double) -> Int? {
    guard z >= knots[0], z <= knots[knots.count - 1] else { return nil }
    var (low, high) = (0, knots.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if knots[middle] <= z { low = middle } else { high = middle }
    }
    return low
  }
}

extension GridDensity {
  /// Finds the densities of many rows along one coordinate by adaptive bisection.
  ///
  /// - Parameters:
  ///   - count: Number of rows.
  ///   - range: Where the coordinate may lie.
  ///   - evaluate: Log-densities, up to a constant a row, for pairs of row and place.
  /// - Returns: One normalised density a row.
  /// - Throws: What `evaluate` throws.
  static func adaptive(
    count: Int, range: ClosedRange<Double>,
    evaluate: (_ rows: [Int], _ places: [Double]) throws -> [Double]
  ) throws -> [GridDensity] {
    let (first, rounds, added) = (49, 9, 10)
    let start = (0..<first).map {
      range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / Double(first - 1)
    }
    let values = try evaluate(
      (0..<count).flatMap { [Int](repeating: $0, count: first) }, (0..<count).flatMap { _ in start })
    var grids = (0..<count).map { GridDensity(knots: start, logs: Array(values[$0 * first..<($0 + 1) * first])) }
    for _ in 0..<rounds {
      let places = grids.map { $0.refinements(count: added) }
      let found = try evaluate(
        places.enumerated().flatMap { [Int](repeating: $0, count: $1.count) }, places.flatMap { $0 })
      var offset = 0
      for row in grids.indices {
        grids[row].insert(places[row], logs: Array(found[offset..<offset + places[row].count]))
        offset += places[row].count
      }
    }
    for row in grids.indices { grids[row].normalise() }
    return grids
  }
}
