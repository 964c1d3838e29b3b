import Foundation
import Pushforward
import Testing

/// Flows of recorded numbers with learned noise in their cells.
@Suite struct DequantizationTests {
  /// A count from 0 to 4 with known shares, and a real that depends on it.
  private static func table(_ rows: Int, seed: UInt64) throws -> Table {
    let (u, e) = (Draws.uniform(rows, 1, seed: seed), Draws.normal(rows, 1, seed: seed))
    let ends = [0.5, 0.75, 0.85, 0.95, 1]
    let count = (0..<rows).map { row in Double(ends.firstIndex { u[row, 0] < $0 } ?? 4) }
    return try Table([
      ("count", .numbers(NumberColumn(count, recording: .init(decimals: 0)))),
      ("x", .numbers(NumberColumn((0..<rows).map { 0.5 * count[$0] + e[$0, 0] }))),
    ])
  }

  private static let fitted: Result<DequantizedModel, any Error> = Result {
    var options = quick(.realNVP, epochs: 25)
    options.dequantization = .variational
    options.encoder.transform = .standard
    return try #require(try Models.fit(table(800, seed: 1), options: options) as? DequantizedModel)
  }

  @Test func scoresAreBoundsOfTheMassOfTheCells() throws {
    let model = try Self.fitted.get()
    #expect(model.cellColumns == [0])
    let rows = try Self.table(40, seed: 2)
    let found = try model.score(rows, workers: nil)
    let bounds = try #require(found.evidenceBounds)
    // The mass of each cell by the midpoint rule: the flow's density at 400 places of it.
    let (counts, xs) = (try rows.numbers("count"), try rows.numbers("x"))
    for row in 0..<rows.rowCount {
      let places = (0..<400).map { counts[row] - 0.5 + (Double($0) + 0.5) / 400 }
      let dense = try Table(numbers: ["count": places, "x": places.map { _ in xs[row] }])
      let scores = try model.base.score(dense, workers: nil).logProb
      let mass = log(scores.reduce(0) { $0 + exp($1) } / 400)
      #expect(bounds[row] <= found.logProb[row] + 1e-9)
      #expect(found.logProb[row] < mass + 0.25 && found.logProb[row] > mass - 0.5, "row \(row)")
    }
    let mean = { (values: [Double]) in values.reduce(0, +) / Double(values.count) }
    #expect(mean(bounds) < mean(found.logProb) + 1e-9)
  }

  @Test func theBoundOfADistributionAddsUpToOneAtMost() throws {
    let model = try Self.fitted.get()
    var total = 0.0
    for count in -3...9 {
      let x = (0..<300).map { -7 + 0.05 * Double($0) }
      let rows = try Table(numbers: ["count": x.map { _ in Double(count) }, "x": x])
      total += 0.05 * (try model.score(rows, workers: nil).logProb.reduce(0) { $0 + exp($1) })
    }
    #expect(total < 1.03 && total > 0.8)
  }

  @Test func isLabelledAndKept() throws {
    let model = try Self.fitted.get()
    let rows = try Self.table(50, seed: 3)
    let evaluation = try model.evaluate(rows)
    #expect(evaluation.likelihood == .bound)
    #expect(try #require(evaluation.evidenceBound).mean <= evaluation.model.mean)
    #expect(model.record.choice?.contains("evidence lower bound") == true)
    let again = try Models.open(bytes: model.encoded())
    #expect(try again.score(rows, workers: nil).logProb == model.score(rows, workers: nil).logProb)
    for finding in try ModelCheck(model).findings() { #expect(finding.isPassed, "\(finding.name): \(finding.error)") }
    let drawn = try model.sample(count: 50, given: nil, seed: 1, firstRow: 0, workers: nil).numbers("count")
    #expect(drawn.allSatisfy { $0 == $0.rounded() })
  }

  @Test func whatCannotBeIsSaid() throws {
    var options = quick(.gmm)
    options.dequantization = .variational
    #expect(throws: EngineError.self) { try Models.fit(Self.table(60, seed: 4), options: options) }
    options.model = .realNVP
    options.columns = ["x"]
    #expect(throws: EstimatorError.self) { try Models.fit(Self.table(60, seed: 4), options: options) }
  }
}
