import Foundation
import Pushforward
import Testing

/// Fits to tables whose density is known: log-likelihoods beside the true ones.
@Suite struct KnownDensityTests {
  @Test func gaussianIsTheNormalDistributionOfTheSampleMoments() throws {
    let table = try Draws.correlated(300, seed: 1)
    var options = quick(.gaussian)
    options.heldOutFraction = 0
    let model = try DensityModel.fit(table, options: options)
    let (a, b) = (try table.numbers("a"), try table.numbers("b"))
    let center = [mean(a), mean(b)]
    func moment(_ x: [Double], _ i: Int, _ y: [Double], _ j: Int) -> Double {
      mean(zip(x, y).map { ($0 - center[i]) * ($1 - center[j]) })
    }
    let off = moment(a, 0, b, 1)
    let exact = try MultivariateNormal(
      mean: center, covariance: [moment(a, 0, a, 0), off, off, moment(b, 1, b, 1)])
    let scores = try model.score(table).logProb
    for row in 0..<table.rowCount {
      #expect(abs(scores[row] - (try exact.logProb([a[row], b[row]]))) < 1e-4)
    }
    #expect(abs(model.record.heldOut - model.record.heldOutGaussian) < 1e-5)
  }

  @Test func independentStandardColumnsAreNormalEach() throws {
    let table = try Draws.correlated(300, seed: 2)
    var options = quick(.independent)
    options.heldOutFraction = 0
    options.encoder.transform = .standard
    let model = try DensityModel.fit(table, options: options)
    let scores = try model.score(table).logProb
    var exact = [Double](repeating: 0, count: 300)
    for name in ["a", "b"] {
      let x = try table.numbers(name)
      let center = mean(x)
      let variance = mean(x.map { ($0 - center) * ($0 - center) })
      let normal = try Normal(mean: center, standardDeviation: variance.squareRoot())
      for row in exact.indices { exact[row] += normal.logProb(x[row]) }
    }
    for row in exact.indices { #expect(abs(scores[row] - exact[row]) < 1e-4) }
  }

  @Test func aMarginalTransformLearnsASkewedColumn() throws {
    func exponential(_ seed: UInt64) throws -> Table {
      try Table(numbers: ["x": Draws.uniform(2000, 1, seed: seed).values.map { -log($0) }])
    }
    let model = try DensityModel.fit(exponential(3), options: quick(.independent))
    let found = try model.evaluate(exponential(4)).model.mean
    // The entropy of the standard exponential distribution is 1; a normal one loses 0.42 nats.
    #expect(abs(found + 1) < 0.08, "\(found) nats a row")
  }

  /// Nats a row that a quick fit may lose on a mixture; the transforms of RealNVP are affine, and bend least.
  @Test(arguments: [(ModelKind.nsf, 0.12), (.maf, 0.2), (.nsfCoupling, 0.12), (.realNVP, 0.35)])
  func flowsLearnAMixture(model: ModelKind, tolerance: Double) throws {
    let fresh = try Draws.mixture(2000, seed: 6)
    let exact = mean(zip(try fresh.numbers("a"), try fresh.numbers("b")).map(Draws.mixtureLogProb))
    let fitted = try DensityModel.fit(Draws.mixture(1200, seed: 5), options: quick(model))
    let found = try fitted.evaluate(fresh)
    #expect(found.model.nonFiniteCount == 0)
    #expect(found.model.mean > exact - tolerance, "\(found.model.mean), exactly \(exact)")
    #expect(found.model.mean < exact + 0.03, "no density has a higher mean than the true one")
    #expect(try found.model.mean > #require(found["gaussian"]).mean)
  }

  @Test func conditionsCount() throws {
    var options = quick(.nsf, epochs: 40)
    (options.columns, options.given) = (["y"], ["x", "kind"])
    let model = try DensityModel.fit(Draws.conditional(1500, seed: 7), options: options)
    #expect(model.columns == ["y"] && model.given == ["x", "kind"])
    let fresh = try Draws.conditional(1500, seed: 8)
    let found = try model.evaluate(fresh).model.mean
    let exact = -log(0.3) - 0.5 * log(2 * Double.pi) - 0.5
    #expect(found > exact - 0.15 && found < exact + 0.05, "\(found), exactly \(exact)")
    for (kind, center) in [("first", sin(1.0)), ("second", 2 + cos(1.0))] {
      let drawn = try model.sample(count: 500, given: ["x": "0.5", "kind": kind], seed: 1).numbers("y")
      #expect(abs(mean(drawn) - center) < 0.15, "\(kind): mean \(mean(drawn)), exactly \(center)")
    }
  }

  @Test func aGaussianUnderConditionsIsLinearRegression() throws {
    let e = Draws.normal(400, 2, seed: 9)
    let table = try Table(numbers: [
      "x": e.column(0).map { 5 + 2 * $0 }, "y": (0..<400).map { 1 + 3 * (5 + 2 * e[$0, 0]) + 0.5 * e[$0, 1] },
    ])
    var options = quick(.gaussian)
    (options.columns, options.given, options.heldOutFraction) = (["y"], ["x"], 0)
    let scores = try DensityModel.fit(table, options: options).score(table).logProb
    let (x, y) = (try table.numbers("x"), try table.numbers("y"))
    let (mx, my) = (mean(x), mean(y))
    let slope = mean(zip(x, y).map { ($0 - mx) * ($1 - my) }) / mean(x.map { ($0 - mx) * ($0 - mx) })
    let residuals = zip(x, y).map { $1 - my - slope * ($0 - mx) }
    let normal = try Normal(mean: 0, standardDeviation: mean(residuals.map { $0 * $0 }).squareRoot())
    for (score, residual) in zip(scores, residuals) { #expect(abs(score - normal.logProb(residual)) < 1e-3) }
  }
}
