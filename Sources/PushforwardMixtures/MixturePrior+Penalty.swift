#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension MixturePrior {
  /// What the prior adds to the log-likelihood, in nats and up to a constant; the sum of both never falls.
  func penalty(_ mixture: GaussianMixture, _ centre: PriorCentre) -> Double {
    var sum = dirichlet * mixture.weights.reduce(0) { $0 + log(max($1, 1e-300)) }
    let d = mixture.features
    let isTied = mixture.kind == .tied
    let all = PatternFactors(mixture, observed: Array(0..<d), missing: [], completing: false)
    for k in 0..<mixture.components {
      let whitening = all.whitening.pointer + k * all.whiteningStride
      let mean = mixture.mean(k)
      var (logDeterminant, distance, trace) = (0.0, 0.0, 0.0)
      for i in 0..<d {
        if all.isDiagonal {
          logDeterminant -= 2 * log(whitening[i])
          distance += whitening[i] * whitening[i] * mean[i] * mean[i]
          trace += whitening[i] * whitening[i] * centre.scale[i * d + i]
          continue
        }
        let row = whitening + i * d
        logDeterminant -= 2 * log(row[i])
        var z = 0.0
        for j in 0...i { z += row[j] * mean[j] }
        distance += z * z
        for j in 0...i {
          for l in 0...i { trace += row[j] * centre.scale[j * d + l] * row[l] }
        }
      }
      if !isTied || k == 0 { sum -= 0.5 * covarianceRows * (logDeterminant + trace) }
      sum -= 0.5 * meanRows * distance
      for (column, shares) in centre.shares.enumerated() {
        for (level, share) in shares.enumerated() {
          sum += categoryRows * share * log(mixture.probabilities[column][k * shares.count + level])
        }
      }
    }
    return sum
  }
}
