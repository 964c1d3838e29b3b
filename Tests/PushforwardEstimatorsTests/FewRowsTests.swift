import Foundation
import Pushforward
import Testing

/// Tables of few rows, where the choice of a model is by folds.
@Suite struct FewRowsTests {
  private static func options(_ seed: UInt64 = 1) -> FitOptions {
    var options = FitOptions(seed: seed)
    (options.maximumEpochs, options.workers) = (30, 2)
    return options
  }

  /// Three independent columns: a category, a whole number in steps, a real.
  private static func noise(_ rows: Int, seed: UInt64, step: Double = 1) throws -> Table {
    let (u, e) = (Draws.uniform(rows, 2, seed: seed), Draws.normal(rows, 1, seed: seed))
    return try Table([
      ("kind", .categories(CategoryColumn((0..<rows).map { u[$0, 0] < 0.6 ? "a" : u[$0, 0] < 0.9 ? "b" : "c" }))),
      ("size", .numbers(NumberColumn((0..<rows).map { step * (12 * u[$0, 1]).rounded(.down) }))),
      ("length", .numbers(NumberColumn((0..<rows).map { e[$0, 0] }))),
    ])
  }

  @Test func noiseIsNotTakenForStructure() throws {
    let model = try Models.fit(Self.noise(40, seed: 1), options: Self.options())
    let judged = try model.evaluate(Self.noise(2_000, seed: 2))
    let independent = try #require(judged["independent"]?.mean)
    #expect(judged.model.mean > independent - 0.35, "\(judged.model.mean) against \(independent)")
    #expect(model.record.heldOutRows == 40 && model is ModelMixture)
  }

  @Test func dependenceIsFound() throws {
    let model = try Models.fit(Draws.correlated(150, seed: 3), options: Self.options())
    let judged = try model.evaluate(Draws.correlated(2_000, seed: 4))
    let independent = try #require(judged["independent"]?.mean)
    // The two columns share 0.51 nats.
    #expect(judged.model.mean > independent + 0.35, "\(judged.model.mean) against \(independent)")
  }

  @Test func sameSeedSameModelAndTheFileHoldsIt() throws {
    let table = try Self.noise(30, seed: 5)
    let first = try Models.fit(table, options: Self.options())
    var other = Self.options()
    other.workers = 1
    let second = try Models.fit(table, options: other)
    #expect(first.record.fingerprint == second.record.fingerprint)
    let opened = try Models.open(bytes: first.encoded())
    #expect(try opened.score(table, workers: nil).logProb == first.score(table, workers: nil).logProb)
  }

  @Test func levelsNotSeenAreScoredAndNamed() throws {
    let model = try Models.fit(Self.noise(60, seed: 6), options: Self.options())
    let row = try Table([
      ("kind", .categories(CategoryColumn(["new"]))), ("size", .numbers(NumberColumn([3]))),
      ("length", .numbers(NumberColumn([0.1]))),
    ])
    let evaluation = try model.evaluate(row)
    #expect(evaluation.model.mean.isFinite && evaluation["independent"]?.mean.isFinite == true)
    #expect(evaluation.leftOutNote?.contains("kind (1)") == true, "\(evaluation.leftOutNote ?? "no note")")
  }

  @Test(arguments: [ModelKind.mixed, .gmm, .independent])
  func stepsScaleTheScoreAsUnitsDo(_ kind: ModelKind) throws {
    var options = Self.options()
    options.model = kind
    options.columns = ["size", "length"]
    let ones = try Models.fit(Self.noise(300, seed: 7), options: options).record.heldOut
    let hundreds = try Models.fit(Self.noise(300, seed: 7, step: 100), options: options).record.heldOut
    #expect(abs(ones - log(100) - hundreds) < 0.05, "\(ones) against \(hundreds)")
  }

  @Test func veryFewRows() throws {
    for rows in [3, 5, 10, 11, 19] {
      let model = try Models.fit(Self.noise(rows, seed: 8), options: Self.options())
      #expect(try model.sample(count: 3, given: nil, seed: 1, firstRow: 0, workers: nil).rowCount == 3)
      #expect(try model.score(Self.noise(5, seed: 9), workers: nil).logProb.allSatisfy(\.isFinite))
    }
  }
}
