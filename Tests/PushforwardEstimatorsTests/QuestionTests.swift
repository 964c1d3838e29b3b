import Foundation
import Pushforward
import Testing

/// Odd rows, odd cells, rows under limits, and cells filled by importance.
@Suite struct QuestionTests {
  static func typed(_ rows: Int, seed: UInt64) throws -> Table {
    let u = Draws.uniform(rows, 2, seed: seed)
    let e = Draws.normal(rows, 1, seed: seed)
    let kind = (0..<rows).map { u[$0, 0] < 0.5 ? "a" : u[$0, 0] < 0.8 ? "b" : "c" }
    let size = (0..<rows).map { row in (kind[row] == "a" ? 2.0 : 10.0) + (6 * u[row, 1]).rounded(.down) }
    return try Table([
      ("kind", .categories(CategoryColumn(kind))),
      ("size", .numbers(NumberColumn(size, recording: .init(decimals: 0)))),
      ("length", .numbers(NumberColumn((0..<rows).map { size[$0] / 2 + e[$0, 0] }))),
    ])
  }

  static let mixed: Result<MixedModel, any Error> = Result {
    var options = FitOptions(model: .mixed, seed: 1)
    (options.maximumEpochs, options.workers) = (25, 2)
    return try MixedModel.fit(typed(500, seed: 1), options: options, shouldStop: { false }, progress: { _ in })
  }

  private static func gaussian(_ kind: ModelKind) throws -> any TableModel {
    var options = FitOptions(model: kind, seed: 1)
    (options.components, options.workers) = (1, 2)
    return try Models.fit(Draws.correlated(1000, seed: 1), options: options)
  }

  @Test func heldOutScoresTellOddRows() throws {
    for model in [try Self.gaussian(.gaussian), try Self.gaussian(.gmm), try Self.mixed.get()] {
      let scores = try #require(model.record.heldOutScores)
      #expect(scores.rowCount == model.record.heldOutRows)
      let rows = model is MixedModel ? try Self.typed(2000, seed: 9) : try Draws.correlated(2000, seed: 9)
      let shares = try model.score(rows, workers: nil).logProb.map(scores.share(below:))
      // A new row's tail probability is uniform, up to the noise of the held-out rows.
      #expect(abs(mean(shares) - 0.5) < 0.15)
      let again = try Models.open(bytes: model.encoded())
      #expect(again.record.heldOutScores == scores)
    }
  }

  @Test(arguments: [ModelKind.gaussian, .gmm]) func cellsAreScoredGivenTheOthers(kind: ModelKind) throws {
    let model = try Self.gaussian(kind)
    let table = try Draws.correlated(50, seed: 3)
    let cells = try model.scoreCells(table, workers: nil)
    #expect(cells.columns.map(\.name) == ["a", "b"])
    let (a, b) = (try table.numbers("a"), try table.numbers("b"))
    for row in 0..<50 {
      let given = try Normal(mean: -1 + 0.4 * (a[row] - 2) / 3, standardDeviation: 0.3)
      #expect(abs(cells.columns[1].logProb[row] - given.logProb(b[row])) < 0.3)
    }
  }

  @Test func partsOfAScoreAddUp() throws {
    for (model, table) in [
      (try Self.gaussian(.gmm), try Draws.correlated(40, seed: 4)),
      (try Self.mixed.get() as any TableModel, try Self.typed(40, seed: 4)),
    ] {
      let parts = try model.scoreColumns(table, workers: nil).columns
      let scores = try model.score(table, workers: nil).logProb
      for row in 0..<40 { #expect(abs(parts.reduce(0) { $0 + $1.logProb[row] } - scores[row]) < 1e-4) }
    }
    #expect(throws: EstimatorError.self) {
      try Self.gaussian(.gaussian).scoreColumns(Draws.correlated(5, seed: 4), workers: nil)
    }
  }

  @Test func limitsAreKeptByRejection() throws {
    let model = try Self.gaussian(.gaussian)
    let limit = ColumnLimit(
      column: "a", values: .range(low: 5, includesLow: false, high: .infinity, includesHigh: false), text: "a>5")
    let drawn = try model.sample(count: 2000, fixed: nil, limits: [limit], seed: 1, budget: 100_000)
    let a = try drawn.table.numbers("a")
    #expect(a.count == 2000 && a.allSatisfy { $0 > 5 })
    // One standard deviation above the mean: the mean of the rest is 1.525 deviations out.
    #expect(abs(mean(a) - (2 + 3 * 1.525)) < 0.3)
    #expect(abs(try #require(drawn.probability) - 0.1587) < 0.03)
    let shorter = try model.sample(count: 100, fixed: nil, limits: [limit], seed: 1, budget: 100_000)
    #expect(try shorter.table.numbers("a") == Array(a.prefix(100)))
  }

  @Test func anImpossibleLimitEndsWithAnError() throws {
    let limit = ColumnLimit(column: "a", values: .numbers([1e6]), text: "a=1e6")
    #expect(throws: EstimatorError.self) {
      try Self.gaussian(.gaussian).sample(count: 10, fixed: nil, limits: [limit], seed: 1, budget: 20_000)
    }
    let rare = ColumnLimit(
      column: "size", values: .range(low: 1000, includesLow: true, high: 2000, includesHigh: true),
      text: "size=1000..2000")
    #expect(throws: EstimatorError.self) {
      try Self.mixed.get().sample(count: 10, fixed: nil, limits: [rare], seed: 1, budget: 50_000)
    }
  }

  /// Candidates inside limits, weighted, against free draws of which those that keep the limits are taken.
  @Test(arguments: [false, true]) func rareLimitsAreKeptByImportance(isFixed: Bool) throws {
    let model = try Self.mixed.get()
    let limits = [
      ColumnLimit(
        column: "length", values: .range(low: 7.5, includesLow: true, high: .infinity, includesHigh: false),
        text: "length>=7.5"),
      ColumnLimit(column: "size", values: .numbers([12, 13, 14]), text: "size=12|13|14"),
    ]
    let fixed = isFixed ? try Table([("kind", .categories(CategoryColumn(["b"])))]) : nil
    let free = try model.sample(count: 1500, fixed: fixed, limits: limits, seed: 2, budget: 200_000)
    guard case .rejection = free.method else {
      Issue.record("expected rejection")
      return
    }
    let rare = try model.sample(count: 1500, fixed: fixed, limits: limits, seed: 2, budget: 16_000)
    guard case .importance(_, let size) = rare.method else {
      Issue.record("expected importance")
      return
    }
    #expect(size >= 1500)
    let (x, y) = (try free.table.numbers("length"), try rare.table.numbers("length"))
    #expect(y.allSatisfy { $0 >= 7.5 })
    #expect(try rare.table.numbers("size").allSatisfy { [12, 13, 14].contains($0) })
    #expect(abs(mean(x) - mean(y)) < 0.12)
    #expect(abs(mean(try free.table.numbers("size")) - mean(try rare.table.numbers("size"))) < 0.1)
    if let probability = rare.probability {
      #expect(abs(probability / (try #require(free.probability)) - 1) < 0.15)
    }
  }

  /// Filled categories follow Bayes' rule on joint scores, not the network's own answer.
  @Test func filledCellsFollowTheJointScore() throws {
    let model = try Self.mixed.get()
    let table = try Self.typed(60, seed: 6)
    let asked = table.leavingOut(column: "kind")
    let (levels, exact) = try predictedLevels(model, asked, target: "kind")
    let draws = 150
    var counts = exact.map { $0.map { _ in 0.0 } }
    for draw in 0..<draws {
      let filled = try model.complete(asked, seed: 3, firstRow: 0, draw: draw, workers: WorkerPool(workers: 2))
      let kinds = try filled.column("kind").categories
      for row in 0..<60 { counts[row][try #require(levels.firstIndex(of: kinds[row] ?? ""))] += 1 / Double(draws) }
    }
    let errors = zip(counts, exact).flatMap { zip($0, $1).map { ($0 - $1) * ($0 - $1) } }
    let expected = exact.flatMap { $0.map { $0 * (1 - $0) / Double(draws) } }
    #expect(mean(errors) < 2 * mean(expected) + 2e-4, "\(mean(errors)) \(mean(expected))")
    let measured = try model.completion(asked, seed: 3, firstRow: 0, draw: 0, workers: nil)
    #expect(measured.effectiveSizes?.allSatisfy { $0 >= 1 && $0 <= 32.001 } == true)
    // Later columns missing: the chain's own draws, without weights.
    let simple = try model.completion(
      table.leavingOut(column: "length"), seed: 3, firstRow: 0, draw: 0, workers: nil)
    #expect(simple.effectiveSizes?.allSatisfy(\.isNaN) == true)
  }

  @Test func refinedDrawsDoNotDependOnThreadsOrPieces() throws {
    let model = try Self.mixed.get()
    let asked = try Self.typed(200, seed: 7).leavingOut(column: "kind")
    let whole = try model.complete(asked, seed: 1, firstRow: 0, draw: 0, workers: WorkerPool(workers: 2))
    let part = try model.complete(
      asked.selecting(rows: Array(128..<200)), seed: 1, firstRow: 128, draw: 0, workers: nil)
    #expect(whole.selecting(rows: Array(128..<200))["kind"]?.categories == part["kind"]?.categories)
  }
}
