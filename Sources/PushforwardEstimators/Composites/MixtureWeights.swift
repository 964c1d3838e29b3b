#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The weights of given densities that make some rows most likely.
///
/// The mean log-likelihood is concave in the weights. With gₘ the mean over the rows of pₘ/Σ wₗ pₗ, the best weights are those
/// where no gₘ exceeds one, and everywhere the best value is at most log(max gₘ) above the value there: this is the certificate.
/// Steps of expectation and maximisation (wₘ gₘ) alternate with Newton steps on the weights that are not zero.
struct MixtureWeights {
  /// One a density; they sum to one.
  let weights: [Double]
  /// Mean log-likelihood of the rows under the mixture, nats.
  let logLikelihood: Double
  /// The same under each density alone.
  let alone: [Double]
  /// The most that any other weights could gain, nats a row.
  let gap: Double
  /// Rounds it took.
  let rounds: Int

  /// Finds the weights.
  ///
  /// - Parameters:
  ///   - logDensities: One array a density, one number a row; −∞ is allowed, NaN is not.
  ///   - rowWeights: One a row; all equal when `nil`.
  ///   - tolerance: Ends when the gap is below, in nats a row.
  init(_ logDensities: [[Double]], rowWeights: [Double]? = nil, tolerance: Double = 1e-9) {
    let (count, rows) = (logDensities.count, logDensities.first?.count ?? 0)
    let total = rowWeights?.reduce(0, +) ?? Double(rows)
    let shares = (0..<rows).map { (rowWeights?[$0] ?? 1) / total }
    // Densities relative to the best of the row, so that nothing underflows.
    let tops = (0..<rows).map { row in logDensities.reduce(-Double.infinity) { max($0, $1[row]) } }
    let ratios = logDensities.map { values in
      (0..<rows).map { tops[$0].isFinite ? exp(values[$0] - tops[$0]) : 1 }
    }
    let base = (0..<rows).reduce(0.0) { $0 + (shares[$1] > 0 ? shares[$1] * tops[$1] : 0) }
    func mixture(_ w: [Double]) -> [Double] {
      (0..<rows).map { row in (0..<count).reduce(0.0) { $0 + w[$1] * ratios[$1][row] } }
    }
    func value(_ mixed: [Double]) -> Double {
      (0..<rows).reduce(0.0) { $0 + (shares[$1] > 0 ? shares[$1] * log(mixed[$1]) : 0) }
    }
    var w = [Double](repeating: 1 / Double(max(count, 1)), count: count)
    var mixed = mixture(w)
    var best = value(mixed)
    var (gap, round) = (Double.infinity, 0)
    while round < 500 {
      let slopes = (0..<count).map { m in
        (0..<rows).reduce(0.0) { $0 + (shares[$1] > 0 ? shares[$1] * ratios[m][$1] / mixed[$1] : 0) }
      }
      gap = log(max(slopes.max() ?? 1, 1))
      if gap <= tolerance { break }
      round += 1
      var next = (0..<count).map { w[$0] * slopes[$0] }
      var nextMixed = mixture(next)
      var nextValue = value(nextMixed)
      if let step = Self.newton(w, slopes, ratios, mixed, shares) {
        var length = 1.0
        for m in 0..<count where step[m] < 0 { length = min(length, -w[m] / step[m]) }
        for _ in 0..<30 {
          var trial = (0..<count).map { max(w[$0] + length * step[$0], 0) }
          let sum = trial.reduce(0, +)
          for m in 0..<count { trial[m] /= sum }
          let trialMixed = mixture(trial)
          let trialValue = value(trialMixed)
          if trialValue > nextValue {
            (next, nextMixed, nextValue) = (trial, trialMixed, trialValue)
            break
          }
          length *= 0.5
          if length < 1e-6 { break }
        }
      }
      // A weight at zero whose density is wanted comes back.
      for m in 0..<count where next[m] < 1e-12 && slopes[m] > 1 + tolerance {
        next[m] = 1e-3
        let sum = next.reduce(0, +)
        for l in 0..<count { next[l] /= sum }
        nextMixed = mixture(next)
        nextValue = value(nextMixed)
      }
      (w, mixed, best) = (next, nextMixed, nextValue)
    }
    let alone = logDensities.map { values in
      (0..<rows).reduce(0.0) { $0 + (shares[$1] > 0 ? shares[$1] * values[$1] : 0) }
    }
    // Rounding must not make the mixture worse than the best alone.
    if let first = alone.indices.max(by: { alone[$0] < alone[$1] }), alone[first] > best + base {
      w = (0..<count).map { $0 == first ? 1 : 0 }
      best = alone[first] - base
    }
    self.alone = alone
    (weights, logLikelihood, rounds) = (w, best + base, round)
    self.gap = gap
  }

  /// The step to the top of the quadratic that fits the objective, along weights that are not zero; sums to zero.
  private static func newton(
    _ w: [Double], _ slopes: [Double], _ ratios: [[Double]], _ mixed: [Double], _ shares: [Double]
  ) -> [Double]? {
    let active = w.indices.filter { w[$0] > 1e-12 }
    let n = active.count
    if n < 2 { return nil }
    // [A 1; 1' 0] [d; λ] = [g; 0], A the mean of the outer products of pₘ/p.
    var system = [[Double]](repeating: [Double](repeating: 0, count: n + 2), count: n + 1)
    for i in 0..<n {
      for j in 0...i {
        var sum = 0.0
        for row in mixed.indices where shares[row] > 0 {
          sum += shares[row] * ratios[active[i]][row] * ratios[active[j]][row] / (mixed[row] * mixed[row])
        }
        system[i][j] = sum
        system[j][i] = sum
      }
    }
    for i in 0..<n {
      system[i][i] *= 1 + 1e-9
      system[i][n] = 1
      system[n][i] = 1
      system[i][n + 1] = slopes[active[i]]
    }
    for pivot in 0...n {
      guard let row = (pivot...n).max(by: { abs(system[$0][pivot]) < abs(system[$1][pivot]) }),
        abs(system[row][pivot]) > 1e-14
      else { return nil }
      system.swapAt(pivot, row)
      for other in 0...n where other != pivot {
        let factor = system[other][pivot] / system[pivot][pivot]
        if factor == 0 { continue }
        for column in pivot...n + 1 { system[other][column] -= factor * system[pivot][column] }
      }
    }
    var step = [Double](repeating: 0, count: w.count)
    for i in 0..<n { step[active[i]] = system[i][n + 1] / system[i][i] }
    return step.allSatisfy(\.isFinite) ? step : nil
  }
}
