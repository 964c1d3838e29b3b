import Foundation
import Pushforward
import Testing

/// What every model promises of its density.
@Suite struct DensityContractTests {
  static let all = ContractCase.all
  static let mixed = ContractCase.ofCategories

  @Test(arguments: all) func densityIntegratesToOneAndDrawsFollowIt(one: ContractCase) throws {
    let model = try one.numbers()
    let (grid, area) = try ContractTables.square()
    let logProb = try model.alone(grid, workers: WorkerPool(workers: 2))
    let masses = logProb.map { exp($0) * area }
    #expect(abs(masses.reduce(0, +) - 1) < 0.02, "\(masses.reduce(0, +))")
    // The mean of log p under the density, by the grid and by draws; and the share of a half plane.
    let drawn = try model.independentDraws(3000, seed: 5)
    let scores = try model.alone(drawn)
    let (expected, found) = (zip(masses, logProb).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * $1.1 : 0) }, mean(scores))
    let error = (mean(scores.map { ($0 - found) * ($0 - found) }) / 3000).squareRoot()
    #expect(abs(expected - found) < 5 * error + 0.03, "\(expected), \(found)")
    let a = try grid.column("a").numbers!.values
    let known = zip(a, masses).reduce(0) { $0 + ($1.0 < 0.5 ? $1.1 : 0) }
    let share = Double(try drawn.column("a").numbers!.values.count { $0 < 0.5 }) / 3000
    #expect(abs(share - known) < 0.045, "\(share), \(known)")
  }

  @Test(arguments: mixed) func massesAndDensitiesSumToOne(one: ContractCase) throws {
    let model = try one.both()
    let (grid, step) = try ContractTables.lines(["first", "second"])
    let masses = try model.alone(grid).map { exp($0) * step }
    #expect(abs(masses.reduce(0, +) - 1) < 0.01, "\(masses.reduce(0, +))")
    let drawn = try model.independentDraws(3000, seed: 5)
    let share = Double((0..<3000).count { drawn["kind"]?.categories[$0] == "first" }) / 3000
    #expect(abs(share - masses.prefix(1200).reduce(0, +)) < 0.045, "\(share)")
  }

  @Test(arguments: mixed) func missingIsMarginal(one: ContractCase) throws {
    let model = try one.both()
    guard model.traits.acceptsMissing else { return }
    let parts = try ["first", "second"].map { try model.alone(ContractTables.lines([$0], 60).table) }
    let whole = try model.alone(ContractTables.lines([nil], 60).table)
    for row in whole.indices {
      let sum = exp(parts[0][row]) + exp(parts[1][row])
      // Estimates by draws meet each other within their errors.
      let slack = model.traits.likelihood == .estimate ? 0.4 : 1e-4
      #expect(abs(sum - exp(whole[row])) < 1e-5 + slack * sum, "\(sum), \(exp(whole[row]))")
    }
    let (grid, step) = try ContractTables.lines(["first"])
    let line = try model.alone(grid).reduce(0) { $0 + exp($1) * step }
    let nothing = try Table([
      ("a", .numbers(NumberColumn([.nan]))), ("kind", .categories(CategoryColumn(["first"]))),
    ])
    let marginal = exp(try model.alone(nothing)[0])
    #expect(abs(marginal - line) < (one.hasLearnedMarginals ? 0.15 : 0.01), "\(marginal), \(line)")
  }

  @Test(arguments: all) func missingNumbersAreMarginal(one: ContractCase) throws {
    let model = try one.numbers()
    guard model.traits.acceptsMissing else { return }
    let axis = ContractTables.places(300, 9)
    for a in [-1.0, 0.4, 2] {
      func row(_ b: [Double]) throws -> Table { try Table(numbers: ["a": b.map { _ in a }, "b": b]) }
      let sum = try model.alone(row(axis)).reduce(0) { $0 + exp($1) * 18 / 300 }
      let marginal = exp(try model.alone(row([.nan]))[0])
      // A flow of emissions integrates by 64 draws, an autoencoder estimates both.
      let slack = one.name == "hmm-flow" ? 0.1 : model.traits.likelihood == .estimate ? 0.04 : 0.01
      #expect(abs(sum - marginal) < slack * sum + 1e-6, "\(sum), \(marginal)")
    }
  }

  @Test(arguments: all) func conditionalsAreTheJointsOwn(one: ContractCase) throws {
    let model = try one.numbers()
    guard model.traits.completes else { return }
    let at = 0.4
    let axis = ContractTables.places(400, 9)
    let joint = try model.alone(Table(numbers: ["a": axis.map { _ in at }, "b": axis])).map { exp($0) }
    let known = zip(axis, joint).reduce(0) { $0 + ($1.0 < 0 ? $1.1 : 0) } / joint.reduce(0, +)
    let count = 1000
    var asked: [(name: String, column: Column)] = [
      ("a", .numbers(try NumberColumn([Double](repeating: at, count: count))))
    ]
    if model.traits.isSequential {
      asked.append(("run", .categories(CategoryColumn((0..<count).map { String($0) }))))
    }
    let filled = try model.complete(model.given(in: Table(asked)), seed: 1, firstRow: 0, draw: 0, workers: nil)
    #expect(try filled.column("a").numbers!.values.allSatisfy { $0 == at })
    let share = Double(try filled.column("b").numbers!.values.count { $0 < 0 }) / Double(count)
    #expect(abs(share - known) < 0.07, "\(share), \(known)")
    let prediction = try model.predict(
      model.given(in: Table(asked).selecting(rows: 0..<1)), target: "b",
      options: PredictionOptions(levels: [0.1, 0.9], draws: 500), workers: nil)
    guard case .numbers(_, let quantiles) = prediction.answer else {
      Issue.record("expected a quantity")
      return
    }
    for (level, place) in zip([0.1, 0.9], quantiles[0]) {
      let below = zip(axis, joint).reduce(0) { $0 + ($1.0 < place ? $1.1 : 0) } / joint.reduce(0, +)
      #expect(abs(below - level) < 0.07, "\(below), \(level)")
    }
  }
  @Test(arguments: mixed) func categoriesGivenNumbersAreTheJointsOwn(one: ContractCase) throws {
    let model = try one.both()
    let count = 1500
    let joint = try ["first", "second"].map { kind in
      try model.alone(
        Table([("a", .numbers(NumberColumn([0.4]))), ("kind", .categories(CategoryColumn([kind])))]))[0]
    }
    let known = exp(joint[0]) / (exp(joint[0]) + exp(joint[1]))
    var asked: [(name: String, column: Column)] = [
      ("a", .numbers(try NumberColumn([Double](repeating: 0.4, count: count))))
    ]
    if model.traits.isSequential { asked.append(("run", .categories(CategoryColumn((0..<count).map { String($0) })))) }
    let filled = try model.complete(model.given(in: Table(asked)), seed: 1, firstRow: 0, draw: 0, workers: nil)
    let share = Double((0..<count).count { filled["kind"]?.categories[$0] == "first" }) / Double(count)
    #expect(abs(share - known) < 0.06, "\(share), \(known)")
    // An absent column is a missing one.
    guard model.traits.acceptsMissing else { return }
    let missing = try Table([
      ("a", .numbers(NumberColumn([0.4]))), ("kind", .categories(CategoryColumn([String?.none]))),
    ])
    #expect(try model.alone(missing) == model.alone(missing.selecting(columns: ["a"])))
  }
}
