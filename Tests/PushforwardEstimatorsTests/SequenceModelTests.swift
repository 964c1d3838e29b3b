import Foundation
import Pushforward
import Testing

/// Hidden Markov models of tables.
@Suite struct SequenceModelTests {
  private func table(missing: Bool = false) throws -> Table {
    var (x, level, run): ([Double], [String?], [String?]) = ([], [], [])
    let noise = RandomStream(seed: 8, purpose: .test).normal(rows: 240, columns: 1, as: Double.self)
    for row in 0..<240 {
      let high = row / 7 % 2 == 0
      x.append(missing && row % 11 == 3 ? .nan : (high ? 5 : 0) + noise[row, 0])
      level.append(missing && row % 13 == 5 ? nil : high && row % 5 != 0 ? "up" : "down")
      run.append("run \(row / 40)")
    }
    return try Table([
      ("run", .categories(CategoryColumn(run))), ("x", .numbers(NumberColumn(x))),
      ("level", .categories(CategoryColumn(level))),
    ])
  }

  private func fit(_ table: Table, sequence: String? = "run", states: Int? = 2) throws -> SequenceModel {
    var options = FitOptions(model: .hmm)
    options.sequences.column = sequence
    options.sequences.states = states
    if sequence == nil { options.columns = ["x", "level"] }
    return try #require(try Models.fit(table, options: options) as? SequenceModel)
  }

  @Test func rowsSumToTheirSequences() throws {
    let table = try table()
    let model = try fit(table)
    #expect(model.columns == ["x", "level"])
    let scores = try model.score(table, workers: nil).logProb
    let sums = try model.scoreSequences(table)
    #expect(sums.count == 6 && sums[2].name == "run 2")
    for sum in sums { #expect(abs(sum.logProb - sum.rows.reduce(0) { $0 + scores[$1] }) < 1e-9) }
    // A sequence's scores do not depend on the others.
    let alone = try model.score(table.selecting(rows: 80..<120), workers: nil).logProb
    #expect(zip(alone, scores[80..<120]).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(model.record.heldOut.isFinite && model.record.heldOut > -3)
  }

  @Test func statesAreFound() throws {
    let table = try table(missing: true)
    for sequence in ["run", nil] {
      let model = try fit(table, sequence: sequence)
      let states = try model.states(table)
      let high = Int32(states.path[0])
      let right = (0..<240).count { (states.path[$0] == high) == ($0 / 7 % 2 == 0) }
      #expect(right >= 236)
      #expect(try model.score(table, workers: nil).logProb.allSatisfy { $0.isFinite })
    }
  }

  @Test func filesGiveBackTheSameBits() throws {
    let table = try table(missing: true)
    let model = try fit(table, states: nil)
    let again = try Models.open(bytes: model.encoded())
    #expect(try again.score(table, workers: nil).logProb == model.score(table, workers: nil).logProb)
    #expect(try again.encoded() == model.encoded())
    #expect(
      try again.sample(count: 30, given: nil, seed: 1, firstRow: 0, workers: nil)
        == model.sample(count: 30, given: nil, seed: 1, firstRow: 0, workers: nil))
  }

  @Test func samplesAreSequences() throws {
    let model = try fit(table())
    let drawn = try model.sampleSequences(count: 3, length: 10, seed: 2)
    #expect(drawn.names == ["run", "x", "level"] && drawn.rowCount == 30)
    let usual = try model.sampleSequences(count: 2, seed: 2)
    #expect(usual.rowCount == 80)
    let rows = try model.sample(count: 100, given: nil, seed: 2, firstRow: 0, workers: nil)
    let later = try model.sample(count: 50, given: nil, seed: 2, firstRow: 50, workers: nil)
    #expect(try later.column("x").numbers?.values == Array(rows.column("x").numbers!.values[50...]))
    #expect(try model.score(rows, workers: nil).logProb.allSatisfy { $0.isFinite })
  }

  @Test func missingCellsAreDrawnAndForecastsMade() throws {
    let table = try table(missing: true)
    let model = try fit(table)
    let filled = try model.complete(table, seed: 1, firstRow: 0, draw: 0, workers: nil)
    #expect(filled.columns.values.allSatisfy { $0.missingCount == 0 })
    let forecast = try model.forecast(table, steps: 2, levels: [0.1, 0.5, 0.9])
    #expect(forecast.sequences.count == 12 && Array(forecast.steps.prefix(4)) == [1, 2, 1, 2])
    for (_, answer) in forecast.columns {
      switch answer {
      case .numbers(let means, let quantiles):
        for (mean, row) in zip(means, quantiles) { #expect(mean.isFinite && row[0] < row[1] && row[1] < row[2]) }
      case .levels(let levels, let probabilities):
        #expect(levels == ["down", "up"])
        for row in probabilities { #expect(abs(row.reduce(0, +) - 1) < 1e-9) }
      }
    }
  }

  @Test func brokenSequencesAreErrors() throws {
    let table = try table()
    let model = try fit(table)
    let mixed = table.selecting(rows: [0, 1, 50, 2])
    #expect(throws: EstimatorError.self) { try model.score(mixed, workers: nil) }
    var options = FitOptions(model: .hmm)
    options.sequences.column = "nowhere"
    #expect(throws: TableError.self) { try Models.fit(table, options: options) }
    options.sequences.column = "run"
    options.given = ["level"]
    #expect(throws: EstimatorError.self) { try Models.fit(table, options: options) }
  }

  @Test func poorTablesAreFitted() throws {
    let one = try Table(numbers: ["x": [1, 2], "y": [5, 3]])
    for table in [one.selecting(rows: 0..<2), one.selecting(rows: [0, 0, 0, 1])] {
      var options = FitOptions(model: .hmm)
      options.sequences.states = 3
      let model = try Models.fit(table, options: options)
      #expect(try model.score(table, workers: nil).logProb.allSatisfy { $0.isFinite })
    }
  }
}
