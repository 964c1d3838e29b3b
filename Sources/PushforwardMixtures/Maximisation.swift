import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The maximisation step: sums over the rows to new parameters.
struct Maximisation {
  let layout: StatisticsLayout
  let kind: CovarianceKind
  let levels: [Int]
  let prior: MixturePrior?
  /// What the prior is centred on.
  let centre: PriorCentre?
  /// Added to every variance, standardised.
  let floor: Double

  /// New parameters from the sums of a round and the parameters it was made with.
  func callAsFunction(_ sums: [Double], _ old: GaussianMixture) -> GaussianMixture {
    let (count, d) = (layout.components, layout.features)
    let pseudo = prior?.dirichlet ?? 0
    let total = (0..<count).reduce(0.0) { $0 + sums[layout.mass($1)] } + pseudo * Double(count)
    var weights = (0..<count).map { (sums[layout.mass($0)] + pseudo) / total }
    let rest = weights.reduce(0, +)
    for k in 0..<count { weights[k] /= rest }
    var means = old.means
    var scatters: [[Double]] = []  // Second moments about the new means, and the prior's part of them.
    for k in 0..<count {
      let (mean, scatter) = moments(sums, old, k)
      means.replaceSubrange(k * d..<(k + 1) * d, with: mean)
      scatters.append(scatter)
    }
    return GaussianMixture(
      unchecked: d, weights: weights, means: means, kind: kind, covariances: covariances(scatters, sums, old),
      levels: levels, probabilities: levels.indices.map { probabilities(sums, $0, old) })
  }

  /// A component's new mean, and its scatter: `d x d` (lower half), or `d` where columns are independent.
  private func moments(_ sums: [Double], _ old: GaussianMixture, _ k: Int) -> (mean: [Double], scatter: [Double]) {
    let d = layout.features
    let mass = sums[layout.mass(k)]
    let kappa = prior?.meanRows ?? 0
    let second = layout.second(k)
    // A component that no row belongs to stays where it is.
    if mass + kappa < 1e-12 {
      return (old.mean(k), [Double](repeating: 0, count: layout.isDiagonal ? d : d * d))
    }
    let shift = (0..<d).map { mass > 1e-300 ? sums[layout.first(k) + $0] / mass : 0 }
    let average = (0..<d).map { old.means[k * d + $0] + shift[$0] }
    let mean = average.map { mass * $0 / (mass + kappa) }  // The prior's mean is 0, the table's.
    let pull = kappa * mass / (mass + kappa)
    if layout.isDiagonal {
      return (
        mean,
        (0..<d).map { max(sums[second + $0] - mass * shift[$0] * shift[$0], 0) + pull * average[$0] * average[$0] }
      )
    }
    var scatter = [Double](repeating: 0, count: d * d)
    for row in 0..<d {
      for column in 0...row {
        let value = sums[second + row * d + column] - mass * shift[row] * shift[column]
        scatter[row * d + column] = value + pull * average[row] * average[column]
      }
      scatter[row * d + row] = max(scatter[row * d + row], 0)
    }
    return (mean, scatter)
  }

  private func covariances(_ scatters: [[Double]], _ sums: [Double], _ old: GaussianMixture) -> [Double] {
    let (count, d) = (layout.components, layout.features)
    if d == 0 { return [] }
    let rows = prior?.covarianceRows ?? 0
    let masses = (0..<count).map { sums[layout.mass($0)] }
    func target(_ row: Int, _ column: Int) -> Double { centre.map { $0.scale[row * d + column] } ?? 0 }
    switch kind {
    case .full:
      var all: [Double] = []
      for k in 0..<count {
        if masses[k] + rows < 1e-12 {
          all += old.covarianceMatrix(k)
          continue
        }
        all += matrix { row, column in (scatters[k][row * d + column] + rows * target(row, column)) / (masses[k] + rows)
        }
      }
      return all
    case .tied:
      let mass = masses.reduce(rows, +)
      return matrix { row, column in
        (scatters.reduce(0) { $0 + $1[row * d + column] } + rows * target(row, column)) / mass
      }
    case .diagonal:
      return (0..<count).flatMap { k in
        (0..<d).map { column in
          masses[k] + rows < 1e-12
            ? old.covariance(k, column, column)
            : atLeastFloor((scatters[k][column] + rows * target(column, column)) / (masses[k] + rows))
        }
      }
    case .spherical:
      let trace = (0..<d).reduce(0) { $0 + target($1, $1) }
      return (0..<count).map { k in
        masses[k] + rows < 1e-12
          ? old.covariance(k, 0, 0)
          : atLeastFloor((scatters[k].reduce(0, +) + rows * trace) / ((masses[k] + rows) * Double(d)))
      }
    }
  }

  private func matrix(_ entry: (_ row: Int, _ column: Int) -> Double) -> [Double] {
    let d = layout.features
    var out = [Double](repeating: 0, count: d * d)
    for row in 0..<d {
      for column in 0..<row {
        let value = entry(row, column)
        out[row * d + column] = value
        out[column * d + row] = value
      }
      out[row * d + row] = atLeastFloor(entry(row, row))
    }
    return out
  }

  /// Even without a floor a variance is a positive number.
  private func atLeastFloor(_ variance: Double) -> Double { max(variance + floor, 1e-30) }

  private func probabilities(_ sums: [Double], _ column: Int, _ old: GaussianMixture) -> [Double] {
    let width = levels[column]
    let pseudo = prior?.categoryRows ?? 0
    var table: [Double] = []
    for k in 0..<layout.components {
      let at = layout.category(k, column)
      // A missing cell says nothing of its column: expected counts follow the old probabilities.
      let unknown = sums[at + width]
      var counts = (0..<width).map { level in
        sums[at + level] + unknown * old.probabilities[column][k * width + level]
          + pseudo * (centre?.shares[column][level] ?? 0)
      }
      let sum = counts.reduce(0, +)
      if sum > 1e-12 {
        for level in 0..<width { counts[level] = max(counts[level] / sum, 1e-15) }
        let rest = counts.reduce(0, +)
        table += counts.map { $0 / rest }
      } else {
        table += old.probabilities[column][k * width..<(k + 1) * width]
      }
    }
    return table
  }
}
