import Foundation
import Pushforward
import Testing

/// Columns that others nearly make up.
@Suite struct RelationTests {
  /// Two parts with their total, two sides with their area, all rounded; gaps in one part.
  private static func table(_ rows: Int, seed: UInt64) throws -> Table {
    let e = Draws.normal(rows, 4, seed: seed)
    func column(_ value: (Int) -> Double) throws -> Column {
      try .numbers(NumberColumn((0..<rows).map { (value($0) * 100).rounded() / 100 }, recording: .init(decimals: 2)))
    }
    let (a, b) = (try column { 20 + 3 * e[$0, 0] }, try column { 50 + 5 * e[$0, 1] + e[$0, 0] })
    let (w, h) = (try column { exp(1 + 0.5 * e[$0, 2]) }, try column { exp(2 + 0.4 * e[$0, 3]) })
    func values(_ column: Column) -> [Double] {
      guard case .numbers(let numbers) = column else { return [] }
      return numbers.values
    }
    let (x, y, u, v) = (values(a), values(b), values(w), values(h))
    return try Table([
      ("a", .numbers(NumberColumn((0..<rows).map { $0 % 10 == 9 ? .nan : x[$0] }))), ("b", b), ("w", w),
      ("h", h), ("total", try column { x[$0] + y[$0] }), ("area", try column { u[$0] * v[$0] }),
    ])
  }

  private static let fitted: Result<(model: MixedModel, stages: [String]), any Error> = Result {
    var options = FitOptions(model: .mixed, seed: 1)
    (options.maximumEpochs, options.workers) = (15, 2)
    var stages: [String] = []
    let model = try MixedModel.fit(table(800, seed: 1), options: options, shouldStop: { false }) { event in
      if case .stage(let text) = event { stages.append(text) }
    }
    return (model, stages)
  }

  @Test func theyAreFoundAndTold() throws {
    let stages = try Self.fitted.get().stages.filter { $0.contains("nearly") }
    #expect(stages.count == 2)
    #expect(stages.contains { $0.hasPrefix("total: nearly a sum of multiples of ") })
    #expect(stages.contains { $0.hasPrefix("area: nearly a product of powers of ") })
  }

  @Test func drawnRowsKeepThem() throws {
    let drawn = try Self.fitted.get().model.sample(count: 400, given: nil, seed: 5, firstRow: 0, workers: nil)
    func values(_ name: String) throws -> [Double] {
      guard case .numbers(let numbers) = try drawn.column(name) else { throw CancellationError() }
      return numbers.values
    }
    let (a, b, w, h) = (try values("a"), try values("b"), try values("w"), try values("h"))
    let (total, area) = (try values("total"), try values("area"))
    let sums: [Double] = (0..<400).map { row in abs(total[row] - a[row] - b[row]) }
    let products: [Double] = (0..<400).map { row in abs(area[row] / (w[row] * h[row]) - 1) }
    #expect(sums.sorted()[200] < 0.05)
    #expect(products.sorted()[200] < 0.005)
  }

  @Test func aRowWithoutAnInputIsScoredAndTheFileKeepsAll() throws {
    let model = try Self.fitted.get().model
    let rows = try Self.table(60, seed: 2)
    let scores = try model.score(rows, workers: nil).logProb
    let areFinite = scores.allSatisfy { $0.isFinite }
    #expect(areFinite)
    // What the total says is worth more than three nats where both parts are there.
    let parts = try model.scoreColumns(rows, workers: nil)
    let total = try #require(parts.columns.first { $0.name == "total" }).logProb
    let (with, without) = ((0..<60).filter { $0 % 10 != 9 }, (0..<60).filter { $0 % 10 == 9 })
    func mean(_ at: [Int]) -> Double { at.map { total[$0] }.reduce(0, +) / Double(at.count) }
    let gain = mean(with) - mean(without)
    #expect(gain > 2)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("relation-\(UUID()).model").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try model.save(to: path)
    let opened = try Models.open(path)
    #expect(try opened.score(rows, workers: nil).logProb == scores)
    let unknown = try Self.table(20, seed: 3)
    let found = try opened.complete(unknown, seed: 1, firstRow: 0, draw: 0, workers: nil)
    #expect(found.rowCount == 20)
  }
}
