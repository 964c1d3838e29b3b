import PushforwardCore
import PushforwardMixtures
import Testing

/// Rows that break expectation and maximisation elsewhere: the fit ends in a usable mixture.
struct DegenerateMixtureTests {
  static let tables: [(name: String, rows: [[Double]])] = [
    ("one row", [[1, 2]]),
    ("identical rows", [[Double]](repeating: [3, 4], count: 20)),
    ("constant column", table(30) { [$0.truncatingRemainder(dividingBy: 7), 5] }),
    ("two identical rows", [[1, 2], [1, 2], [0, 5], [3, 1]]),
    ("exactly dependent columns", table(40) { [squares($0), 2 * squares($0) + 1] }),
    ("few values", table(50) { [$0.truncatingRemainder(dividingBy: 2), $0.truncatingRemainder(dividingBy: 3)] }),
    ("huge", table(20) { [1e150 * squares($0), 1e-150 * $0] }),
    ("far from zero", table(40) { [1e9 + squares($0), -1e9 + $0] }),
    ("an empty column", table(20) { [$0, Double.nan] }),
    ("an empty row", [[.nan, .nan], [1, 2], [2, 1], [4, 4]]),
    ("nothing at all", [[.nan, .nan], [.nan, .nan]]),
    ("one far away", table(30) { [squares($0), $0] } + [[1e8, -1e8]]),
  ]

  static func table(_ count: Int, _ row: (Double) -> [Double]) -> [[Double]] { (0..<count).map { row(Double($0)) } }
  static func squares(_ i: Double) -> Double { (i * i).truncatingRemainder(dividingBy: 11) }

  @Test(arguments: tables.indices, CovarianceKind.allCases)
  func isUsable(table: Int, kind: CovarianceKind) throws {
    let rows = try MixtureRows(numbers: Matrix(Self.tables[table].rows))
    for components in [1, 3, 60] {
      for prior in [MixturePrior(), nil] {
        let fit = try GaussianMixture.fit(
          rows, options: MixtureFitOptions(components: components, kind: kind, prior: prior, maximumRounds: 50))
        let name = "\(Self.tables[table].name), \(components) components, \(kind), prior \(prior != nil)"
        #expect(fit.logLikelihood.isFinite, "\(name)")
        let scores = try fit.mixture.logProb(rows)
        let drawn = fit.mixture.sample(count: 5, seed: 0).numbers.values
        let completed = try fit.mixture.completing(rows, seed: 0).numbers.values
        for values in [scores, drawn, completed] { #expect(values.allSatisfy { $0.isFinite }, "\(name)") }
        // Checked as a mixture from outside would be.
        _ = try GaussianMixture(
          features: 2, weights: fit.mixture.weights, means: fit.mixture.means, kind: fit.mixture.kind,
          covariances: fit.mixture.covariances)
      }
    }
  }

  @Test func categoriesOnly() throws {
    let rows = try MixtureRows(
      numbers: Matrix(rows: 60, columns: 0),
      codes: [[Int32]](repeating: [0, 0, 0, 1, 1, 1, 0, 0, 2, 1, 1, 0, 0, 0, 1, 1, 1, 2], count: 10).flatMap { $0 },
      levels: [2, 2, 4])
    let fit = try GaussianMixture.fit(rows, options: MixtureFitOptions(components: 2))
    let truth = -PatternEntropy.value
    #expect(fit.logLikelihood > truth - 0.2 && fit.logLikelihood <= truth + 1e-9)
    // All cells sum to one.
    var cells: [Int32] = []
    for cell in Int32(0)..<16 { cells += [cell / 8, cell / 4 % 2, cell % 4] }
    let grid = try MixtureRows(numbers: Matrix<Double>(rows: 16, columns: 0), codes: cells, levels: [2, 2, 4])
    var sum = 0.0
    for value in try fit.mixture.logProb(grid) { sum += PatternEntropy.exponential(value) }
    #expect(abs(sum - 1) < 1e-12)
  }

  @Test func mistakesAreErrors() throws {
    #expect(throws: MixtureError.self) { try MixtureRows(numbers: Matrix([[.infinity]])) }
    #expect(throws: MixtureError.self) { try MixtureRows(numbers: Matrix([[1]]), codes: [2], levels: [2]) }
    #expect(throws: MixtureError.self) { try MixtureRows(numbers: Matrix([[1]]), weights: [-1]) }
    #expect(throws: MixtureError.noRows) {
      try GaussianMixture.fit(MixtureRows(numbers: Matrix([[1]]), weights: [0]))
    }
    #expect(throws: MixtureError.self) {
      try GaussianMixture(features: 1, weights: [1], means: [0], kind: .full, covariances: [0])
    }
    let mixture = try GaussianMixture(features: 1, weights: [1], means: [0], kind: .full, covariances: [1])
    #expect(throws: MixtureError.self) { try mixture.logProb(MixtureRows(numbers: Matrix([[1, 2]]))) }
  }
}
