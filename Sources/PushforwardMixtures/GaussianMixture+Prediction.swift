import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The distribution of one numeric column of each row given the row's other present cells: a mixture of normals.
public struct NumberPrediction: Sendable {
  /// Posterior weights, `rows x components`.
  public let weights: Matrix<Double>
  /// Conditional means, `rows x components`.
  public let means: Matrix<Double>
  /// Conditional standard deviations, `rows x components`.
  public let deviations: Matrix<Double>

  /// Makes a prediction of parts of equal shape.
  public init(weights: Matrix<Double>, means: Matrix<Double>, deviations: Matrix<Double>) {
    (self.weights, self.means, self.deviations) = (weights, means, deviations)
  }

  /// Expectation in a row.
  public func mean(_ row: Int) -> Double {
    zip(weights.row(row), means.row(row)).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Expectation of a function of the column in a row, by ten places a component (Gauss-Hermite; exact for polynomials up to
  /// degree 19).
  public func mean(_ row: Int, of function: (Double) -> Double) -> Double {
    var sum = 0.0
    for k in 0..<weights.columns where weights[row, k] > 1e-9 {
      for (place, mass) in zip(Self.places, Self.masses) {
        let step = deviations[row, k] * place
        sum += weights[row, k] * mass * (function(means[row, k] + step) + function(means[row, k] - step))
      }
    }
    return sum
  }

  /// The positive places of the rule for the standard normal distribution, and their masses.
  private static let places = [
    0.484_935_707_515_497_6, 1.465_989_094_391_158_4, 2.484_325_841_638_954_5, 3.581_823_483_551_927,
    4.859_462_828_332_312,
  ]
  private static let masses = [
    0.344_642_334_932_019_4, 0.135_483_702_980_267_7, 0.019_111_580_500_770_3, 7.580_709_343_122_19e-4,
    4.310_652_630_718_3e-6,
  ]

  /// Distribution function in a row.
  public func cdf(_ row: Int, _ x: Double) -> Double {
    var sum = 0.0
    for k in 0..<weights.columns where weights[row, k] > 1e-14 {
      sum += weights[row, k] * PatternFactors.normalCDF((x - means[row, k]) / deviations[row, k])
    }
    return min(max(sum, 0), 1)
  }

  /// Quantile in a row, for a level in (0, 1), to 1e-12 of the spread.
  public func quantile(_ row: Int, _ level: Double) -> Double { quantiles(row, [level])[0] }

  /// Quantiles in a row, for levels in (0, 1), to 1e-12 of the spread: Newton's steps, halving where they leave the bracket, each
  /// level from where the last one below it lies.
  public func quantiles(_ row: Int, _ levels: [Double]) -> [Double] {
    let parts = (0..<weights.columns).filter { weights[row, $0] > 1e-14 }
      .map { (weight: weights[row, $0], mean: means[row, $0], deviation: deviations[row, $0]) }
    let least = parts.reduce(Double.infinity) { min($0, $1.mean - 9 * $1.deviation) }
    let most = parts.reduce(-Double.infinity) { max($0, $1.mean + 9 * $1.deviation) }
    let spread = most - least
    var found = levels
    var last: Double?
    for place in levels.indices.sorted(by: { levels[$0] < levels[$1] }) {
      var (low, high) = (last ?? least, most)
      var x = last ?? least + 0.5 * spread
      for _ in 0..<80 {
        var (below, density) = (0.0, 0.0)
        for part in parts {
          let z = (x - part.mean) / part.deviation
          below += part.weight * PatternFactors.normalCDF(z)
          density += part.weight * exp(-0.5 * z * z) / (part.deviation * (2 * Double.pi).squareRoot())
        }
        if below < levels[place] { low = x } else { high = x }
        var next = x + (levels[place] - below) / density
        if !(next > low && next < high) { next = low + 0.5 * (high - low) }
        let isThere = (next - x).magnitude <= 1e-13 * spread
        x = next
        if isThere { break }
      }
      (found[place], last) = (x, x)
    }
    return found
  }
}

extension GaussianMixture {
  /// The distribution of a numeric column, as it would be measured, given each row's other present cells.
  ///
  /// - Parameters:
  ///   - column: The column; its own cells are not looked at.
  ///   - rows: The rows.
  ///   - workers: Threads.
  /// - Returns: A mixture of normals a row.
  /// - Throws: `MixtureError` when the columns are not those of the mixture.
  public func predicting(
    column: Int, _ rows: MixtureRows, workers: WorkerPool? = nil
  ) throws(MixtureError) -> NumberPrediction {
    let hidden = try hiding(number: column, rows)
    let width = components
    var (weights, means, deviations) = (
      Matrix<Double>(rows: rows.count, columns: width), Matrix<Double>(rows: rows.count, columns: width),
      Matrix<Double>(rows: rows.count, columns: width)
    )
    let tiles = arranged(hidden)
    weights.values.withUnsafeMutableBufferPointer { weights in
      means.values.withUnsafeMutableBufferPointer { means in
        deviations.values.withUnsafeMutableBufferPointer { deviations in
          guard let weights = weights.baseAddress else { return }
          let (means, deviations) = (means.baseAddress!, deviations.baseAddress!)
          MixturePass(tiles).run(
            self, completing: true, workers: workers, begin: { _ in },
            body: { _, evaluator, segment, first, count, factors in
              let (m, o) = (factors.missing.count, factors.observed.count)
              let place = factors.missing.firstIndex(of: column)!
              Self.eachRow(tiles, segment, first, count) { lane, row in
                self.posterior(evaluator, lane, into: weights + row * width)
                for k in 0..<width {
                  var mean = self.means[k * self.features + column]
                  for j in 0..<o {
                    mean +=
                      factors.regressions[(k * m + place) * o + j]
                      * (hidden.numbers.values[row * self.features + factors.observed[j]]
                        - self.means[k * self.features + factors.observed[j]])
                  }
                  means[row * width + k] = mean
                  let error = rows.errors?[row, column] ?? 0
                  deviations[row * width + k] =
                    (factors.conditionals[(k * m + place) * m + place] + error * error).squareRoot()
                }
              }
            }, end: { _, _ in })
        }
      }
    }
    return NumberPrediction(weights: weights, means: means, deviations: deviations)
  }

  /// Probabilities of the levels of a category column given each row's other present cells: `rows x levels`.
  ///
  /// - Parameters:
  ///   - category: The category column; its own cells are not looked at.
  ///   - rows: The rows.
  ///   - workers: Threads.
  /// - Returns: Rows that sum to one.
  /// - Throws: `MixtureError` when the columns are not those of the mixture.
  public func predicting(
    category: Int, _ rows: MixtureRows, workers: WorkerPool? = nil
  ) throws(MixtureError) -> Matrix<Double> {
    try check(rows)
    var codes = rows.codes
    for row in 0..<rows.count { codes[row * levels.count + category] = -1 }
    let hidden = MixtureRows(unchecked: rows.numbers, codes: codes, levels: levels, weights: nil, errors: rows.errors)
    let posterior = try responsibilities(hidden, workers: workers)
    let width = levels[category]
    var out = Matrix<Double>(rows: rows.count, columns: width)
    for row in 0..<rows.count {
      for k in 0..<components {
        let weight = posterior[row, k]
        for level in 0..<width {
          out.values[row * width + level] += weight * probabilities[category][k * width + level]
        }
      }
    }
    return out
  }

  private func hiding(number column: Int, _ rows: MixtureRows) throws(MixtureError) -> MixtureRows {
    try check(rows)
    if !(0..<features).contains(column) {
      throw .value(what: "column", expected: "0 to \(features - 1)", found: "\(column)")
    }
    var numbers = rows.numbers
    for row in 0..<rows.count { numbers[row, column] = .nan }
    return MixtureRows(unchecked: numbers, codes: rows.codes, levels: levels, weights: nil, errors: rows.errors)
  }
}
