import Foundation
import Pushforward
import Testing

struct MixtureModelTests {
  /// Two groups that a category tells apart, a tenth of the cells missing.
  static func mixed(_ rows: Int, seed: UInt64, missing: Double = 0.1) throws -> Table {
    let e = Draws.normal(rows, 2, seed: seed)
    let u = Draws.uniform(rows, 5, seed: seed)
    let isFirst = (0..<rows).map { u[$0, 0] < 0.3 }
    func gap(_ row: Int, _ column: Int) -> Bool { u[row, 2 + column] < missing }
    return try Table([
      ("a", .numbers(NumberColumn((0..<rows).map { gap($0, 0) ? .nan : (isFirst[$0] ? -3 : 3) + e[$0, 0] }))),
      ("kind", .categories(CategoryColumn((0..<rows).map { gap($0, 1) ? nil : isFirst[$0] ? "first" : "second" }))),
      (
        "b",
        .numbers(
          NumberColumn((0..<rows).map { gap($0, 2) ? .nan : 10 + 0.5 * (isFirst[$0] ? 1 : -1) * e[$0, 0] + e[$0, 1] }))
      ),
    ])
  }

  static func fit(_ table: Table, given: [String] = []) throws -> MixtureModel {
    try MixtureModel.fit(
      table, options: FitOptions(model: .gmm, given: given, seed: 4), shouldStop: { false }, progress: { _ in })
  }

  /// log p of a complete row under the truth.
  static func truth(_ a: Double, _ b: Double, _ isFirst: Bool) -> Double {
    let e = a - (isFirst ? -3 : 3)
    let rest = b - 10 - 0.5 * (isFirst ? 1 : -1) * e
    return log(isFirst ? 0.3 : 0.7) - 0.5 * (e * e + rest * rest) - log(2 * Double.pi)
  }

  @Test func comesCloseToTheTruth() throws {
    let model = try Self.fit(Self.mixed(2000, seed: 1))
    let test = try Self.mixed(2000, seed: 2, missing: 0)
    let found = try model.evaluate(test).model.mean
    let (a, b, kind) = (
      try test.column("a").numbers!.values, try test.column("b").numbers!.values, test["kind"]!.categories
    )
    let best = (0..<2000).reduce(0.0) { $0 + Self.truth(a[$1], b[$1], kind[$1] == "first") } / 2000
    #expect(found > best - 0.03 && found < best + 0.03)
    #expect(try model.evaluate(test)["gaussian"]!.mean < found)
  }

  @Test func savesAndLoads() throws {
    let table = try Self.mixed(300, seed: 1)
    let model = try Self.fit(table)
    let again = try MixtureModel(bytes: model.encoded())
    #expect(try again.score(table, workers: nil).logProb == model.score(table, workers: nil).logProb)
    #expect(try again.encoded() == model.encoded())
    #expect(
      try Self.fit(table).record.fingerprint == model.record.fingerprint)
    var bytes = try model.encoded()
    bytes[bytes.count / 2] ^= 1
    #expect(throws: (any Error).self) { try Models.open(bytes: bytes) }
  }

  @Test func gapsAreFilledFromTheirDistribution() throws {
    let model = try Self.fit(Self.mixed(2000, seed: 1))
    let asked = try Table([("kind", .categories(CategoryColumn([String?](repeating: "first", count: 2000))))])
    let filled = try model.complete(asked, seed: 3, firstRow: 0, draw: 0, workers: nil)
    #expect(filled.names == ["a", "kind", "b"])
    let mean = try filled.column("a").numbers!.values.reduce(0, +) / 2000
    #expect(abs(mean + 3) < 0.15)
    let other = try model.complete(asked, seed: 3, firstRow: 0, draw: 1, workers: nil)
    #expect(filled != other)
    let tail = try model.complete(asked.selecting(rows: 10..<20), seed: 3, firstRow: 10, draw: 0, workers: nil)
    #expect(tail["a"]?.numbers?.values == Array(try filled.column("a").numbers!.values[10..<20]))
  }

  @Test func predictsInClosedForm() throws {
    let model = try Self.fit(Self.mixed(2000, seed: 1))
    let test = try Self.mixed(200, seed: 5, missing: 0)
    for target in ["a", "kind"] {
      let prediction = try model.predict(test, target: target, options: PredictionOptions(), workers: nil)
      #expect(prediction.method == .exact)
      let others = try Table(
        test.columns.map { name, column in
          guard name == target else { return (name, column) }
          return name == "a"
            ? (name, .numbers(try NumberColumn([Double](repeating: .nan, count: 200))))
            : (name, .categories(CategoryColumn([String?](repeating: nil, count: 200))))
        })
      let joint = try model.score(test, workers: nil).logProb
      let rest = try model.score(others, workers: nil).logProb
      for row in 0..<200 { #expect(abs(prediction.logProb![row] - joint[row] + rest[row]) < 1e-9) }
      if case .levels(let levels, let shares) = prediction.answer {
        for row in 0..<200 {
          let level = levels.firstIndex(of: test["kind"]!.categories[row]!)!
          #expect(abs(log(shares[row][level]) - prediction.logProb![row]) < 1e-9)
        }
      }
      if case .numbers(let means, let quantiles) = prediction.answer {
        // Given the kind, a is normal around -3 or 3 with some help from b.
        for row in 0..<50 {
          let centre = test["kind"]!.categories[row] == "first" ? -3.0 : 3
          #expect(abs(means[row] - centre) < 2 && abs(means[row] - quantiles[row][1]) < 0.3)
        }
        let a = try test.column("a").numbers!.values
        let inside = (0..<200).count { quantiles[$0][0] <= a[$0] && a[$0] <= quantiles[$0][2] }
        #expect(inside > 165 && inside < 196)
      }
    }
  }

  @Test func conditionsAreDividedOut() throws {
    let table = try Self.mixed(1000, seed: 1)
    let model = try Self.fit(table, given: ["kind"])
    #expect(model.columns == ["a", "b"] && model.given == ["kind"])
    let whole = try Self.fit(table)
    #expect(whole.given.isEmpty)
    let given = try Table([("kind", .categories(CategoryColumn(["second"])))])
    let drawn = try model.sample(count: 500, given: given, seed: 1, firstRow: 0, workers: nil)
    let mean = try drawn.column("a").numbers!.values.reduce(0, +) / 500
    #expect(abs(mean - 3) < 0.25)
    #expect(throws: EstimatorError.self) { try model.sample(count: 5, given: nil, seed: 1, firstRow: 0, workers: nil) }
    // p(a, b | kind) is the joint over the marginal: the mean is that of the truth.
    let test = try Self.mixed(1000, seed: 9, missing: 0)
    let found = try model.evaluate(test).model.mean
    #expect(abs(found + 1 + log(2 * Double.pi)) < 0.08)
  }

  @Test func kernelDensityOfTheSameTable() throws {
    let table = try Self.mixed(1000, seed: 1)
    let model = try Models.fit(table, options: FitOptions(model: .kde))
    let test = try Self.mixed(500, seed: 2)
    let found = try model.evaluate(test).model.mean
    let mixture = try Self.fit(table).evaluate(test).model.mean
    #expect(found < mixture && found > mixture - 0.35)
    let filled = try model.complete(test, seed: 1, firstRow: 0, draw: 0, workers: nil)
    #expect(filled.columns.values.allSatisfy { $0.missingCount == 0 })
    let again = try Models.open(bytes: model.encoded())
    #expect(try again.score(test, workers: nil).logProb == model.score(test, workers: nil).logProb)
  }

  static func declared(_ kind: ColumnKind) -> ColumnOverride {
    var override = ColumnOverride()
    override.kind = kind
    return override
  }

  @Test func smallAndStrangeTables() throws {
    let one = try Table([("a", .numbers(NumberColumn([1.5]))), ("b", .numbers(NumberColumn([2.5])))])
    let few = try Table([
      ("a", .numbers(NumberColumn([1, 1, 1, 2, 3]))), ("c", .categories(CategoryColumn(["x", "y", "x", nil, "y"]))),
    ])
    let categories = try Table([
      ("c", .categories(CategoryColumn((0..<60).map { ["x", "y", "z"][$0 % 3] }))),
      ("d", .categories(CategoryColumn((0..<60).map { ["u", "v"][$0 % 2] }))),
    ])
    for table in [one, few, categories] {
      var options = FitOptions(model: .gmm, columns: table.names)
      options.overrides = SchemaOverrides()
      for name in ["a", "b"] where table.names.contains(name) {
        options.overrides.columns[name] = Self.declared(.real)
      }
      for name in ["c", "d"] where table.names.contains(name) {
        options.overrides.columns[name] = Self.declared(.category)
      }
      for kind in [ModelKind.gmm, .kde] {
        options.model = kind
        let model = try Models.fit(table, options: options)
        #expect(try model.score(table, workers: nil).logProb.allSatisfy { $0.isFinite })
        #expect(try model.sample(count: 3, given: nil, seed: 0, firstRow: 0, workers: nil).rowCount == 3)
        let again = try Models.open(bytes: model.encoded())
        #expect(try again.score(table, workers: nil).logProb == model.score(table, workers: nil).logProb)
      }
    }
  }
}
