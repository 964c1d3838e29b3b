import Foundation
import Pushforward
import Testing

/// Typed chains of tables with every kind of column and with gaps.
@Suite struct MixedModelTests {
  /// A category, a whole number, a real and a text with gaps, depending on each other.
  private static func table(_ rows: Int, seed: UInt64, scale: Double = 1) throws -> Table {
    let u = Draws.uniform(rows, 3, seed: seed)
    let e = Draws.normal(rows, 1, seed: seed)
    let kind = (0..<rows).map { u[$0, 0] < 0.5 ? "a" : u[$0, 0] < 0.8 ? "b" : "c" }
    let size = (0..<rows).map { row in (kind[row] == "a" ? 2.0 : 10.0) + (4 * u[row, 1]).rounded(.down) }
    let length = (0..<rows).map { scale * (size[$0] / 2 + e[$0, 0]) }
    return try Table([
      ("kind", .categories(CategoryColumn((0..<rows).map { u[$0, 2] < 0.1 ? nil : kind[$0] }))),
      ("size", .numbers(NumberColumn(size, recording: .init(decimals: 0)))),
      ("length", .numbers(NumberColumn((0..<rows).map { $0 % 7 == 0 ? .nan : length[$0] }))),
    ])
  }

  private static func options() -> FitOptions {
    var options = FitOptions(model: .mixed, seed: 1)
    (options.maximumEpochs, options.workers) = (25, 2)
    return options
  }

  private static let fitted: Result<MixedModel, any Error> = Result {
    try MixedModel.fit(table(500, seed: 1), options: options(), shouldStop: { false }, progress: { _ in })
  }

  @Test func itBeatsIndependence() throws {
    let model = try Self.fitted.get()
    #expect(model.record.heldOut > model.record.heldOutIndependent + 0.3)
    #expect(model.columns == ["kind", "size", "length"])
  }

  @Test func gapsAreScoredAndTheColumnsSumUp() throws {
    let model = try Self.fitted.get()
    let rows = try Self.table(60, seed: 2)
    let scores = try model.score(rows, workers: nil)
    #expect(scores.scoredRows.count == 60 && scores.logProb.allSatisfy(\.isFinite))
    let parts = try model.scoreColumns(rows, workers: nil)
    for row in 0..<60 {
      #expect(
        abs(parts.columns.reduce(0) { $0 + ($1.logProb[row].isNaN ? 0 : $1.logProb[row]) } - scores.logProb[row]) < 1e-4
      )
    }
  }

  @Test func massesOfAWholeNumberAndACategoryMakeOne() throws {
    let model = try Self.fitted.get()
    var total = 0.0
    for kind in ["a", "b", "c"] {
      for size in 0..<40 {
        let row = try Table([
          ("kind", .categories(CategoryColumn([kind]))), ("size", .numbers(NumberColumn([Double(size)]))),
          ("length", .numbers(NumberColumn([.nan]))),
        ])
        total += exp(try model.score(row, workers: nil).logProb[0])
      }
    }
    #expect(total > 0.9 && total < 1.02, "\(total)")
  }

  /// Fitted with the defaults, to more rows.
  private static let thorough: Result<MixedModel, any Error> = Result {
    var options = Self.options()
    options.maximumEpochs = 60
    return try MixedModel.fit(table(1500, seed: 1), options: options, shouldStop: { false }, progress: { _ in })
  }

  /// Whole numbers that begin at full height, too many to be classes: the first ones are drawn as often as they occur.
  @Test func theFirstValuesOfARangeAreDrawn() throws {
    let u = Draws.uniform(3000, 1, seed: 9)
    let values = (0..<3000).map { 100 + (200 * u[$0, 0] * u[$0, 0]).rounded(.down) }
    let table = try Table([("years", .numbers(NumberColumn(values, recording: .init(decimals: 0))))])
    let model = try MixedModel.fit(table, options: Self.options(), shouldStop: { false }, progress: { _ in })
    try #require(model.encoder.columns[0].hasContinuous)
    let drawn = try model.sample(count: 3000, given: nil, seed: 1, firstRow: 0, workers: nil).numbers("years")
    #expect(drawn.allSatisfy { $0 >= 100 })
    // The first, and the first that is no class of its own.
    for value in [100.0, 101] {
      let (found, expected) = (drawn.count { $0 == value }, values.count { $0 == value })
      #expect(abs(found - expected) < expected / 2, "\(value): \(found) of \(expected)")
    }
  }

  @Test func drawsLookLikeTheTable() throws {
    let model = try Self.thorough.get()
    let real = try Self.table(3000, seed: 3)
    let drawn = try model.sample(count: 3000, given: nil, seed: 4, firstRow: 0, workers: WorkerPool(workers: 2))
    #expect(try drawn.numbers("size").allSatisfy { $0 == $0.rounded() && $0 >= 2 && $0 <= 13 })
    let fidelity = try Fidelity(real: real, synthetic: drawn, columns: ["size", "length"])
    // Two samples of 3,000 rows of the truth reach 0.98.
    #expect(fidelity.shape > 0.96 && fidelity.trend > 0.97, "\(fidelity)")
    let tail = try model.sample(count: 500, given: nil, seed: 4, firstRow: 2500, workers: nil)
    #expect(tail == drawn.selecting(rows: 2500..<3000))
  }

  @Test func cellsThatArePresentStay() throws {
    let model = try Self.fitted.get()
    let rows = try Self.table(100, seed: 5)
    let filled = try model.complete(rows, seed: 1, firstRow: 0, draw: 0, workers: nil)
    for name in rows.names {
      let (before, after) = (try rows.column(name), try filled.column(name))
      #expect(after.missingCount == 0)
      for row in 0..<100 where !before.isMissing(row: row) {
        #expect(before.categories[row] == after.categories[row])
      }
    }
  }

  @Test func gapsAreReproduced() throws {
    let model = try Self.thorough.get()
    let drawn = try model.sampleWithGaps(count: 4000, given: nil, seed: 4, firstRow: 0, workers: nil)
    // A tenth of the kinds and a seventh of the lengths.
    for (name, share) in [("kind", 0.1), ("size", 0), ("length", 1 / 7.0)] {
      #expect(abs(Double(try drawn.column(name).missingCount) / 4000 - share) < 0.03)
    }
    let whole = try model.sample(count: 1000, given: nil, seed: 4, firstRow: 0, workers: nil)
    #expect(whole.columns.allSatisfy { $0.value.missingCount == 0 })
    let table = try model.sampleTable(count: 4000, given: nil, seed: 4, withGaps: true, workers: nil)
    let real = try Self.table(1500, seed: 1)
    let apart = try Fidelity(real: real, synthetic: drawn, columns: model.columns)
    let together = try Fidelity(real: real, synthetic: table, columns: model.columns)
    #expect(together.shape > apart.shape && together.trend > apart.trend, "\(together) \(apart)")
    // Conditions and gaps: as many where a column is missing only under one condition.
    var random = [Double](repeating: 0, count: 1200)
    for row in random.indices { random[row] = Double((row &* 7919) % 101) }
    let sometimes = try Table([
      ("site", .categories(CategoryColumn((0..<1200).map { $0 % 2 == 0 ? "north" : "south" }))),
      ("value", .numbers(NumberColumn((0..<1200).map { $0 % 2 == 0 && $0 % 3 > 0 ? .nan : random[$0] }))),
    ])
    var options = Self.options()
    options.given = ["site"]
    let fit = try MixedModel.fit(sometimes, options: options, shouldStop: { false }, progress: { _ in })
    let sites = try sometimes.selecting(columns: ["site"])
    let values = try fit.sampleWithGaps(count: 1200, given: sites, seed: 1, firstRow: 0, workers: nil).numbers("value")
    let gaps = (0..<2).map { side in stride(from: side, to: 1200, by: 2).count { values[$0].isNaN } }
    #expect(abs(gaps[0] - 400) < 60 && gaps[1] < 20, "\(gaps)")
  }

  @Test func predictionsFollowTheJointDensity() throws {
    let model = try Self.thorough.get()
    let rows = try Self.table(400, seed: 6)
    guard case .category(let kind, .exact) = try model.evaluatePrediction(rows, target: "kind") else {
      Issue.record("expected a category by formula")
      return
    }
    // The best there is: a is told from the others by its size, and c is as likely as not called b: 0.8.
    #expect(kind.accuracy > 0.75)
    guard case .quantity(let length, .quadrature) = try model.evaluatePrediction(rows, target: "length") else {
      Issue.record("expected a quantity by quadrature")
      return
    }
    #expect(length.rootMeanSquaredError < 1.5)
    #expect(abs(length.coverage[2].found - 0.9) < 0.08)
  }

  @Test func aFileHoldsTheSameModel() throws {
    let model = try Self.fitted.get()
    let again = try MixedModel(bytes: model.encoded())
    let rows = try Self.table(50, seed: 7)
    #expect(try again.score(rows, workers: nil).logProb == model.score(rows, workers: nil).logProb)
    #expect(again.record == model.record)
    #expect(try again.encoded() == model.encoded())
  }

  @Test func anotherUnitShiftsTheDensity() throws {
    func fit(_ scale: Double) throws -> [Double] {
      var options = Self.options()
      options.maximumEpochs = 3
      let table = try Self.table(200, seed: 8, scale: scale)
      return try MixedModel.fit(table, options: options, shouldStop: { false }, progress: { _ in })
        .score(table, workers: nil).logProb
    }
    let (one, many) = (try fit(1), try fit(1024))
    for row in 0..<200 {
      let expected = row % 7 == 0 ? 0 : -log(1024.0)
      #expect(abs(many[row] - one[row] - expected) < 1e-3, "row \(row)")
    }
  }

  @Test func oddTablesAreFitted() throws {
    let texts = CategoryColumn((0..<30).map { $0 % 3 == 0 ? "x" : "y" })
    for numbers in [[Double](repeating: 5, count: 30), (0..<30).map { $0 == 7 ? 1e12 : Double($0) }] {
      let table = try Table([("t", .categories(texts)), ("n", .numbers(NumberColumn(numbers)))])
      let model = try MixedModel.fit(table, options: Self.options(), shouldStop: { false }, progress: { _ in })
      #expect(try model.score(table, workers: nil).logProb.allSatisfy(\.isFinite))
    }
  }

  @Test func anUnseenLevelIsScoredAndTold() throws {
    let model = try Self.fitted.get()
    let row = try Table([
      ("kind", .categories(CategoryColumn(["new"]))), ("size", .numbers(NumberColumn([3]))),
      ("length", .numbers(NumberColumn([1.5]))),
    ])
    let scores = try model.score(row, workers: nil)
    #expect(scores.logProb[0].isFinite)
    #expect(try #require(scores.leftOutNote).contains("kind"))
  }
}
