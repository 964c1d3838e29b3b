import Foundation
import Pushforward
import Testing

@Suite struct WeightAndUnitTests {
  /// The normal distribution that the model is reported beside is in Double: weights and units show exactly.
  private func normalMean(_ model: DensityModel, _ table: Table) throws -> Double {
    try #require(model.evaluate(table)["gaussian"]).mean
  }

  @Test func weightTwoIsTheRowTwice() throws {
    let base = try Draws.correlated(200, seed: 1)
    let weights = (0..<200).map { Double($0 % 3) }
    let weighted = try Table(base.columns.map { (name: $0, column: $1) } + [("w", .numbers(NumberColumn(weights)))])
    let repeated = base.selecting(rows: (0..<200).flatMap { Array(repeating: $0, count: $0 % 3) })
    var options = quick(.gaussian)
    options.heldOutFraction = 0
    let twice = try DensityModel.fit(repeated, options: options)
    options.weights = "w"
    let once = try DensityModel.fit(weighted, options: options)
    #expect(once.columns == ["a", "b"], "the column of weights is not modelled")
    #expect(abs(try normalMean(once, base) - normalMean(twice, base)) < 1e-6)
    #expect(abs(once.record.heldOutGaussian - twice.record.heldOutGaussian) < 1e-6)
    let (first, second) = (try once.score(base).logProb, try twice.score(base).logProb)
    for row in first.indices { #expect(abs(first[row] - second[row]) < 1e-4) }
  }

  /// A table with a column of uneven weights, and the same with each row as often as its weight says.
  private func uneven(_ rows: Int, seed: UInt64) throws -> (weighted: Table, repeated: Table) {
    let (e, u) = (Draws.normal(rows, 3, seed: seed), Draws.uniform(rows, 1, seed: seed))
    let weights = (0..<rows).map { Double($0 % 4) }
    let base = try Table([
      ("x", .numbers(NumberColumn((0..<rows).map { exp(e[$0, 0]) }))),
      ("spike", .numbers(NumberColumn((0..<rows).map { u[$0, 0] < 0.3 ? 0 : e[$0, 0] + e[$0, 1] }))),
      ("kind", .categories(CategoryColumn((0..<rows).map { e[$0, 0] + e[$0, 2] < 0 ? "a" : "b" }))),
    ])
    let table = try Table(base.columns.map { (name: $0, column: $1) } + [("w", .numbers(NumberColumn(weights)))])
    return (table, table.selecting(rows: (0..<rows).flatMap { Array(repeating: $0, count: $0 % 4) }))
  }

  @Test(arguments: [EncoderOptions.Transform.marginal, .standard])
  func weightsReachTheTransformsOfColumns(_ transform: EncoderOptions.Transform) throws {
    let (weighted, repeated) = try uneven(600, seed: 5)
    var options = EncoderOptions()
    options.transform = transform
    let schema = try Schema(inferring: weighted)
    let once = try Encoder(
      fitting: weighted, schema: schema, modelled: ["x", "spike"], weights: weighted.numbers("w"), options: options)
    let twice = try Encoder(fitting: repeated, schema: schema, modelled: ["x", "spike"], options: options)
    for (a, b) in zip(once.columns, twice.columns) {
      for x in [-4.0, -1, -0.01, 0, 0.3, 1, 2, 9] {
        let (first, second) = (a.transform.forward(x), b.transform.forward(x))
        #expect(abs(first.z - second.z) < 1e-9 && abs(first.logDet - second.logDet) < 1e-9, "\(a.name) at \(x)")
      }
    }
    // Weights of another unit say the same, once they are scaled to rows.
    let small = try Encoder(
      fitting: weighted, schema: schema, modelled: ["x"], weights: weighted.numbers("w").map { $0 / 1000 },
      options: options)
    #expect(small.columns[0].transform.forward(0.5).z.isFinite)
  }

  @Test func weightTwoIsTheRowTwiceInEveryFigure() throws {
    let (weighted, repeated) = try uneven(400, seed: 6)
    var fit = FitOptions(model: .gmm, seed: 1)
    (fit.components, fit.columns, fit.workers) = (2, ["x", "spike", "kind"], 2)
    let model = try Models.fit(uneven(400, seed: 7).weighted, options: fit)
    let once = try model.evaluate(weighted, splits: true, weights: "w")
    let twice = try model.evaluate(repeated, splits: true)
    func same(_ a: LikelihoodSummary, _ b: LikelihoodSummary) -> Bool {
      abs(a.mean - b.mean) < 1e-9 && abs(a.standardError - b.standardError) < 1e-9
    }
    #expect(same(once.model, twice.model))
    for (a, b) in zip(once.baselines, twice.baselines) { #expect(same(a.summary, b.summary)) }
    for (a, b) in zip(once.columns, twice.columns) { #expect(same(a.summary, b.summary), "\(a.name)") }
    // In pieces, as the program reads them; one has no weight at all.
    var total = EvaluationTotal()
    for rows in [0..<1, 1..<150, 150..<400] {
      total.add(try EvaluationTotal(weighted.selecting(rows: rows), under: model, weights: "w"))
    }
    #expect(same(try total.evaluation(likelihood: .exact).model, twice.model))
    for target in ["x", "kind"] {
      switch (
        try model.evaluatePrediction(weighted, target: target, weights: "w"),
        try model.evaluatePrediction(repeated, target: target)
      ) {
      case (.quantity(let a, _), .quantity(let b, _)):
        #expect(abs(a.rankedProbabilityScore - b.rankedProbabilityScore) < 1e-9)
        #expect(abs(a.rootMeanSquaredError - b.rootMeanSquaredError) < 1e-9)
        #expect(abs(a.meanAbsoluteError - b.meanAbsoluteError) < 1e-9)
        for (first, second) in zip(a.coverage, b.coverage) { #expect(abs(first.found - second.found) < 1e-12) }
        #expect(abs(a.uniformityDistance! - b.uniformityDistance!) < 1e-9)
        #expect(abs(a.uniformityProbability! - b.uniformityProbability!) < 1e-9)
        #expect(same(try #require(a.logLikelihood), try #require(b.logLikelihood)))
      case (.category(let a, _), .category(let b, _)):
        #expect(abs(a.accuracy - b.accuracy) < 1e-12 && abs(a.logLoss - b.logLoss) < 1e-9)
        #expect(abs(a.brierScore - b.brierScore) < 1e-9 && abs(a.calibrationError - b.calibrationError) < 1e-9)
      default: Issue.record("two kinds of prediction")
      }
    }
  }

  @Test(arguments: [[-1.0, 1], [0, 0]]) func weightsThatAreNone(pattern: [Double]) throws {
    let base = try Draws.correlated(40, seed: 2)
    let weights = (0..<40).map { pattern[$0 % 2] }
    let table = try Table(base.columns.map { (name: $0, column: $1) } + [("w", .numbers(NumberColumn(weights)))])
    var options = quick(.gaussian)
    options.weights = "w"
    #expect(throws: (any Error).self) { try DensityModel.fit(table, options: options) }
  }

  @Test func aChangeOfUnitsShiftsTheLogLikelihood() throws {
    let kilometres = try Draws.correlated(600, seed: 3)
    let metres = try Table(
      [("a", .numbers(NumberColumn(kilometres.numbers("a").map { 1000 * $0 }))), ("b", kilometres.column("b"))])
    for kind in [ModelKind.gaussian, .nsf] {
      let long = try DensityModel.fit(kilometres, options: quick(kind, epochs: 15))
      let short = try DensityModel.fit(metres, options: quick(kind, epochs: 15))
      let shift = try long.evaluate(kilometres).model.mean - short.evaluate(metres).model.mean
      #expect(abs(shift - log(1000)) < (kind == .gaussian ? 1e-4 : 0.02), "\(kind.rawValue): \(shift)")
      if kind == .gaussian {
        let exact = try normalMean(long, kilometres) - normalMean(short, metres)
        #expect(abs(exact - log(1000)) < 1e-9)
      }
    }
  }
}
