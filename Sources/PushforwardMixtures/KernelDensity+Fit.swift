import PushforwardCore

extension KernelDensity {
  /// Rows whose own density is judged at most; all rows have a kernel.
  private static var judged: Int { 2048 }

  /// A kernel density whose bandwidths have the best leave-one-out likelihood.
  ///
  /// The search starts at Scott's rule, first for all columns together, then for one after the other; it is the same for
  /// columns in any units.
  ///
  /// - Parameters:
  ///   - rows: At least one, no cell missing.
  ///   - bounds: Walls of the numeric columns, as for `init`.
  ///   - workers: Threads.
  ///   - shouldStop: `true` ends the search with the best so far.
  /// - Returns: The density, and its mean leave-one-out log-likelihood, nats a row (NaN for a single row).
  /// - Throws: `MixtureError`.
  public static func fit(
    _ rows: MixtureRows, bounds: [ClosedRange<Double>]? = nil, workers: WorkerPool? = nil,
    shouldStop: () -> Bool = { false }
  ) throws(MixtureError) -> (density: KernelDensity, leaveOneOut: Double) {
    let d = rows.numbers.columns
    let spreads = rows.moments().map { mean, deviation in
      deviation > 1e-13 * abs(mean) && deviation > 0 ? deviation : max(abs(mean), 1) * 1e-3
    }
    let scott = PatternFactors.power(Double(max(rows.count, 1)), -1 / Double(d + 4))
    let start = spreads.map { $0 * scott }
    let most = rows.levels.map { 1 - 1 / Double($0) }
    let first = try KernelDensity(rows, bandwidths: start, noise: most.map { 0.1 * $0 }, bounds: bounds)
    if first.centres.rows < 2 { return (first, .nan) }
    func value(_ density: KernelDensity) -> Double {
      let (sum, weight) = density.leaveOneOut(most: judged, workers: workers)
      return weight > 0 ? sum / weight : .nan
    }
    var (best, score) = (first, value(first))
    func attempt(_ factors: [Double], _ noise: [Double]) -> Bool {
      let bandwidths = best.bandwidths.indices.map {
        // Narrower than a thousandth of the spread is a row by itself, not a density.
        min(max(best.bandwidths[$0] * factors[$0], 1e-3 * spreads[$0]), 10 * spreads[$0])
      }
      if bandwidths == best.bandwidths && noise == best.noise { return false }
      let next = best.with(bandwidths: bandwidths, noise: noise)
      let nextScore = value(next)
      if nextScore > score + 1e-7 {
        (best, score) = (next, nextScore)
        return true
      }
      return false
    }
    /// Goes up or down by a factor for as long as that is better.
    func search(_ factor: Double, _ columns: [Int]) {
      for direction in [factor, 1 / factor] {
        var moved = false
        while !shouldStop() {
          let factors = (0..<d).map { columns.contains($0) ? direction : 1 }
          if !attempt(factors, best.noise) { break }
          moved = true
        }
        if moved { return }
      }
    }
    func searchNoise(_ factor: Double) {
      for column in best.noise.indices {
        for direction in [factor, 1 / factor] {
          var moved = false
          while !shouldStop() {
            var noise = best.noise
            noise[column] = min(max(noise[column] * direction, 1e-6), most[column])
            if !attempt([Double](repeating: 1, count: d), noise) { break }
            moved = true
          }
          if moved { break }
        }
      }
    }
    for factor in [2.0, 1.3] where d > 0 { search(factor, Array(0..<d)) }
    searchNoise(2)
    for factor in [1.6, 1.2] where d > 1 {
      for column in 0..<d { search(factor, [column]) }
      if factor == 1.2 { searchNoise(1.3) }
    }
    if d > 0 { search(1.08, Array(0..<d)) }
    return (best, score)
  }

  /// The rows with their missing cells drawn from their distribution given the present ones.
  ///
  /// - Parameters:
  ///   - rows: Rows with any cells missing.
  ///   - seed: Same seed, same draws.
  ///   - firstRow: Number of the first row, to complete a long table in pieces.
  ///   - workers: Threads.
  /// - Returns: The rows, present cells as they were.
  /// - Throws: `MixtureError` when the columns are not those of the density.
  public func completing(
    _ rows: MixtureRows, seed: UInt64, firstRow: UInt64 = 0, workers: WorkerPool? = nil
  ) throws(MixtureError) -> MixtureRows {
    try check(rows)
    let (d, width) = (features, levels.count)
    var numbers = rows.numbers.values + [0]
    var filled = rows.codes + [0]
    numbers.withUnsafeMutableBufferPointer { numbers in
      filled.withUnsafeMutableBufferPointer { filled in
        let (numbers, filled) = (numbers.baseAddress!, filled.baseAddress!)
        func run(row: Int, worker: Int) {
          let x = numbers + row * d
          let c = filled + row * width
          if !(0..<d).contains(where: { x[$0].isNaN }) && !(0..<width).contains(where: { c[$0] < 0 }) { return }
          let number = firstRow + UInt64(row)
          let u = RandomStream(seed: seed, purpose: .component).uniform(row: number)
          let centre = GaussianMixture.pick(posterior(x, c), u)
          for (j, drawn) in around(centre, seed: seed, row: number).enumerated() where x[j].isNaN { x[j] = drawn }
          for k in 0..<width where c[k] < 0 { c[k] = level(k, centre, seed: seed, row: number) }
        }
        if let workers, rows.count > 1 {
          workers.run(items: rows.count, run)
        } else {
          for row in 0..<rows.count { run(row: row, worker: 0) }
        }
      }
    }
    return MixtureRows(
      unchecked: Matrix(rows: rows.count, columns: d, values: Array(numbers.dropLast())),
      codes: Array(filled.dropLast()),
      levels: levels, weights: rows.weights)
  }

  /// Cumulated weights of the centres given a row's present cells.
  private func posterior(_ x: UnsafePointer<Double>, _ c: UnsafePointer<Int32>) -> [Double] {
    let (d, width) = (features, levels.count)
    var exponents = logWeights
    for row in exponents.indices {
      var sum = 0.0
      for j in 0..<d where !x[j].isNaN {
        let u = (x[j] - centres.values[row * d + j]) / bandwidths[j]
        sum -= 0.5 * u * u
      }
      for k in 0..<width where c[k] >= 0 {
        let mass = codes[row * width + k] == c[k] ? 1 - noise[k] : noise[k] / Double(max(levels[k] - 1, 1))
        sum += PatternFactors.logarithm(mass)
      }
      exponents[row] += sum
    }
    let top = exponents.max() ?? 0
    if !top.isFinite { exponents = logWeights }
    let base = top.isFinite ? top : 0
    var total = 0.0
    for row in exponents.indices {
      total += PatternFactors.exponential(exponents[row] - base)
      exponents[row] = total
    }
    return exponents
  }
}
