import Foundation
import Pushforward
import Testing

/// A mixture of models predicts a column exactly where its members do.
struct MixturePredictionTests {
  /// A real column and a category, both telling of the other.
  private static let table: Table = {
    let e = Draws.normal(400, 1, seed: 1)
    let u = Draws.uniform(400, 1, seed: 2)
    let isFirst = (0..<400).map { u[$0, 0] < 0.4 }
    return try! Table([
      ("a", .numbers(NumberColumn((0..<400).map { (isFirst[$0] ? -1 : 2) + 0.7 * e[$0, 0] }))),
      ("kind", .categories(CategoryColumn(isFirst.map { $0 ? "first" : "second" }))),
    ])
  }()

  private static func mixture() throws -> ModelMixture {
    func fit(_ kind: ModelKind) throws -> any TableModel {
      try Models.fit(table, options: FitOptions(model: kind, columns: ["a", "kind"], seed: 3))
    }
    return try Models.mixture(of: [fit(.gmm), fit(.kde)], on: table).model
  }

  private static func grid(_ kind: String?) throws -> Table {
    let places = (0..<6000).map { -15 + 30 * (Double($0) + 0.5) / 6000 }
    var columns: [(name: String, column: Column)] = [("a", .numbers(try NumberColumn(places)))]
    columns.append(("kind", .categories(CategoryColumn([String?](repeating: kind, count: 6000)))))
    return try Table(columns)
  }

  @Test func aMixturePredictsByTheMembersPosterior() throws {
    let model = try Self.mixture()
    let options = PredictionOptions(levels: [0.1, 0.5, 0.9])
    for target in ["a", "kind"] {
      let joint = try model.score(Self.table, workers: nil).logProb
      let others = try model.score(Self.table.leavingOut(column: target), workers: nil).logProb
      let found = try model.predict(Self.table, target: target, options: options, workers: nil)
      for row in 0..<400 { #expect(abs(found.logProb![row] - joint[row] + others[row]) < 1e-6) }
      guard case .numbers(_, let quantiles) = found.answer else { continue }
      // The distribution function at the quantiles, from the density along the column.
      for kind in ["first", "second"] {
        let row = (0..<400).first { Self.table["kind"]?.categories[$0] == kind }!
        let grid = try model.score(Self.grid(kind), workers: nil).logProb
        let places = (0..<6000).map { -15 + 30 * (Double($0) + 0.5) / 6000 }
        let total = grid.reduce(0) { $0 + exp($1) }
        for (level, quantile) in zip(options.levels, quantiles[row]) {
          let below = zip(places, grid).reduce(0) { $0 + ($1.0 < quantile ? exp($1.1) : 0) } / total
          // The kernel density answers by draws.
          #expect(abs(below - level) < 0.05, "\(kind) \(level)")
        }
      }
    }
  }
}
