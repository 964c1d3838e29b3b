import Foundation
import Pushforward
import Testing

/// Tables and questions that are wrong get a typed error of one line or the right answer, never a trap.
@Suite struct BadInputTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [0, 1, 9]) func tooFewRows(rows: Int) throws {
    let table = try Draws.correlated(20, seed: 1).selecting(rows: 0..<rows)
    let text = message { _ = try DensityModel.fit(table, options: quick(.nsf, epochs: 1)) }
    #expect(!text.isEmpty && !text.contains("\n"), "\(rows) rows")
  }

  @Test func tenRowsAreEnough() throws {
    let table = try Draws.correlated(10, seed: 1)
    for kind in ModelKind.allCases where kind.flowFamily != nil || kind == .gaussian || kind == .independent {
      let model = try DensityModel.fit(table, options: quick(kind, epochs: 2))
      #expect(try model.score(table).logProb.allSatisfy(\.isFinite), "\(kind.rawValue)")
    }
  }

  @Test func constantColumnsOnly() throws {
    let table = try Table(numbers: ["a": [Double](repeating: 3, count: 50), "b": [Double](repeating: 0, count: 50)])
    let text = message { _ = try DensityModel.fit(table) }
    #expect(text.contains("no column to model") && text.contains("every cell is 3"), "\(text)")
  }

  @Test func categoriesOnly() throws {
    let table = try Table([("kind", .categories(CategoryColumn((0..<50).map { $0 % 2 == 0 ? "x" : "y" })))])
    let text = message { _ = try DensityModel.fit(table) }
    #expect(text.contains("kind") && text.contains("categor"), "\(text)")
  }

  @Test(arguments: [1e9, -1e9, 1e30]) func oneHugeCell(value: Double) throws {
    let clean = try Draws.mixture(200, seed: 2)
    var a = try clean.numbers("a")
    a[17] = value
    let table = try Table([("a", .numbers(NumberColumn(a))), ("b", clean.column("b"))])
    for kind in [ModelKind.nsf, .maf, .gaussian, .independent] {
      let fitted = try DensityModel.fit(table, options: quick(kind, epochs: 2))
      // If the row is held out, a normal distribution of the others gives it a density of exp(-1e60).
      let scores = try fitted.score(table).logProb
      #expect(scores.allSatisfy { abs(value) < 1e10 ? $0.isFinite : !$0.isNaN }, "\(kind.rawValue), fitted with it")
      #expect(fitted.record.recoveries.isEmpty)
      #expect(try fitted.sample(count: 100, seed: 1).numbers("a").allSatisfy(\.isFinite))
      let unaware = try DensityModel.fit(clean, options: quick(kind, epochs: 2))
      let score = try unaware.score(table).logProb[17]
      #expect(!score.isNaN && score < 0, "\(kind.rawValue): \(score)")
      if abs(value) < 1e10 { #expect(score.isFinite, "\(kind.rawValue): \(score)") }
    }
  }

  @Test func whatAConditionMustBe() throws {
    var options = quick(.nsf, epochs: 1)
    (options.columns, options.given) = (["y"], ["x", "kind"])
    let table = try Draws.conditional(100, seed: 3)
    let model = try DensityModel.fit(table, options: options)
    func given(_ x: Double, _ kind: String?) throws -> Table {
      try Table([("x", .numbers(NumberColumn([x]))), ("kind", .categories(CategoryColumn([kind])))])
    }
    #expect(try model.sample(count: 2, given: given(1, "first")).rowCount == 2)
    #expect(message { _ = try model.sample(count: 2, given: given(1, "third")) }.contains("\"third\""))
    #expect(message { _ = try model.sample(count: 2, given: given(.nan, "first")) }.contains("missing"))
    #expect(message { _ = try model.sample(count: 2, given: given(1, nil)) }.contains("missing"))
    #expect(message { _ = try model.sample(count: 2) }.contains("conditioned on x, kind"))
    #expect(message { _ = try model.sample(count: 2, given: ["x": "1"]) }.contains("kind"))
    #expect(message { _ = try model.sample(count: 2, given: ["x": "one", "kind": "first"]) }.contains("\"one\""))
    #expect(message { _ = try model.sample(count: 2, given: ["x": "1", "kind": "first", "z": "0"]) }.contains("\"z\""))
    #expect(message { _ = try model.sample(count: 3, given: table.selecting(rows: 0..<2)) }.contains("found 2"))
    #expect(message { _ = try model.score(table.selecting(columns: ["y", "x"])) }.contains("\"kind\""))
    let plain = try DensityModel.fit(Draws.mixture(50, seed: 3), options: quick(.maf, epochs: 1))
    #expect(message { _ = try plain.sample(count: 1, given: given(1, "first")) }.contains("no conditions"))
  }

  @Test func countsAndEmptyTables() throws {
    let table = try Draws.mixture(50, seed: 4)
    let model = try DensityModel.fit(table, options: quick(.nsf, epochs: 1))
    #expect(throws: EngineError.self) { try model.sample(count: -1) }
    #expect(throws: EngineError.self) { try model.sample(count: 1, firstRow: -1) }
    let none = table.selecting(rows: 0..<0)
    #expect(try model.score(none).logProb.isEmpty)
    #expect(try model.encode(none).rows == 0)
    #expect(message { _ = try model.evaluate(none) }.contains("too few rows"))
  }

  @Test func columnsOfAnotherKind() throws {
    let model = try DensityModel.fit(Draws.mixture(50, seed: 5), options: quick(.maf, epochs: 1))
    let texts = CategoryColumn([String?](repeating: "text", count: 5))
    let table = try Table([("a", .categories(texts)), ("b", .numbers(NumberColumn([1, 2, 3, 4, 5])))])
    #expect(message { _ = try model.score(table) }.contains("a"))
  }

  @Test func optionsThatCannotBe() throws {
    let table = try Draws.mixture(60, seed: 6)
    let changes: [(String, (inout FitOptions) -> Void)] = [
      ("columns", { $0.columns = ["a", "c"] }), ("repeated", { $0.columns = ["a", "a"] }),
      ("none", { $0.columns = [] }), ("both", { ($0.columns, $0.given) = (["a"], ["a"]) }),
      ("given", { $0.given = ["c"] }), ("weights", { $0.weights = "c" }), ("transforms", { $0.transforms = -1 }),
      ("hidden", { $0.hidden = [0] }), ("huge", { $0.hidden = [1 << 40] }), ("dropout", { $0.dropout = 1 }),
      ("bins", { $0.bins = 0 }), ("many bins", { $0.bins = 1 << 40 }), ("batch", { $0.batchSize = 0 }),
      ("rate", { $0.learningRate = .nan }), ("decay", { $0.weightDecay = -1 }), ("epochs", { $0.maximumEpochs = 0 }),
      ("patience", { $0.patience = 0 }), ("seconds", { $0.maximumSeconds = -1 }),
      ("held out", { $0.heldOutFraction = 1.5 }), ("held out", { $0.heldOutFraction = .nan }),
      ("workers", { $0.workers = -3 }),
    ]
    for (name, change) in changes {
      var options = quick(.nsf, epochs: 1)
      change(&options)
      let text = message { _ = try DensityModel.fit(table, options: options) }
      #expect(!text.isEmpty && !text.contains("\n"), "\(name): '\(text)'")
    }
  }
}
