import Foundation
import Pushforward
import Testing

/// Questions about a column given the others, against distributions whose answers are known.
@Suite struct QueryTests {
  /// `b` given `a` under the normal distribution of the sample moments: slope, and standard deviation of the rest.
  private func regression(_ table: Table) throws -> (means: [Double], deviation: Double) {
    let (a, b) = (try table.numbers("a"), try table.numbers("b"))
    let (centerA, centerB) = (mean(a), mean(b))
    let varianceA = mean(a.map { ($0 - centerA) * ($0 - centerA) })
    let covariance = mean(zip(a, b).map { ($0 - centerA) * ($1 - centerB) })
    let varianceB = mean(b.map { ($0 - centerB) * ($0 - centerB) })
    let slope = covariance / varianceA
    return (a.map { centerB + slope * ($0 - centerA) }, (varianceB - slope * covariance).squareRoot())
  }

  private func gaussian(_ table: Table) throws -> DensityModel {
    var options = quick(.gaussian)
    options.heldOutFraction = 0
    return try DensityModel.fit(table, options: options)
  }

  @Test func aGaussianPredictsLikeLinearRegression() throws {
    let table = try Draws.correlated(300, seed: 1)
    let model = try gaussian(table)
    let (means, deviation) = try regression(table)
    let options = PredictionOptions(levels: [0.05, 0.5, 0.95])
    let found = try model.predict(table, target: "b", options: options, workers: nil)
    guard case .numbers(let foundMeans, let quantiles) = found.answer else {
      Issue.record("expected numbers")
      return
    }
    let truth = try table.numbers("b")
    for row in 0..<table.rowCount {
      #expect(abs(foundMeans[row] - means[row]) < 0.01 * deviation)
      #expect(abs(quantiles[row][1] - means[row]) < 0.01 * deviation)
      #expect(abs(quantiles[row][2] - quantiles[row][0] - 2 * 1.644_854 * deviation) < 0.02 * deviation)
      let normal = try Normal(mean: means[row], standardDeviation: deviation)
      #expect(abs(found.logProb![row] - normal.logProb(truth[row])) < 0.01)
      #expect(abs(found.cdf![row] - normal.cdf(truth[row])) < 0.01)
    }
    let without = try model.predict(
      table.selecting(columns: ["a"]), target: "b", options: options, workers: WorkerPool(workers: 2))
    guard case .numbers(let sameMeans, _) = without.answer else { return }
    #expect(sameMeans == foundMeans, "the column itself must not be looked at, nor may threads matter")
  }

  @Test func filledCellsAreDrawsOfTheConditionalDistribution() throws {
    let table = try Draws.correlated(600, seed: 2)
    let model = try gaussian(table)
    let (means, deviation) = try regression(table)
    let holes = try table.selecting(columns: ["a"])
    let drawn = try model.complete(holes, seed: 3, firstRow: 0, draw: 0, workers: nil)
    #expect(try drawn.numbers("a") == table.numbers("a"))
    let places = try zip(drawn.numbers("b"), means).map { ($0 - $1) / deviation }
    #expect(abs(mean(places)) < 0.15)
    #expect(abs(mean(places.map { $0 * $0 }) - 1) < 0.2)
    let again = try model.complete(
      holes.selecting(rows: Array(100..<600)), seed: 3, firstRow: 100, draw: 0, workers: WorkerPool(workers: 2))
    #expect(try again.numbers("b") == Array(drawn.numbers("b")[100...]))
    let other = try model.complete(holes, seed: 3, firstRow: 0, draw: 1, workers: nil)
    #expect(try other.numbers("b") != drawn.numbers("b"))
  }

  @Test func whatIsGivenStaysAndWhatIsFullIsNotTouched() throws {
    let table = try Draws.correlated(50, seed: 3)
    let model = try gaussian(table)
    #expect(
      try model.complete(table, seed: 0, firstRow: 0, draw: 0, workers: nil).numbers("b") == table.numbers("b"))
    let cells = try table.numbers("b").enumerated().map { $0.offset % 2 == 0 ? Double.nan : $0.element }
    let holes = try Table([
      ("note", .categories(CategoryColumn((0..<50).map { "n\($0)" }))), ("b", .numbers(NumberColumn(cells))),
      ("a", .numbers(NumberColumn(table.numbers("a")))),
    ])
    let filler = Imputation(model: model, table: holes, modelled: ["b", "a"], seed: 1)
    let filled = try filler.draw(0).table
    #expect(filled.names == ["note", "b", "a"])
    #expect(filled["note"] == holes["note"])
    for (row, value) in try filled.numbers("b").enumerated() {
      #expect(cells[row].isNaN ? value.isFinite : value == cells[row])
    }
    let best = try filler.best(of: 50).table
    let (means, deviation) = try regression(table)
    for row in stride(from: 0, to: 50, by: 2) { #expect(abs(try best.numbers("b")[row] - means[row]) < deviation) }
  }

  @Test func predictionsAreJudged() throws {
    let table = try Draws.correlated(2000, seed: 4)
    let model = try gaussian(table)
    guard
      case .quantity(let found, .quadrature) = try model.evaluatePrediction(
        Draws.correlated(2000, seed: 5), target: "b")
    else {
      Issue.record("expected a quantity by quadrature")
      return
    }
    // The standard deviation of b given a is 0.3; its ranked probability score 0.3 / sqrt(pi).
    #expect(abs(found.rootMeanSquaredError - 0.3) < 0.02)
    #expect(abs(found.rankedProbabilityScore - 0.3 / Double.pi.squareRoot()) < 0.01)
    for coverage in found.coverage { #expect(abs(coverage.found - coverage.level) < 0.04) }
    #expect(try #require(found.uniformityProbability) > 0.001)
  }

  @Test func anUnknownColumnIsNamed() throws {
    let model = try gaussian(Draws.correlated(50, seed: 6))
    #expect(throws: TableError.self) {
      try model.predict(Draws.correlated(5, seed: 6), target: "c", options: PredictionOptions(), workers: nil)
    }
  }
}
