import PushforwardCore
import PushforwardMixtures
import Testing

struct KernelDensityTests {
  @Test func sameAsScikitLearn() throws {
    let reference = try MixtureReference.load()
    let rows = Matrix(rows: reference.rows.count / 3, columns: 3, values: reference.standardised)
    for kernel in reference.kernel {
      let density = try KernelDensity(
        MixtureRows(numbers: rows), bandwidths: [kernel.bandwidth, kernel.bandwidth, kernel.bandwidth])
      let queries = rows.selectingRows(0..<20).values.map { $0 * 1.5 }
      let found = try density.logProb(MixtureRows(numbers: Matrix(rows: 20, columns: 3, values: queries)))
      #expect(distance(found, kernel.logProb) < 1e-8)
    }
  }

  @Test func integratesToOneBetweenWalls() throws {
    let rows = try MixtureRows(numbers: Matrix([[0.02], [0.3], [0.98], [1.0]]))
    for bandwidth in [0.01, 0.2, 0.9] {
      let density = try KernelDensity(rows, bandwidths: [bandwidth], bounds: [0...1])
      let grid = Matrix<Double>(rows: 4000, columns: 1, values: (0..<4000).map { (Double($0) + 0.5) / 4000 })
      var sum = 0.0
      for value in try density.logProb(MixtureRows(numbers: grid)) { sum += PatternEntropy.exponential(value) / 4000 }
      #expect(abs(sum - 1) < 1e-5)
      let drawn = density.sample(count: 500, seed: 1).numbers.values
      #expect(drawn.allSatisfy { (0...1).contains($0) })
    }
  }

  @Test func gapsAreMarginalised() throws {
    let rows = try GaussianMixtureTests.mixedRows(200, missing: 0)
    let density = try KernelDensity(rows, bandwidths: [0.3, 0.3, 0.4], noise: [0.1, 0.2])
    let row = rows.selecting([3])
    var sum = 0.0
    for level in Int32(0)..<3 {
      sum += PatternEntropy.exponential(
        try density.logProb(MixtureRows(numbers: row.numbers, codes: [level, row.codes[1]], levels: rows.levels))[0])
    }
    let marginal = try density.logProb(
      MixtureRows(numbers: row.numbers, codes: [-1, row.codes[1]], levels: rows.levels))[0]
    #expect(abs(PatternEntropy.exponential(marginal) / sum - 1) < 1e-12)
    let first = try KernelDensity(
      MixtureRows(numbers: Matrix(rows: 200, columns: 1, values: rows.numbers.column(0))), bandwidths: [0.3])
    let alone = try density.logProb(
      MixtureRows(numbers: Matrix([[row.numbers[0, 0], .nan, .nan]]), codes: [-1, -1], levels: rows.levels))[0]
    let known = try first.logProb(MixtureRows(numbers: Matrix([[row.numbers[0, 0]]])))[0]
    #expect(abs(alone - known) < 1e-8)
    var numbers = rows.numbers
    for place in numbers.values.indices where place % 3 == 1 { numbers.values[place] = .nan }
    let gaps = try MixtureRows(numbers: numbers, codes: rows.codes, levels: rows.levels)
    let filled = try density.completing(gaps, seed: 2)
    #expect(filled.numbers.values.allSatisfy { $0.isFinite })
    #expect(filled.numbers.column(0) == rows.numbers.column(0))
  }

  @Test func bandwidthsFollowTheUnits() throws {
    let rows = try GaussianMixtureTests.mixedRows(400, missing: 0)
    let scaled = rows.numbers.values.enumerated().map { $1 * [1e6, 1, 1e-6][$0 % 3] }
    let other = try MixtureRows(
      numbers: Matrix(rows: 400, columns: 3, values: scaled), codes: rows.codes, levels: rows.levels)
    let (density, score) = try KernelDensity.fit(rows)
    let (same, sameScore) = try KernelDensity.fit(other, workers: WorkerPool(workers: 2))
    #expect(abs(score - sameScore) < 1e-6)
    #expect(abs(same.bandwidths[0] / density.bandwidths[0] / 1e6 - 1) < 1e-6)
    // Better than Scott's rule.
    let held = try GaussianMixtureTests.mixedRows(400, missing: 0, seed: 77)
    let mean = try density.logProb(held).reduce(0, +) / 400
    #expect(abs(mean - score) < 0.25)
  }

  @Test func tableIsNoMatterForTheTree() throws {
    let rows = try GaussianMixtureTests.mixedRows(3000, missing: 0)
    let density = try KernelDensity(rows, bandwidths: [0.05, 0.05, 0.05], noise: [0.1, 0.1])
    let wide = try KernelDensity(rows.selecting(Array(0..<60)), bandwidths: [0.05, 0.05, 0.05], noise: [0.1, 0.1])
    #expect(wide.weights.count == 60)
    let some = rows.selecting(Array(0..<100))
    let fast = try density.logProb(some, workers: WorkerPool(workers: 2))
    // The plain sum, term by term.
    for row in 0..<20 {
      var sum = 0.0
      for centre in 0..<3000 {
        var exponent = 0.0
        for j in 0..<3 {
          let u = (some.numbers[row, j] - density.centres[centre, j]) / 0.05
          exponent -= 0.5 * u * u
        }
        var mass = 1.0
        for k in 0..<2 {
          let same = some.codes[row * 2 + k] == density.codes[centre * 2 + k]
          mass *= same ? 0.9 : 0.1 / Double(rows.levels[k] - 1)
        }
        sum += mass * PatternEntropy.exponential(exponent) / 3000
      }
      let constant = 3 * (0.05 * 2.506_628_274_631_000_5).magnitudeLog
      #expect(abs(sum.magnitudeLog - constant - fast[row]) < 1e-8)
    }
  }

  @Test func degenerateRows() throws {
    for rows in [
      [[1.0, 2.0]], [[Double]](repeating: [3, 4], count: 10), DegenerateMixtureTests.table(30) { [$0, 5] },
    ] {
      let (density, _) = try KernelDensity.fit(MixtureRows(numbers: Matrix(rows)))
      let scores = try density.logProb(MixtureRows(numbers: Matrix(rows)))
      #expect(scores.allSatisfy { $0.isFinite })
    }
    #expect(throws: MixtureError.self) {
      try KernelDensity(MixtureRows(numbers: Matrix([[1, .nan]])), bandwidths: [1, 1])
    }
  }
}
