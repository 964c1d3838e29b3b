import PushforwardModels

/// A linear function that makes the sum of absolute distances least, by weighted least squares in turns.
///
/// - SeeAlso: Schlossmacher (1973), "An iterative technique for absolute deviations curve fitting", JASA 68.
struct LeastDistances {
  var coefficients: [Double]
  var constant: Double
  var distances: [Double]

  init?(_ y: [Double], _ x: [[Double]]) {
    let (n, count) = (x.count + 1, y.count)
    // Standardised, so that the equations are well conditioned.
    func scale(_ values: [Double]) -> (mean: Double, unit: Double) {
      let mean = values.reduce(0, +) / Double(count)
      let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
      return (mean, square > 0 ? square.squareRoot() : 1)
    }
    let (own, units) = (scale(y), x.map(scale))
    let target = y.map { ($0 - own.mean) / own.unit }
    let inputs = zip(x, units).map { values, unit in values.map { ($0 - unit.mean) / unit.unit } }
    var rest = target
    var found = [Double](repeating: 0, count: n)
    var weights = [Double](repeating: 1, count: count)
    for _ in 0..<20 {
      var matrix = [Double](repeating: 0, count: n * n)
      var side = [Double](repeating: 0, count: n)
      for row in 0..<count {
        let w = weights[row]
        for i in 0..<n {
          let a = w * (i == 0 ? 1 : inputs[i - 1][row])
          side[i] += a * rest[row]
          for j in 0...i { matrix[i * n + j] += a * (j == 0 ? 1 : inputs[j - 1][row]) }
        }
      }
      guard let change = try? Cholesky(matrix, dimension: n).solve(side) else { return nil }
      for i in 0..<n { found[i] += change[i] }
      for row in 0..<count {
        var value = found[0]
        for i in 1..<n { value += found[i] * inputs[i - 1][row] }
        rest[row] = target[row] - value
      }
      let middle = rest.map(\.magnitude).median
      // Nothing is left but rounding.
      if middle < 1e-9 { break }
      for row in 0..<count { weights[row] = 1 / max(rest[row].magnitude, 0.3 * middle) }
    }
    coefficients = zip(found.dropFirst(), units).map { $0 / $1.unit * own.unit }
    constant = own.mean + own.unit * found[0] - zip(coefficients, units).reduce(0) { $0 + $1.0 * $1.1.mean }
    distances = rest.map { $0 * own.unit }
    guard coefficients.allSatisfy(\.isFinite), constant.isFinite, distances.allSatisfy(\.isFinite) else { return nil }
  }
}
