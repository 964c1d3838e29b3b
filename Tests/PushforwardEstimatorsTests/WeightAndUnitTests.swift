import Foundation
import Pushforward
import Testing

@Suite struct WeightAndUnitTests {
  /// The normal distribution that the model is reported beside is in Double: weights and units show exactly.
  private func normalMean(_ model: DensityModel, _ table: Table) throws -> Double {
    try #require(model.evaluate(table)["gaussian"]).mean
  }

  @Test func weightTwoIsTheRowTwice() throws {
    let base = try Draws.correlated(200, seed: 1)
    let weights = (0..<200).map { Double($0 % 3) }
    let weighted = try Table(base.columns.map { (name: $0, column: $1) } + [("w", .numbers(NumberColumn(weights)))])
    let repeated = base.selecting(rows: (0..<200).flatMap { Array(repeating: $0, count: $0 % 3) })
    var options = quick(.gaussian)
    options.heldOutFraction = 0
    let twice = try DensityModel.fit(repeated, options: options)
    options.weights = "w"
    let once = try DensityModel.fit(weighted, options: options)
    #expect(once.columns == ["a", "b"], "the column of weights is not modelled")
    #expect(abs(try normalMean(once, base) - normalMean(twice, base)) < 1e-6)
    #expect(abs(once.record.heldOutGaussian - twice.record.heldOutGaussian) < 1e-6)
    let (first, second) = (try once.score(base).logProb, try twice.score(base).logProb)
    for row in first.indices { #expect(abs(first[row] - second[row]) < 1e-4) }
  }

  @Test(arguments: [[-1.0, 1], [0, 0]]) func weightsThatAreNone(pattern: [Double]) throws {
    let base = try Draws.correlated(40, seed: 2)
    let weights = (0..<40).map { pattern[$0 % 2] }
    let table = try Table(base.columns.map { (name: $0, column: $1) } + [("w", .numbers(NumberColumn(weights)))])
    var options = quick(.gaussian)
    options.weights = "w"
    #expect(throws: (any Error).self) { try DensityModel.fit(table, options: options) }
  }

  @Test func aChangeOfUnitsShiftsTheLogLikelihood() throws {
    let kilometres = try Draws.correlated(600, seed: 3)
    let metres = try Table(
      [("a", .numbers(NumberColumn(kilometres.numbers("a").map { 1000 * $0 }))), ("b", kilometres.column("b"))])
    for kind in [ModelKind.gaussian, .nsf] {
      let long = try DensityModel.fit(kilometres, options: quick(kind, epochs: 15))
      let short = try DensityModel.fit(metres, options: quick(kind, epochs: 15))
      let shift = try long.evaluate(kilometres).model.mean - short.evaluate(metres).model.mean
      #expect(abs(shift - log(1000)) < (kind == .gaussian ? 1e-4 : 0.02), "\(kind.rawValue): \(shift)")
      if kind == .gaussian {
        let exact = try normalMean(long, kilometres) - normalMean(short, metres)
        #expect(abs(exact - log(1000)) < 1e-9)
      }
    }
  }
}
