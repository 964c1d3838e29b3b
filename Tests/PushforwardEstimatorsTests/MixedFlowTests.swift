import Foundation
import Pushforward
import Testing

/// A discrete chain times a flow: exact scores, gaps summed and integrated out, draws by the joint's own conditionals.
@Suite struct MixedFlowTests {
  /// A category and a whole number, and two reals that depend on them and on each other.
  static func table(_ rows: Int, seed: UInt64) throws -> Table {
    let u = Draws.uniform(rows, 2, seed: seed)
    let e = Draws.normal(rows, 2, seed: seed)
    let isFirst = (0..<rows).map { u[$0, 0] < 0.4 }
    let size = (0..<rows).map { (isFirst[$0] ? 0 : 2) + (3 * u[$0, 1]).rounded(.down) }
    let a = (0..<rows).map { (isFirst[$0] ? -1 : 2) + 0.7 * e[$0, 0] }
    return try Table([
      ("kind", .categories(CategoryColumn(isFirst.map { $0 ? "first" : "second" }))),
      ("size", .numbers(NumberColumn(size, recording: .init(decimals: 0)))),
      ("a", .numbers(NumberColumn(a))),
      ("b", .numbers(NumberColumn((0..<rows).map { a[$0] * a[$0] / 2 + size[$0] + 0.4 * e[$0, 1] }))),
    ])
  }

  static func fit(_ columns: [String]? = nil, given: [String] = []) throws -> MixedFlowModel {
    var options = quick(.mixedFlow, epochs: 20)
    (options.columns, options.given) = (columns, given)
    return try MixedFlowModel.fit(table(400, seed: 1), options: options, shouldStop: { false }, progress: { _ in })
  }

  static let fitted: Result<MixedFlowModel, any Error> = Result { try fit() }

  @Test func itDividesTheColumnsAndBeatsIndependence() throws {
    let model = try Self.fitted.get()
    #expect(model.chain.columns == ["kind", "size"] && model.flow.columns == ["a", "b"])
    #expect(model.record.heldOut > model.record.heldOutIndependent + 0.5)
    let scores = try model.score(Self.table(300, seed: 2), workers: nil)
    #expect(scores.scoredRows.count == 300 && scores.leftOutNote == nil)
  }

  @Test func theDensityIntegratesToOne() throws {
    let model = try Self.fit(["kind", "a"])
    let places = (0..<4000).map { -10 + 20 * (Double($0) + 0.5) / 4000 }
    var sum = 0.0
    var parts: [[Double]] = []
    for kind in ["first", "second", nil] {
      let rows = try Table([
        ("kind", .categories(CategoryColumn([String?](repeating: kind, count: 4000)))),
        ("a", .numbers(NumberColumn(places))),
      ])
      parts.append(try model.score(rows, workers: nil).logProb)
      if kind != nil { sum += parts[parts.count - 1].reduce(0) { $0 + exp($1) * 20 / 4000 } }
    }
    #expect(abs(sum - 1) < 2e-3, "\(sum)")
    for row in stride(from: 500, to: 3500, by: 100) {
      #expect(abs(exp(parts[0][row]) + exp(parts[1][row]) - exp(parts[2][row])) < 1e-5)
    }
  }

  @Test func missingRealsAreIntegratedOut() throws {
    let model = try Self.fitted.get()
    let kind = Column.categories(CategoryColumn(["second"]))
    let size = Column.numbers(try NumberColumn([3]))
    let places = (0..<3000).map { -6 + 26 * (Double($0) + 0.5) / 3000 }
    let repeated = [Int](repeating: 0, count: 3000)
    let rows = try Table([
      ("kind", kind.selecting(rows: repeated)), ("size", size.selecting(rows: repeated)),
      ("a", .numbers(NumberColumn([Double](repeating: 1.8, count: 3000)))), ("b", .numbers(NumberColumn(places))),
    ])
    let whole = try model.score(rows, workers: nil).logProb.reduce(0) { $0 + exp($1) * 26 / 3000 }
    let gap = try model.score(rows.leavingOut(column: "b").selecting(rows: [0]), workers: nil)
    #expect(abs(exp(gap.logProb[0]) / whole - 1) < 0.01)
    let none = try Table([("kind", kind), ("size", size)])
    #expect(try model.score(none, workers: nil).logProb == model.chain.score(none, workers: nil).logProb)
  }

  @Test func manyGapsAreLeftOutAndTold() throws {
    let model = try Self.fit(["kind", "a", "b"], given: ["size"])
    let rows = try Self.table(3, seed: 3)
    #expect(try model.score(rows.leavingOut(column: "kind"), workers: nil).scoredRows.count == 3)
    let odd = try Table([("size", rows.column("size")), ("kind", rows.column("kind"))])
    #expect(try model.score(odd, workers: nil).scoredRows.count == 3)
    let filled = try model.complete(odd, seed: 1, firstRow: 0, draw: 0, workers: nil)
    #expect(filled.names == ["kind", "a", "b"] && filled.columns.values.allSatisfy { $0.missingCount == 0 })
  }

  @Test func conditionalsAreTheJointsOwn() throws {
    let model = try Self.fitted.get()
    let at = try Table([
      ("size", .numbers(NumberColumn([Double](repeating: 2, count: 2000)))),
      ("a", .numbers(NumberColumn([Double](repeating: 0.4, count: 2000)))),
    ])
    // b is missing too: summed and integrated out at once.
    let joint = try ["first", "second"].map { kind in
      try model.score(
        Table(
          at.columns.map { ($0, $1) } + [
            ("kind", .categories(CategoryColumn([String?](repeating: kind, count: 2000))))
          ]
        ).selecting(rows: [0]), workers: nil
      ).logProb[0]
    }
    let known = exp(joint[0]) / (exp(joint[0]) + exp(joint[1]))
    let filled = try model.complete(at, seed: 1, firstRow: 0, draw: 0, workers: nil)
    let share = Double((0..<2000).count { filled["kind"]?.categories[$0] == "first" }) / 2000
    #expect(abs(share - known) < 0.04, "\(share), \(known)")
    let part = try model.complete(at.selecting(rows: 0..<50), seed: 1, firstRow: 100, draw: 0, workers: nil)
    #expect(part == filled.selecting(rows: 100..<150))
    guard
      case .levels(let levels, let shares) = try model.predict(
        at.selecting(rows: [0]), target: "kind", options: PredictionOptions(), workers: nil
      ).answer
    else {
      Issue.record("expected levels")
      return
    }
    #expect(abs(shares[0][levels.firstIndex(of: "first")!] - known) < 1e-9)
  }

  @Test func drawsAreLikeTheTableAndNumberedByRow() throws {
    let model = try Self.fitted.get()
    let real = try Self.table(2000, seed: 4)
    let drawn = try model.sample(count: 2000, given: nil, seed: 5, firstRow: 0, workers: WorkerPool(workers: 2))
    let fidelity = try Fidelity(real: real, synthetic: drawn, columns: ["kind", "size", "a", "b"])
    #expect(fidelity.shape > 0.9 && fidelity.trend > 0.9, "\(fidelity.shape), \(fidelity.trend)")
    let tail = try model.sample(count: 100, given: nil, seed: 5, firstRow: 1900, workers: nil)
    #expect(tail == drawn.selecting(rows: 1900..<2000))
    #expect(try model.sample(count: 0, given: nil, seed: 5, firstRow: 0, workers: nil).rowCount == 0)
  }

  @Test func cellsThatArePresentStay() throws {
    let model = try Self.fitted.get()
    let rows = try Self.table(60, seed: 6)
    let gappy = try Table(
      rows.columns.enumerated().map { place, item in
        let cells = item.value.categories
        let texts = (0..<60).map { ($0 + place) % 3 == 0 || $0 % 5 == place ? nil : cells[$0] }
        if item.value.storage == .categories { return (item.key, .categories(CategoryColumn(texts))) }
        return (item.key, .numbers(try NumberColumn(texts.map { $0.flatMap { Double($0) } ?? .nan })))
      })
    let filled = try model.complete(gappy, seed: 1, firstRow: 0, draw: 0, workers: nil)
    for name in rows.names {
      let (before, after) = (try gappy.column(name), try filled.column(name))
      #expect(after.missingCount == 0)
      for row in 0..<60 where !before.isMissing(row: row) {
        #expect(before.categories[row] == after.categories[row])
      }
    }
  }

  @Test func aFileHoldsTheSameModel() throws {
    let model = try Self.fitted.get()
    let again = try MixedFlowModel(bytes: model.encoded())
    let rows = try Self.table(50, seed: 7)
    #expect(try again.score(rows, workers: nil).logProb == model.score(rows, workers: nil).logProb)
    #expect(again.record == model.record)
    #expect(try again.encoded() == model.encoded())
  }

  @Test func anUnseenLevelIsScoredAndTold() throws {
    let model = try Self.fitted.get()
    var columns = try Self.table(2, seed: 8).columns.map { ($0, $1) }
    columns[0].1 = .categories(CategoryColumn(["new", "first"]))
    let scores = try model.score(Table(columns), workers: nil)
    #expect(scores.logProb.allSatisfy { $0.isFinite })
    #expect(try #require(scores.leftOutNote).contains("kind"))
  }

  @Test func aTableOfOneKindIsRefusedInWords() throws {
    #expect(throws: TableError.self) { try Self.fit(["kind", "size"]) }
    #expect(throws: TableError.self) { try Self.fit(["a", "b"]) }
  }

  @Test func autoConsidersIt() throws {
    var options = quick(.auto, epochs: 8)
    options.columns = ["kind", "a", "b"]
    let model = try Models.fit(Self.table(1_050, seed: 1), options: options)
    let choice = try #require(model.record.choice)
    #expect(choice.contains("mixed-flow") && choice.contains("nats a row"), "\(choice)")
  }
}
