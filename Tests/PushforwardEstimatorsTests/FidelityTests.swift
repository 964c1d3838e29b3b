import Foundation
import Pushforward
import Testing

/// Likeness and nearness of tables whose likeness and nearness are known.
@Suite struct FidelityTests {
  private func table(_ seed: UInt64, rows: Int = 2000) throws -> Table { try Draws.conditional(rows, seed: seed) }

  @Test func aTableIsLikeItselfAndLikeOtherDraws() throws {
    let real = try table(1)
    let same = try Fidelity(real: real, synthetic: real, columns: real.names)
    #expect(same.shape == 1 && same.trend == 1)
    let other = try Fidelity(real: real, synthetic: table(2), columns: real.names)
    #expect(other.shape > 0.95 && other.shape < 1)
    #expect(other.trend > 0.93)
  }

  @Test func differencesAreMeasured() throws {
    let x = (0..<100).map(Double.init)
    let kinds = (0..<100).map { $0 < 50 ? "a" : "b" }
    func table(_ values: [Double], _ kinds: [String?]) throws -> Table {
      try Table([
        ("x", .numbers(NumberColumn(values))), ("y", .numbers(NumberColumn(x))),
        ("kind", .categories(CategoryColumn(kinds))),
      ])
    }
    let real = try table(x, kinds)
    let reversed = try Fidelity(real: real, synthetic: table(x.reversed(), kinds), columns: ["x", "y"])
    #expect(reversed.shape == 1)
    #expect(abs(reversed.trend) < 1e-12, "correlations 1 and -1")
    let shifted = try Fidelity(real: real, synthetic: table(x.map { $0 + 25 }, kinds), columns: ["x"])
    #expect(abs(shifted.shape - 0.75) < 1e-12)
    let fewer = try Fidelity(
      real: real, synthetic: table(x, kinds.map { $0 == "b" ? "c" : $0 }), columns: ["kind"])
    #expect(abs(fewer.shape - 0.5) < 1e-12)
    let holes = try Fidelity(real: real, synthetic: table(x, kinds.map { $0 == "b" ? nil : $0 }), columns: ["kind"])
    #expect(holes.shapes[0].missing == [0, 0.5])
  }

  @Test func copiesAreFound() throws {
    let training = try table(1, rows: 300)
    let holdout = try table(2, rows: 300)
    let copied = try Privacy(
      training: training, synthetic: training, holdout: holdout, columns: training.names,
      workers: WorkerPool(workers: 2))
    #expect(copied.copies == 1 && copied.copiesInHoldout == 0)
    #expect(copied.distanceToTraining == 0)
    #expect(try #require(copied.nearerToTraining) == 1)
    let honest = try Privacy(
      training: training, synthetic: table(3, rows: 300), holdout: holdout, columns: training.names,
      workers: WorkerPool(workers: 2))
    #expect(honest.copies == 0)
    #expect(abs(try #require(honest.nearerToTraining) - 0.5) < 0.12)
    let ratio = honest.distanceToTraining / (try #require(honest.distanceOfHoldout))
    #expect(ratio > 0.8 && ratio < 1.25)
  }

  @Test func rowsBeyondTheRealOnesAreDrawnAgain() throws {
    let real = try Draws.correlated(300, seed: 1)
    let model = try Models.fit(real, options: FitOptions(model: .gaussian))
    let drawn = try model.sample(count: 2_000, given: nil, seed: 2, firstRow: 0, workers: nil)
    let ranges = RowsInRange(real, columns: model.columns)
    let outside = ranges.rowsOutside(drawn)
    #expect(!outside.isEmpty)
    let again = try ranges.drawingAgain(drawn, by: model, given: nil, seed: 2, withGaps: false, workers: nil)
    #expect(again.count == outside.count && again.left == 0)
    #expect(ranges.rowsOutside(again.table).isEmpty && again.table.rowCount == 2_000)
    let kept = (0..<2_000).filter { !outside.contains($0) }
    #expect(again.table.selecting(rows: kept) == drawn.selecting(rows: kept))
  }
}
