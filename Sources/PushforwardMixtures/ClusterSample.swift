import PushforwardCore

/// Standardised rows (some thousand at most) that are clustered to find where a mixture starts.
///
/// Missing numbers stand at the mean. A category column counts as the indicator of its level, scaled so that two random
/// rows are as far apart in it as in a numeric column.
struct ClusterSample: Sendable {
  private static let mostRows = 8192

  private let count: Int
  private let features: Int
  private let levels: [Int]
  private let numbers: [Double]
  private let codes: [Int32]
  private let weights: [Double]
  /// Weight of a category column in the squared distance.
  private let categoryScales: [Double]

  init(_ rows: MixtureRows, shift: [Double], scale: [Double]) {
    let (d, c) = (rows.numbers.columns, rows.levels.count)
    let usable = (0..<rows.count).filter { rows.weights?[$0] ?? 1 > 0 }
    // Evenly spaced rows: the same for any order of the seeds, and spread over a sorted table.
    let step = max(1, Double(usable.count) / Double(Self.mostRows))
    let chosen = (0..<min(usable.count, Self.mostRows)).map { usable[min(Int(Double($0) * step), usable.count - 1)] }
    count = chosen.count
    features = d
    levels = rows.levels
    numbers = chosen.flatMap { row in
      (0..<d).map { column in
        let x = rows.numbers.values[row * d + column]
        return x.isNaN ? 0 : (x - shift[column]) / scale[column]
      }
    }
    codes = chosen.flatMap { rows.codes[$0 * c..<($0 + 1) * c] }
    weights = chosen.map { rows.weights?[$0] ?? 1 }
    let (all, sampled, used) = (rows.levels, codes, weights)
    categoryScales = all.indices.map { column in
      var shares = [Double](repeating: 0, count: all[column])
      for row in chosen.indices where sampled[row * c + column] >= 0 {
        shares[Int(sampled[row * c + column])] += used[row]
      }
      let sum = max(shares.reduce(0, +), 1e-300)
      let same = shares.reduce(0) { $0 + $1 / sum * $1 / sum }
      return same < 1 ? 1 / (1 - same) : 0
    }
  }

  /// A centre: a point among the numbers, and for each category column the shares of its levels.
  private struct Centre {
    var numbers: [Double]
    var shares: [[Double]]
    var squares: [Double]
  }

  private func centre(at row: Int) -> Centre {
    let c = levels.count
    let shares = levels.indices.map { column in
      (0..<levels[column]).map { codes[row * c + column] == Int32($0) ? 1.0 : 0 }
    }
    return Centre(
      numbers: Array(numbers[row * features..<(row + 1) * features]), shares: shares,
      squares: shares.map { $0.reduce(0) { $0 + $1 * $1 } })
  }

  private func distance(_ row: Int, _ centre: Centre) -> Double {
    var sum = 0.0
    numbers.withUnsafeBufferPointer { numbers in
      centre.numbers.withUnsafeBufferPointer { mean in
        for j in 0..<features {
          let step = numbers[row * features + j] - mean[j]
          sum += step * step
        }
      }
    }
    for column in levels.indices {
      let code = codes[row * levels.count + column]
      if code >= 0 {
        sum += categoryScales[column] * (1 - 2 * centre.shares[column][Int(code)] + centre.squares[column])
      }
    }
    return sum
  }

  /// Rows to clusters by k-means++ (Arthur & Vassilvitskii 2007) and a few rounds of Lloyd's.
  private func clusters(_ wanted: Int, seed: UInt64) -> [Int] {
    var generator = PhiloxGenerator(seed: seed, stream: 1)
    func draw(_ masses: [Double]) -> Int {
      let total = masses.reduce(0, +)
      if !(total > 0) { return Int.random(in: 0..<count, using: &generator) }
      var rest = Double.random(in: 0..<1, using: &generator) * total
      for (row, mass) in masses.enumerated() where mass > 0 {
        rest -= mass
        if rest < 0 { return row }
      }
      return masses.lastIndex { $0 > 0 } ?? 0
    }
    var centres = [centre(at: draw(weights))]
    var nearest = (0..<count).map { distance($0, centres[0]) }
    while centres.count < wanted {
      // Of a few candidates the one that leaves the least distance: as scikit-learn does, 2 + log k of them.
      var best: (sum: Double, centre: Centre, distances: [Double])?
      let masses = (0..<count).map { weights[$0] * max(nearest[$0], 0) }
      for _ in 0..<2 + Int(PatternFactors.logarithm(Double(wanted))) {
        let candidate = centre(at: draw(masses))
        let distances = (0..<count).map { min(nearest[$0], distance($0, candidate)) }
        let sum = (0..<count).reduce(0) { $0 + weights[$1] * distances[$1] }
        if sum < best?.sum ?? .infinity || best == nil { best = (sum, candidate, distances) }
      }
      centres.append(best!.centre)
      nearest = best!.distances
    }
    var owner = [Int](repeating: -1, count: count)
    for _ in 0..<20 {
      var changed = 0
      for row in 0..<count {
        var (least, at) = (Double.infinity, 0)
        for k in centres.indices {
          let d = distance(row, centres[k])
          if d < least { (least, at) = (d, k) }
        }
        if owner[row] != at {
          owner[row] = at
          changed += 1
        }
      }
      if changed * 100 <= count { break }
      for k in centres.indices { update(&centres[k], (0..<count).filter { owner[$0] == k }) }
    }
    return owner
  }

  private func update(_ centre: inout Centre, _ members: [Int]) {
    let mass = members.reduce(0.0) { $0 + weights[$1] }
    if !(mass > 0) { return }
    for j in 0..<features {
      centre.numbers[j] = members.reduce(0.0) { $0 + weights[$1] * numbers[$1 * features + j] } / mass
    }
    for column in levels.indices {
      var shares = [Double](repeating: 0, count: levels[column])
      for row in members where codes[row * levels.count + column] >= 0 {
        shares[Int(codes[row * levels.count + column])] += weights[row]
      }
      let sum = shares.reduce(0, +)
      if sum > 0 { centre.shares[column] = shares.map { $0 / sum } }
      centre.squares[column] = centre.shares[column].reduce(0) { $0 + $1 * $1 }
    }
  }

  /// A mixture over the clusters; `single`, one component for all rows, is what a cluster of few rows falls back on.
  func start(
    _ components: Int, kind: CovarianceKind, seed: UInt64, around single: GaussianMixture, prior: MixturePrior?,
    centre: PriorCentre?
  ) -> GaussianMixture {
    let d = features
    let owner = components == 1 ? [Int](repeating: 0, count: count) : clusters(components, seed: seed)
    // More of the whole table's shape than the prior has: clusters are a guess.
    let pseudo = Double(d) + 1
    let shrink = components == 1 || d == 0 ? 1 : PatternFactors.power(Double(components), -2 / Double(d))
    var masses = [Double](repeating: 0, count: components)
    var means = [Double](repeating: 0, count: components * d)
    for row in 0..<count {
      masses[owner[row]] += weights[row]
      for j in 0..<d { means[owner[row] * d + j] += weights[row] * numbers[row * d + j] }
    }
    for place in means.indices where masses[place / d] > 0 { means[place] /= masses[place / d] }
    var generator = PhiloxGenerator(seed: seed, stream: 2)
    for k in 0..<components where masses[k] == 0 {
      // A cluster that lost all its rows starts at a random one.
      let row = Int.random(in: 0..<count, using: &generator)
      for j in 0..<d { means[k * d + j] = numbers[row * d + j] }
    }
    var scatters = [Double](repeating: 0, count: components * d * d)
    for row in 0..<count {
      let k = owner[row]
      for i in 0..<d {
        let step = weights[row] * (numbers[row * d + i] - means[k * d + i])
        for j in 0..<d { scatters[(k * d + i) * d + j] += step * (numbers[row * d + j] - means[k * d + j]) }
      }
    }
    for place in scatters.indices {
      let k = place / (d * d)
      scatters[place] =
        (scatters[place] + pseudo * shrink * single.covariances[place % (d * d)]) / (masses[k] + pseudo)
    }
    let total = masses.reduce(0, +)
    let tables = levels.indices.map { column -> [Double] in
      let width = levels[column]
      var table = [Double](repeating: 0, count: components * width)
      for k in 0..<components {
        for level in 0..<width { table[k * width + level] = 2 * single.probabilities[column][level] + 1e-3 }
      }
      for row in 0..<count where codes[row * levels.count + column] >= 0 {
        table[owner[row] * width + Int(codes[row * levels.count + column])] += weights[row]
      }
      for k in 0..<components {
        let sum = table[k * width..<(k + 1) * width].reduce(0, +)
        for level in 0..<width { table[k * width + level] /= sum }
      }
      return table
    }
    let sum = total + Double(components)
    return GaussianMixture(
      unchecked: d, weights: masses.map { ($0 + 1) / sum }, means: means, kind: kind,
      covariances: Self.covariances(scatters, masses.map { ($0 + 1) / sum }, kind, d), levels: levels,
      probabilities: tables)
  }

  /// Full matrices, `components x d x d`, brought to a kind.
  private static func covariances(_ full: [Double], _ weights: [Double], _ kind: CovarianceKind, _ d: Int) -> [Double] {
    let count = weights.count
    switch kind {
    case .full: return full
    case .tied:
      return (0..<d * d).map { place in (0..<count).reduce(0) { $0 + weights[$1] * full[$1 * d * d + place] } }
    case .diagonal: return (0..<count).flatMap { k in (0..<d).map { full[(k * d + $0) * d + $0] } }
    case .spherical:
      return d == 0
        ? [] : (0..<count).map { k in (0..<d).reduce(0) { $0 + full[(k * d + $1) * d + $1] } / Double(d) }
    }
  }
}
