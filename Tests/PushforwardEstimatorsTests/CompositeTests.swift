import Foundation
import Pushforward
import Testing

struct CompositeTests {
  static func quick(_ kind: ModelKind, given: [String] = [], columns: [String]? = nil) -> FitOptions {
    var options = FitOptions(model: kind, columns: columns, given: given, seed: 1)
    options.maximumEpochs = 8
    options.transforms = 2
    options.hidden = [16]
    return options
  }

  @Test func weightsAreTheBestThereAre() throws {
    let table = try Draws.mixture(900, seed: 1)
    let chosen = try Draws.mixture(400, seed: 2)
    let members: [any TableModel] = try [.gaussian, .nsf, .independent, .kde].map {
      try Models.fit(table, options: Self.quick($0))
    }
    let found = try Models.mixture(of: members, on: chosen)
    #expect(found.gap < 1e-8)
    #expect(found.logLikelihood >= found.alone.max()!)
    #expect(abs(found.model.weights.reduce(0, +) - 1) < 1e-12)
    // Other weights are worse.
    for step in 0..<8 {
      var weights = found.model.weights
      weights[step % 4] += 0.05
      let other = try ModelMixture(members, weights: weights)
      #expect(try other.evaluate(chosen).model.mean <= found.logLikelihood + 1e-9)
    }
    #expect(abs(try found.model.evaluate(chosen).model.mean - found.logLikelihood) < 1e-9)
  }

  @Test func aMemberTwiceIsNoTrouble() throws {
    let table = try Draws.mixture(300, seed: 1)
    let one = try Models.fit(table, options: Self.quick(.gaussian))
    let found = try Models.mixture(of: [one, one], on: table)
    #expect(found.gap < 1e-8 && abs(found.logLikelihood - found.alone[0]) < 1e-9)
    let alone = try Models.mixture(of: [one], on: table)
    #expect(alone.model.weights == [1])
  }

  @Test func mixtureIsAModelLikeAnyOther() throws {
    let table = try Draws.mixture(600, seed: 1)
    let members: [any TableModel] = try [.gaussian, .gmm].map { try Models.fit(table, options: Self.quick($0)) }
    let model = try Models.mixture(of: members, on: Draws.mixture(300, seed: 2)).model
    let again = try Models.open(bytes: model.encoded())
    #expect(try again.score(table, workers: nil).logProb == model.score(table, workers: nil).logProb)
    #expect(try again.encoded() == model.encoded())
    // Draws do not depend on how many are asked for, nor from where.
    let whole = try model.sample(count: 2500, given: nil, seed: 7, firstRow: 0, workers: nil)
    let part = try model.sample(count: 700, given: nil, seed: 7, firstRow: 900, workers: nil)
    #expect(try part.column("a").numbers!.values == Array(whole.column("a").numbers!.values[900..<1600]))
    // Nested.
    let outer = try ModelMixture([model, members[0]], weights: [0.5, 0.5])
    let reopened = try Models.open(bytes: outer.encoded())
    #expect(try reopened.score(table, workers: nil).logProb == outer.score(table, workers: nil).logProb)
    // Missing cells: members that cannot score a part of a row are asked by turns.
    var gap = try table.column("a").numbers!.values
    for row in 0..<gap.count where row % 2 == 0 { gap[row] = .nan }
    let holes = try Table([("a", .numbers(NumberColumn(gap))), ("b", table["b"]!)]).selecting(rows: 0..<40)
    let filled = try model.complete(holes, seed: 1, firstRow: 0, draw: 0, workers: nil)
    #expect(try filled.column("a").missingCount == 0)
    #expect(try filled.column("a").numbers!.values[1] == gap[1])
  }

  @Test func posteriorChoosesWhoCompletes() throws {
    let table = try MixtureModelTests.mixed(1500, seed: 1)
    let first = try Models.fit(
      table.selecting(rows: (0..<1500).filter { table["kind"]?.categories[$0] == "first" }),
      options: FitOptions(model: .gmm, columns: ["a", "b"]))
    let second = try Models.fit(
      table.selecting(rows: (0..<1500).filter { table["kind"]?.categories[$0] == "second" }),
      options: FitOptions(model: .gmm, columns: ["a", "b"]))
    let model = try Models.mixture(of: [first, second], on: MixtureModelTests.mixed(1000, seed: 2)).model
    #expect(abs(model.weights[0] - 0.3) < 0.05)
    #expect(model.traits.acceptsMissing && model.traits.completes)
    // b says which group a row is of only together with a.
    let asked = try Table([("a", .numbers(NumberColumn([Double](repeating: -4.5, count: 400))))])
    let filled = try model.complete(asked, seed: 1, firstRow: 0, draw: 0, workers: nil)
    let mean = try filled.column("b").numbers!.values.reduce(0, +) / 400
    #expect(abs(mean - 9.25) < 0.4)
    let prediction = try model.predict(
      MixtureModelTests.mixed(50, seed: 3, missing: 0), target: "b", options: PredictionOptions(), workers: nil)
    #expect(prediction.logProb!.allSatisfy { $0.isFinite })
  }

  @Test func aGateFollowsTheConditions() throws {
    // One member is right for x < 0, the other for x > 0.
    let table = try Draws.conditional(3000, seed: 1)
    let x = try table.column("x").numbers!.values
    func member(_ isLeft: Bool) throws -> any TableModel {
      let rows = x.indices.filter { (x[$0] < 0) == isLeft }
      return try Models.fit(
        table.selecting(rows: rows), options: FitOptions(model: .gmm, columns: ["y"], given: ["x", "kind"]))
    }
    let members = try [member(true), member(false)]
    let chosen = try Draws.conditional(1500, seed: 2)
    let plain = try Models.mixture(of: members, on: chosen)
    let gated = try Models.mixture(of: members, on: chosen, gated: true)
    #expect(gated.logLikelihood > plain.logLikelihood + 0.1)
    let test = try Draws.conditional(1500, seed: 3)
    #expect(try gated.model.evaluate(test).model.mean > plain.model.evaluate(test).model.mean)
    let again = try Models.open(bytes: gated.model.encoded())
    #expect(try again.score(test, workers: nil).logProb == gated.model.score(test, workers: nil).logProb)
    let given = try test.selecting(columns: ["x", "kind"]).selecting(rows: 0..<100)
    let drawn = try gated.model.sample(count: 100, given: given, seed: 1, firstRow: 0, workers: nil)
    let part = try gated.model.sample(
      count: 50, given: given.selecting(rows: 50..<100), seed: 1, firstRow: 50, workers: nil)
    #expect(try part.column("y").numbers!.values == Array(drawn.column("y").numbers!.values[50...]))
    let free = try Models.fit(table, options: FitOptions(model: .gmm, columns: ["y"]))
    #expect(throws: EstimatorError.self) { try Models.mixture(of: [free, free], on: chosen, gated: true) }
  }

  @Test func chainMultiplies() throws {
    let table = try MixtureModelTests.mixed(1500, seed: 1, missing: 0)
    let kinds = try Models.fit(table, options: FitOptions(model: .gmm, columns: ["kind"]))
    let numbers = try Models.fit(table, options: FitOptions(model: .gmm, columns: ["a", "b"], given: ["kind"]))
    let chain = try Models.chain(of: [kinds, numbers], judgedOn: table)
    #expect(chain.columns == ["kind", "a", "b"] && chain.given.isEmpty)
    let scores = try chain.score(table, workers: nil).logProb
    let parts = try [kinds, numbers].map { try $0.score(table, workers: nil).logProb }
    for row in 0..<50 { #expect(scores[row] == parts[0][row] + parts[1][row]) }
    let again = try Models.open(bytes: chain.encoded())
    #expect(try again.score(table, workers: nil).logProb == scores)
    let drawn = try chain.sample(count: 2000, given: nil, seed: 1, firstRow: 0, workers: nil)
    let share = Double((0..<2000).count { drawn["kind"]?.categories[$0] == "first" }) / 2000
    #expect(abs(share - 0.3) < 0.05)
    // The kind of a row from its numbers: against the arrow.
    let asked = try table.selecting(columns: ["a", "b"]).selecting(rows: 0..<200)
    let filled = try chain.complete(asked, seed: 1, firstRow: 0, draw: 0, workers: nil)
    let right = (0..<200).count { filled["kind"]?.categories[$0] == table["kind"]?.categories[$0] }
    #expect(right > 185)
    #expect(throws: EstimatorError.self) { try ModelChain([numbers, kinds]) }
    #expect(throws: EstimatorError.self) { try ModelChain([kinds, kinds]) }
    #expect(throws: EstimatorError.self) { try ModelMixture([kinds, numbers], weights: [1, 1]) }
  }

  @Test func stackOnAFlow() throws {
    let table = try Draws.mixture(1200, seed: 1)
    var options = Self.quick(.maf)
    options.maximumEpochs = 3
    let flow = try DensityModel.fit(table, options: options)
    let found = try Models.stack(on: flow, table: table, options: FitOptions(model: .gmm))
    let (stack, alone) = (found.model, found.flowAlone)
    #expect(stack.record.heldOut > alone)
    let test = try Draws.mixture(800, seed: 2)
    #expect(try stack.evaluate(test).model.mean > flow.evaluate(test).model.mean)
    let again = try Models.open(bytes: stack.encoded())
    #expect(try again.score(test, workers: nil).logProb == stack.score(test, workers: nil).logProb)
    let drawn = try stack.sample(count: 2000, given: nil, seed: 1, firstRow: 0, workers: nil)
    // Samples and scores agree: the mean score of draws is minus the entropy of the truth, nearly.
    let own = try stack.evaluate(drawn).model.mean
    let known = try stack.evaluate(test).model.mean
    #expect(abs(own - known) < 0.35)
  }

  @Test func damagedFilesAreRefused() throws {
    let one = try Models.fit(Draws.mixture(200, seed: 1), options: Self.quick(.gaussian))
    let model = try ModelMixture([one, one], weights: [1, 3])
    var bytes = try model.encoded()
    bytes[bytes.count - 5] ^= 4
    #expect(throws: (any Error).self) { try Models.open(bytes: bytes) }
    #expect(throws: EstimatorError.self) { try ModelMixture([], weights: []) }
    #expect(throws: EstimatorError.self) { try ModelMixture([one], weights: [-1]) }
  }
}
