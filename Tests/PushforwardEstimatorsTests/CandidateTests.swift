import Foundation
import Pushforward
import Testing

/// Weighted candidates for missing cells, and what is made of them.
@Suite struct CandidateTests {
  private static let blend: Result<ModelMixture, any Error> = Result {
    var options = FitOptions(model: .gmm, seed: 1)
    (options.components, options.workers) = (3, 2)
    let gmm = try MixtureModel.fit(
      QuestionTests.typed(500, seed: 1), options: options, shouldStop: { false }, progress: { _ in })
    return try ModelMixture([QuestionTests.mixed.get(), gmm], weights: [0.6, 0.4])
  }

  /// Members propose together; what they propose, weighted, follows Bayes' rule on the mixture's joint score.
  @Test func aMixturesCandidatesFollowItsJointScore() throws {
    let model = try Self.blend.get()
    let asked = try QuestionTests.typed(40, seed: 6).leavingOut(column: "kind")
    let (levels, exact) = try predictedLevels(model, asked, target: "kind")
    let draws = 400
    let found = try model.candidates(asked, draws: draws, seed: 3, firstRow: 0, workers: WorkerPool(workers: 2))
    let kinds = try found.table.column("kind").categories
    let logWeights = try #require(found.logWeights)
    #expect(found.table.rowCount == 40 * draws && logWeights.count == 40 * draws)
    var errors: [Double] = []
    for row in 0..<40 {
      let weights = (row * draws..<(row + 1) * draws).map { exp(logWeights[$0]) }
      // Whole rows over proposals: the mean weight is the density of the cells that are there.
      let total = weights.reduce(0, +)
      for (level, name) in levels.enumerated() {
        let share = zip(row * draws..<(row + 1) * draws, weights).reduce(0) { $0 + (kinds[$1.0] == name ? $1.1 : 0) }
        errors.append(abs(share / total - exact[row][level]))
      }
    }
    #expect(mean(errors) < 0.015, "\(mean(errors))")
    #expect(errors.max() ?? 1 < 0.2)
  }

  /// Cells missing together are drawn together: pairs that the table never has are no more frequent than in whole samples.
  @Test func cellsMissingTogetherGoTogether() throws {
    func strange(_ table: Table) throws -> Double {
      let kinds = try table.column("kind").categories
      return mean(
        try table.numbers("size").enumerated().map { row, size in (kinds[row] == "a") != (size < 9) ? 1 : 0 })
    }
    for model in [try QuestionTests.mixed.get() as any TableModel, try Self.blend.get()] {
      let asked = try QuestionTests.typed(1500, seed: 8).selecting(columns: ["length"])
      let filled = try model.complete(asked, seed: 1, firstRow: 0, draw: 0, workers: nil)
      let drawn = try model.sample(count: 1500, given: nil, seed: 1, firstRow: 0, workers: nil)
      let (found, expected) = (try strange(filled), try strange(drawn))
      #expect(found < expected + 0.05)
    }
  }

  @Test func candidatesDoNotDependOnThreadsOrPieces() throws {
    let model = try Self.blend.get()
    let asked = try QuestionTests.typed(200, seed: 7).leavingOut(column: "kind")
    let whole = try model.candidates(asked, draws: 5, seed: 1, firstRow: 0, workers: WorkerPool(workers: 2))
    let part = try model.candidates(
      asked.selecting(rows: Array(128..<200)), draws: 5, seed: 1, firstRow: 128, workers: nil)
    let places = Array(128 * 5..<200 * 5)
    let (a, b) = (try whole.table.column("kind").categories, try part.table.column("kind").categories)
    #expect(places.map { a[$0] } == (0..<72 * 5).map { b[$0] })
    #expect(places.map { whole.logWeights?[$0] } == (0..<72 * 5).map { part.logWeights?[$0] })
  }

  /// Tables drawn together share candidates, each cell's draws follow the weights all the same.
  @Test func tablesDrawnTogetherFollowTheJointScore() throws {
    let model = try Self.blend.get()
    let asked = try QuestionTests.typed(60, seed: 6)
    let kinds = try asked.column("kind").categories
    let holes = try Table(
      asked.columns.map { name, column in
        (name, name == "kind" ? .categories(CategoryColumn((0..<60).map { $0 < 40 ? nil : kinds[$0] })) : column)
      })
    let (levels, exact) = try predictedLevels(model, holes, target: "kind")
    let draws = 50
    let filler = Imputation(model: model, table: holes, modelled: holes.names, seed: 2)
    let tables = try filler.draws(draws).map { try $0.table.column("kind").categories }
    #expect(tables.count == draws)
    var errors: [Double] = []
    for row in 0..<60 where row >= 40 { #expect(tables.allSatisfy { $0[row] == kinds[row] }) }
    for row in 0..<40 {
      for (level, name) in levels.enumerated() {
        errors.append(abs(Double(tables.count { $0[row] == name }) / Double(draws) - exact[row][level]))
      }
    }
    #expect(mean(errors) < 0.05, "\(mean(errors))")
    let again = Imputation(model: model, table: holes, modelled: holes.names, seed: 2, workers: nil)
    #expect(try again.draws(draws)[7].table == filler.draws(draws)[7].table)
  }

  @Test func weightsAreBounded() throws {
    let table = try Table([("x", .numbers(NumberColumn((0..<100).map { Double($0) })))])
    let candidates = TableCandidates(table: table, draws: 100, logWeights: (0..<100).map { $0 == 3 ? log(99) : 0 })
    let weights = DrawWeights(candidates)
    // Half of the mass is brought to a tenth.
    #expect(abs(weights.row(0)[3] - 0.1 / 0.6) < 1e-12)
    #expect(abs(weights.row(0).reduce(0, +) - 1) < 1e-12)
    #expect(abs(weights.effectiveSizes[0] - 1 / (0.25 + 0.25 / 99)) < 1e-9)
    #expect(abs(DrawWeights(candidates, isTruncated: false).row(0)[3] - 0.5) < 1e-12)
  }

  /// A draw far beyond the data does not move a best guess beyond them, unless most draws are there.
  @Test func bestGuessesStayWhereTheDataAre() {
    #expect(WeightedNumbers([1, 2, 3, 1e9], weights: [0.25, 0.25, 0.25, 0.25]).mean(within: 0...4) == 2.5)
    #expect(WeightedNumbers([-7, 2], weights: [0.5, 0.5]).mean(within: 0...4) == 1)
  }
}
