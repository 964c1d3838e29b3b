import Foundation
import PushforwardCore
import PushforwardModels
import Testing

struct MultivariateNormalTests {
  let reference = DistributionReference.shared.multivariateNormal

  func make() throws -> (MultivariateNormal, MultivariateNormal) {
    (
      try MultivariateNormal(mean: reference.mean, covariance: reference.covariance),
      try MultivariateNormal(mean: reference.otherMean, covariance: reference.otherCovariance)
    )
  }

  func expectClose(_ found: [Double], _ expected: [Double], tolerance: Double = 1e-13) {
    #expect(found.count == expected.count)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) <= tolerance * max(1, abs(b)), "\(found), \(expected)") }
  }

  @Test func agreesWithReference() throws {
    let (p, q) = try make()
    expectClose(try p.logProb(rows: reference.rows), reference.logProb)
    expectClose([p.entropy], [reference.entropy])
    expectClose([try p.klDivergence(to: q)], [reference.klDivergence])
    expectClose(p.covariance, reference.covariance)
    let conditional = try p.conditional(on: [2], values: [reference.conditionalValue])
    expectClose(conditional.mean, reference.conditionalMean)
    expectClose(conditional.covariance, reference.conditionalCovariance)
  }

  @Test func chainRule() throws {
    // p(x) = p(x₂)·p(x₀, x₁ | x₂), and again with coordinates out of order.
    let (p, _) = try make()
    let x = [0.3, -1.1, 0.9]
    let whole = try p.logProb(x)
    let tail = try p.marginal([2]).logProb([0.9])
    expectClose([try p.conditional(on: [2], values: [0.9]).logProb([0.3, -1.1]) + tail], [whole])
    let pair = try p.marginal([2, 0]).logProb([0.9, 0.3])
    expectClose([try p.conditional(on: [2, 0], values: [0.9, 0.3]).logProb([-1.1]) + pair], [whole])
    #expect(try p.conditional(on: [], values: []) == p)
  }

  @Test func diagonalIsTheProductOfNormals() throws {
    let d = try MultivariateNormal(mean: [1, -2], standardDeviations: [0.5, 3])
    let parts = [try Normal(mean: 1, standardDeviation: 0.5), try Normal(mean: -2, standardDeviation: 3)]
    expectClose([try d.logProb([0.2, 5])], [parts[0].logProb(0.2) + parts[1].logProb(5)])
    expectClose([d.entropy], [parts[0].entropy + parts[1].entropy])
    let full = try MultivariateNormal(mean: d.mean, covariance: d.covariance)
    expectClose([try full.logProb([0.2, 5])], [try d.logProb([0.2, 5])])
    let other = try MultivariateNormal(mean: [0, 0], standardDeviations: [1, 2])
    let sum =
      parts[0].klDivergence(to: .standard) + parts[1].klDivergence(to: try Normal(mean: 0, standardDeviation: 2))
    expectClose([try d.klDivergence(to: other), try full.klDivergence(to: other)], [sum, sum])
    #expect(try full.klDivergence(to: full) < 1e-15)
    #expect(try d.conditional(on: [0], values: [7]) == d.marginal([1]))
  }

  @Test func drawsHaveItsMoments() throws {
    let (p, _) = try make()
    var generator = PhiloxGenerator(seed: 5)
    let count = 20_000
    let draws = (0..<count).map { _ in p.sample(using: &generator) }
    for i in 0..<3 {
      let mean = draws.reduce(0) { $0 + $1[i] } / Double(count)
      #expect(abs(mean - p.mean[i]) < 5 * (p.covariance[4 * i] / Double(count)).squareRoot(), "seed 5")
      for j in 0...i {
        let product = draws.reduce(0) { $0 + ($1[i] - p.mean[i]) * ($1[j] - p.mean[j]) } / Double(count)
        #expect(abs(product - p.covariance[3 * i + j]) < 0.1, "seed 5")
      }
    }
  }

  @Test func survivesAFile() throws {
    for distribution in [try make().0, try MultivariateNormal(mean: [1, 2], standardDeviations: [3, 4])] {
      let data = try JSONEncoder().encode(distribution)
      let decoded = try JSONDecoder().decode(MultivariateNormal.self, from: data)
      expectClose(decoded.covariance, distribution.covariance)
      #expect(decoded.isDiagonal == distribution.isDiagonal)
    }
  }

  @Test func rejectsBadParameters() throws {
    #expect(
      throws: DistributionError.notPositiveDefinite(
        distribution: "multivariate-normal", row: 1, pivot: -3, least: 2 * .ulpOfOne)
    ) { try MultivariateNormal(mean: [0, 0], covariance: [1, 2, 2, 1]) }
    // Singular up to rounding.
    #expect(throws: DistributionError.self) {
      try MultivariateNormal(mean: [0, 0], covariance: [0.1, 0.3, 0.3, 0.9])
    }
    #expect(throws: DistributionError.self) { try MultivariateNormal(mean: [0], covariance: [.nan]) }
    #expect(throws: DistributionError.self) { try MultivariateNormal(mean: [], covariance: []) }
    #expect(
      throws: DistributionError.shapeMismatch(
        distribution: "multivariate-normal", parameter: "covariance", expected: 4, found: 3)
    ) { try MultivariateNormal(mean: [0, 0], covariance: [1, 0, 1]) }
    let p = try make().0
    #expect(throws: DistributionError.self) { try p.logProb([1]) }
    #expect(throws: DistributionError.self) { try p.logProb(rows: [1, 2, 3, 4]) }
    #expect(throws: DistributionError.self) { try p.marginal([3]) }
    #expect(throws: DistributionError.self) { try p.marginal([0, 0]) }
    #expect(throws: DistributionError.self) { try p.conditional(on: [0, 1, 2], values: [1, 2, 3]) }
    #expect(throws: DistributionError.self) { try p.conditional(on: [0], values: [.infinity]) }
    #expect(try p.logProb([.nan, 0, 0]).isNaN)
  }

  @Test func choleskySolves() throws {
    let factor = try Cholesky(reference.covariance, dimension: 3)
    let solution = factor.solve([1, 2, 3])
    for row in 0..<3 {
      let product = (0..<3).reduce(0) { $0 + reference.covariance[3 * row + $1] * solution[$1] }
      #expect(abs(product - Double(row + 1)) < 1e-13)
    }
    expectClose(factor.multiplyLower(factor.solveLower([4, 5, 6])), [4, 5, 6])
    expectClose([factor.logDeterminant], [try make().0.logDeterminant])
  }
}
