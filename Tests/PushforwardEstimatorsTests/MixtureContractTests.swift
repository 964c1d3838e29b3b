import Foundation
import Pushforward
import Testing

/// What mixtures, kernel densities and composites promise as models of tables.
struct MixtureContractTests {
  static let names = ["gmm", "kde", "mixture", "chain"]

  /// A real column and a category, both telling of the other.
  static let table: Table = {
    let e = Draws.normal(400, 1, seed: 1)
    let u = Draws.uniform(400, 1, seed: 2)
    let isFirst = (0..<400).map { u[$0, 0] < 0.4 }
    return try! Table([
      ("a", .numbers(NumberColumn((0..<400).map { (isFirst[$0] ? -1 : 2) + 0.7 * e[$0, 0] }))),
      ("kind", .categories(CategoryColumn(isFirst.map { $0 ? "first" : "second" }))),
    ])
  }()

  static func make(_ name: String) throws -> any TableModel {
    func fit(_ kind: ModelKind, columns: [String] = ["a", "kind"], given: [String] = []) throws -> any TableModel {
      try Models.fit(table, options: FitOptions(model: kind, columns: columns, given: given, seed: 3))
    }
    switch name {
    case "gmm": return try fit(.gmm)
    case "kde": return try fit(.kde)
    case "mixture": return try Models.mixture(of: [fit(.gmm), fit(.kde)], on: table).model
    default:
      return try Models.chain(of: [fit(.gmm, columns: ["kind"]), fit(.kde, columns: ["a"], given: ["kind"])])
    }
  }

  static func grid(_ kind: String?) throws -> Table {
    let places = (0..<6000).map { -15 + 30 * (Double($0) + 0.5) / 6000 }
    var columns: [(name: String, column: Column)] = [("a", .numbers(try NumberColumn(places)))]
    columns.append(("kind", .categories(CategoryColumn([String?](repeating: kind, count: 6000)))))
    return try Table(columns)
  }

  @Test(arguments: names) func densityIntegratesToOne(name: String) throws {
    let model = try Self.make(name)
    var sum = 0.0
    for kind in ["first", "second"] {
      for value in try model.score(Self.grid(kind), workers: nil).logProb { sum += exp(value) * 30 / 6000 }
    }
    #expect(abs(sum - 1) < 1e-3)
  }

  @Test(arguments: ["gmm", "kde", "mixture"]) func missingIsMarginal(name: String) throws {
    let model = try Self.make(name)
    let parts = try ["first", "second"].map { try model.score(Self.grid($0), workers: nil).logProb }
    let whole = try model.score(Self.grid(nil), workers: nil).logProb
    for row in stride(from: 1500, to: 4500, by: 50) {
      #expect(abs(exp(parts[0][row]) + exp(parts[1][row]) - exp(whole[row])) < 1e-8)
    }
    // An absent column is a missing one.
    let absent = try Self.grid(nil).selecting(columns: ["a"])
    #expect(try model.score(absent, workers: nil).logProb == whole)
  }

  @Test(arguments: names) func samplesAndScoresAgree(name: String) throws {
    let model = try Self.make(name)
    let drawn = try model.sample(count: 4000, given: nil, seed: 5, firstRow: 0, workers: WorkerPool(workers: 2))
    // Shares of the halves that the density itself says.
    let grid = try ["first", "second"].map { try Self.grid($0) }
    var below = 0.0
    for table in grid {
      let scores = try model.score(table, workers: nil).logProb
      for row in 0..<3000 + 100 { below += exp(scores[row]) * 30 / 6000 }
    }
    let share = Double(try drawn.column("a").numbers!.values.count { $0 < 0.5 }) / 4000
    #expect(abs(share - below) < 0.03)
    let first = Double((0..<4000).count { drawn["kind"]?.categories[$0] == "first" }) / 4000
    var known = 0.0
    for value in try model.score(grid[0], workers: nil).logProb { known += exp(value) * 30 / 6000 }
    #expect(abs(first - known) < 0.03)
  }

  @Test(arguments: names) func orderAndWorkersDoNotMatter(name: String) throws {
    let model = try Self.make(name)
    let order = RandomStream(seed: 9, purpose: .shuffle).permutation(count: 400).map { Int($0) }
    let scores = try model.score(Self.table, workers: nil).logProb
    let shuffled = try model.score(Self.table.selecting(rows: order), workers: WorkerPool(workers: 3)).logProb
    // Kernel densities leave out what is below 1e-9, and what that is depends on the rows beside.
    for (place, row) in order.enumerated() { #expect(abs(shuffled[place] - scores[row]) < 1e-8) }
    #expect(try Self.make(name).record.fingerprint == model.record.fingerprint)
  }

  @Test(arguments: names) func conditionalsAreTheJointsOwn(name: String) throws {
    let model = try Self.make(name)
    let at = try Table(numbers: ["a": [Double](repeating: 0.4, count: 3000)])
    let filled = try model.complete(at, seed: 1, firstRow: 0, draw: 0, workers: nil)
    let share = Double((0..<3000).count { filled["kind"]?.categories[$0] == "first" }) / 3000
    let joint = try ["first", "second"].map { kind in
      try model.score(
        Table([("a", at["a"]!), ("kind", .categories(CategoryColumn([String?](repeating: kind, count: 3000))))])
          .selecting(rows: 0..<1), workers: nil
      ).logProb[0]
    }
    let known = exp(joint[0]) / (exp(joint[0]) + exp(joint[1]))
    #expect(abs(share - known) < 0.04, "\(share), \(known)")
  }

  @Test func aMixturePredictsByTheMembersPosterior() throws {
    let model = try Self.make("mixture")
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
          #expect(abs(below - level) < 0.01, "\(kind) \(level)")
        }
      }
    }
  }
}
