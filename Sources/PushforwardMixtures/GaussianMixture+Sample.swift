import PushforwardCore

extension GaussianMixture {
  /// Draws rows.
  ///
  /// Row `i` is the same whatever `count`.
  ///
  /// - Parameters:
  ///   - count: Number of rows, not negative.
  ///   - seed: Same seed, same rows.
  ///   - firstRow: Number of the first row, to draw a long sample in pieces.
  /// - Returns: The rows, none of their cells missing.
  public func sample(count: Int, seed: UInt64, firstRow: UInt64 = 0) -> MixtureRows {
    let d = features
    let choice = RandomStream(seed: seed, purpose: .component)
    let normals = RandomStream(seed: seed, purpose: .base).normal(
      rows: count, columns: d, firstRow: firstRow, as: Double.self)
    let factors = sampleFactors()
    var numbers = Matrix<Double>(rows: count, columns: d)
    var codes = [Int32](repeating: 0, count: count * levels.count)
    let cumulative = Self.cumulative(weights)
    for row in 0..<count {
      let number = firstRow + UInt64(row)
      let k = Self.pick(cumulative, choice.uniform(row: number))
      for i in 0..<d {
        numbers.values[row * d + i] =
          means[k * d + i] + factors.value(k, i) { normals.values[row * d + $0] }
      }
      for column in levels.indices {
        codes[row * levels.count + column] = drawLevel(column, k, seed: seed, row: number)
      }
    }
    return MixtureRows(unchecked: numbers, codes: codes, levels: levels, weights: nil)
  }

  /// The rows with their missing cells drawn from their distribution given the present ones.
  ///
  /// - Parameters:
  ///   - rows: Rows with any cells missing.
  ///   - seed: Same seed, same draws, row by row.
  ///   - firstRow: Number of the first row, to complete a long table in pieces.
  ///   - workers: Threads; the same draws for any number.
  /// - Returns: The rows, present cells as they were.
  /// - Throws: `MixtureError.size` when the columns are not those of the mixture.
  public func completing(
    _ rows: MixtureRows, seed: UInt64, firstRow: UInt64 = 0, workers: WorkerPool? = nil
  ) throws(MixtureError) -> MixtureRows {
    try fill(rows, workers: workers) { factors, posterior, deviations, row, out, codes in
      let stream = RandomStream(seed: seed, purpose: .component)
      let k = Self.pick(Self.cumulative(posterior), stream.uniform(row: firstRow + UInt64(row)))
      let m = factors.missing.count
      let normals = RandomStream(seed: seed, purpose: .base).normal(
        rows: 1, columns: m, firstRow: firstRow + UInt64(row), as: Double.self
      ).values
      let means = self.conditionalMeans(factors, k, rows, row)
      for i in 0..<m {
        var value = means[i]
        for j in 0...i { value += deviations[(k * m + i) * m + j] * normals[j] }
        out[factors.missing[i]] = value
      }
      for column in self.levels.indices where codes[column] < 0 {
        codes[column] = self.drawLevel(column, k, seed: seed, row: firstRow + UInt64(row))
      }
    }
  }

  /// The rows with their missing numbers at their expectation given the present cells, and missing categories at the most
  /// probable level.
  ///
  /// - Throws: `MixtureError.size` when the columns are not those of the mixture.
  public func expecting(_ rows: MixtureRows, workers: WorkerPool? = nil) throws(MixtureError) -> MixtureRows {
    try fill(rows, workers: workers) { factors, posterior, _, row, out, codes in
      var total = [Double](repeating: 0, count: factors.missing.count)
      for k in posterior.indices where posterior[k] > 0 {
        for (i, mean) in self.conditionalMeans(factors, k, rows, row).enumerated() { total[i] += posterior[k] * mean }
      }
      for (i, column) in factors.missing.enumerated() { out[column] = total[i] }
      for column in self.levels.indices where codes[column] < 0 {
        let width = self.levels[column]
        let shares = (0..<width).map { level in
          posterior.indices.reduce(0.0) { $0 + posterior[$1] * self.probabilities[column][$1 * width + level] }
        }
        codes[column] = Int32(shares.indices.max { shares[$0] < shares[$1] } ?? 0)
      }
    }
  }

  private typealias Filler = (
    _ factors: PatternFactors, _ posterior: [Double], _ deviations: [Double], _ row: Int,
    _ numbers: UnsafeMutablePointer<Double>, _ codes: UnsafeMutablePointer<Int32>
  ) -> Void

  private func fill(
    _ rows: MixtureRows, workers: WorkerPool?, _ filler: Filler
  ) throws(MixtureError) -> MixtureRows {
    try check(rows)
    let tiles = arranged(rows)
    var numbers = rows.numbers
    var codes = rows.codes
    let (d, c) = (features, levels.count)
    // One more, so that an empty table has an address too.
    numbers.values.append(0)
    codes.append(0)
    numbers.values.withUnsafeMutableBufferPointer { numbers in
      codes.withUnsafeMutableBufferPointer { codes in
        let (numbers, codes) = (numbers.baseAddress!, codes.baseAddress!)
        MixturePass(tiles).run(
          self, completing: true, workers: workers, begin: { _ in Deviations() },
          body: { deviations, evaluator, segment, first, count, factors in
            if deviations.values == nil { deviations.values = self.deviations(factors) }
            var posterior = [Double](repeating: 0, count: self.components)
            Self.eachRow(tiles, segment, first, count) { lane, row in
              posterior.withUnsafeMutableBufferPointer { self.posterior(evaluator, lane, into: $0.baseAddress!) }
              filler(factors, posterior, deviations.values!, row, numbers + row * d, codes + row * c)
            }
          }, end: { deviations, _ in deviations.values = nil })
      }
    }
    numbers.values.removeLast()
    codes.removeLast()
    return MixtureRows(unchecked: numbers, codes: codes, levels: levels, weights: rows.weights)
  }

  /// Factors of the conditional covariances of the segment at hand.
  private final class Deviations {
    var values: [Double]?
  }

  private func deviations(_ factors: PatternFactors) -> [Double] {
    let m = factors.missing.count
    return (0..<components).flatMap { k in
      SmallMatrix.factor(of: Array(factors.conditionals[k * m * m..<(k + 1) * m * m]), m)
    }
  }

  private func conditionalMeans(_ factors: PatternFactors, _ k: Int, _ rows: MixtureRows, _ row: Int) -> [Double] {
    let (o, m, d) = (factors.observed.count, factors.missing.count, features)
    return (0..<m).map { i in
      var mean = means[k * d + factors.missing[i]]
      for j in 0..<o {
        mean +=
          factors.regressions[(k * m + i) * o + j]
          * (rows.numbers.values[row * d + factors.observed[j]] - means[k * d + factors.observed[j]])
      }
      return mean
    }
  }

  private func drawLevel(_ column: Int, _ k: Int, seed: UInt64, row: UInt64) -> Int32 {
    let width = levels[column]
    let shares = Array(probabilities[column][k * width..<(k + 1) * width])
    let uniform = RandomStream(seed: seed, purpose: .discrete).uniform(row: row, index: UInt32(column))
    return Int32(Self.pick(Self.cumulative(shares), uniform))
  }

  private static func cumulative(_ shares: [Double]) -> [Double] {
    var sum = 0.0
    return shares.map {
      sum += $0
      return sum
    }
  }

  /// The first place whose cumulated share exceeds u times the total.
  static func pick(_ cumulative: [Double], _ u: Double) -> Int {
    let target = u * (cumulative.last ?? 1)
    var (low, high) = (0, cumulative.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] > target { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Σₖ = L·Lᵀ: rows of L.
  private struct SampleFactors {
    let features: Int
    let factors: [Double]
    let stride: Int
    let isDiagonal: Bool

    func value(_ k: Int, _ i: Int, _ normal: (Int) -> Double) -> Double {
      if isDiagonal { return factors[k * stride + i] * normal(i) }
      var sum = 0.0
      for j in 0...i { sum += factors[k * stride + i * features + j] * normal(j) }
      return sum
    }
  }

  private func sampleFactors() -> SampleFactors {
    switch kind {
    case .full, .tied:
      let size = features * features
      let matrices = kind == .tied ? 1 : components
      return SampleFactors(
        features: features,
        factors: (0..<matrices).flatMap {
          SmallMatrix.factor(of: Array(covariances[$0 * size..<($0 + 1) * size]), features)
        }, stride: kind == .tied ? 0 : size, isDiagonal: false)
    case .diagonal, .spherical:
      return SampleFactors(
        features: features,
        factors: (0..<components).flatMap { k in (0..<features).map { covariance(k, $0, $0).squareRoot() } },
        stride: features, isDiagonal: true)
    }
  }
}
