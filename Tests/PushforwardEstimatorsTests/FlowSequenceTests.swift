import Foundation
import Pushforward
import Testing

/// Hidden Markov models: flows as emissions, predictions, baselines.
@Suite struct FlowSequenceTests {
  /// Two states: in one a half moon upwards, in the other downwards; `kind` tells in most rows.
  static func moons(_ rows: Int, seed: UInt64, missing: Bool = false) throws -> Table {
    let (u, e) = (Draws.uniform(rows, 3, seed: seed), Draws.normal(rows, 2, seed: seed))
    var (x, y, kind, run): ([Double], [Double], [String?], [String]) = ([], [], [], [])
    var isUp = true
    for row in 0..<rows {
      if u[row, 0] < 0.15 { isUp.toggle() }
      let angle = Double.pi * u[row, 1]
      x.append((isUp ? 0 : 1) + cos(angle) + 0.08 * e[row, 0])
      y.append((isUp ? 1 : -1) * sin(angle) + 0.08 * e[row, 1])
      kind.append((u[row, 2] < 0.8) == isUp ? "up" : "down")
      run.append("\(row / 25)")
      if missing && row % 9 == 4 { y[row] = .nan }
      if missing && row % 10 == 7 { (x[row], y[row]) = (.nan, .nan) }
      if missing && row % 8 == 3 { kind[row] = nil }
    }
    return try Table([
      ("run", .categories(CategoryColumn(run))), ("x", .numbers(NumberColumn(x))), ("y", .numbers(NumberColumn(y))),
      ("kind", .categories(CategoryColumn(kind))),
    ])
  }

  static func options(_ emission: SequenceOptions.Emission) -> FitOptions {
    var options = FitOptions(model: .hmm, seed: 1)
    (options.sequences.column, options.sequences.states, options.sequences.emission) = ("run", 2, emission)
    options.workers = 2
    return options
  }

  static let fitted = Result { try fit(.flow) }
  static let normal = Result { try fit(.gaussian) }

  private static func fit(_ emission: SequenceOptions.Emission) throws -> SequenceModel {
    try #require(try Models.fit(moons(600, seed: 1, missing: true), options: options(emission)) as? SequenceModel)
  }

  @Test func flowsSeeWhatNormalEmissionsDoNot() throws {
    let test = try Self.moons(400, seed: 2)
    let (flow, normal) = (try Self.fitted.get(), try Self.normal.get())
    let evaluation = try flow.evaluate(test)
    #expect(evaluation.model.mean > (try normal.evaluate(test).model.mean) + 0.2)
    #expect(flow.record.heldOut > normal.record.heldOut)
    // What the states are worth, without memory or without the flow.
    let keys = evaluation.baselines.map(\.key)
    #expect(keys == ["gaussian", "independent", "gaussian_emissions"])
    #expect(evaluation.baselines.allSatisfy { $0.summary.mean < evaluation.model.mean })
  }

  @Test func filesGiveBackTheSameBits() throws {
    let (model, table) = (try Self.fitted.get(), try Self.moons(60, seed: 3, missing: true))
    let again = try Models.open(bytes: model.encoded())
    #expect(try again.encoded() == model.encoded())
    let scores = try model.score(table, workers: nil).logProb
    #expect(try again.score(table, workers: WorkerPool(workers: 2)).logProb == scores)
    #expect(scores.allSatisfy { $0.isFinite })
    #expect(try again.baselines(table).map(\.logProb) == model.baselines(table).map(\.logProb))
    let filled = try model.complete(table, seed: 1, firstRow: 0, draw: 0, workers: nil)
    #expect(filled.columns.values.allSatisfy { $0.missingCount == 0 })
    #expect(
      try again.sample(count: 30, given: nil, seed: 1, firstRow: 0, workers: nil)
        == model.sample(count: 30, given: nil, seed: 1, firstRow: 0, workers: nil))
  }

  /// log p(cell | past, other cells) is what the row's score loses when the cell is taken away.
  @Test(arguments: [false, true], ["y", "kind"]) func predictionsAreRatiosOfScores(isFlow: Bool, target: String) throws
  {
    let model = try isFlow ? Self.fitted.get() : Self.normal.get()
    let table = try Self.moons(40, seed: 4)
    let prediction = try model.predict(table, target: target, options: PredictionOptions(), workers: nil)
    let logProb = try #require(prediction.logProb)
    let whole = try model.score(table, workers: nil).logProb
    for row in [0, 7, 24, 25, 39] {
      var cells = try table.column(target)
      switch cells {
      case .numbers(let column):
        var values = column.values
        values[row] = .nan
        cells = .numbers(try NumberColumn(values))
      case .categories(let column):
        cells = .categories(CategoryColumn((0..<40).map { $0 == row ? nil : column[$0] }))
      }
      let part = try Table(table.columns.map { ($0, $0 == target ? cells : $1) })
      let without = try model.score(part, workers: nil).logProb
      #expect(abs(logProb[row] - (whole[row] - without[row])) < 1e-6)
    }
    switch prediction.answer {
    case .numbers(_, let quantiles):
      #expect(quantiles.allSatisfy { $0[0] < $0[1] && $0[1] < $0[2] })
      #expect(prediction.method == (isFlow ? .draws(200) : .exact))
    case .levels(let levels, let probabilities):
      #expect(levels == ["down", "up"])
      for row in 0..<40 {
        #expect(abs(probabilities[row].reduce(0, +) - 1) < 1e-9)
        let seen = levels.firstIndex(of: table["kind"]!.categories[row]!)!
        #expect(abs(Foundation.log(probabilities[row][seen]) - logProb[row]) < 1e-6)
      }
    }
  }

  @Test func predictionsAreCalibrated() throws {
    let table = try Self.moons(400, seed: 5)
    for model in [try Self.fitted.get(), try Self.normal.get()] {
      let prediction = try model.predict(
        table, target: "y", options: PredictionOptions(levels: [0.1, 0.9]), workers: WorkerPool(workers: 2))
      guard case .numbers(_, let quantiles) = prediction.answer else { continue }
      let values = try table.column("y").numbers!.values
      let inside = Double(values.indices.count { quantiles[$0][0] <= values[$0] && values[$0] <= quantiles[$0][1] })
      #expect(abs(inside / 400 - 0.8) < 0.1, "\(inside / 400)")
      let cdf = try #require(prediction.cdf)
      #expect(abs(mean(cdf) - 0.5) < 0.06)
    }
  }

  @Test func forecastsOfFlows() throws {
    let model = try Self.fitted.get()
    let forecast = try model.forecast(Self.moons(50, seed: 6), steps: 3, levels: [0.1, 0.5, 0.9])
    #expect(forecast.sequences.count == 6)
    for (_, answer) in forecast.columns {
      switch answer {
      case .numbers(let means, let quantiles):
        for (mean, row) in zip(means, quantiles) { #expect(mean.isFinite && row[0] < row[1] && row[1] < row[2]) }
      case .levels(_, let probabilities): #expect(probabilities.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-9 })
      }
    }
  }

  @Test func sequencesOfEncodedRows() throws {
    let table = try Self.moons(500, seed: 1)
    var own = FitOptions(model: .nsf, columns: ["x", "y"], seed: 1)
    (own.maximumEpochs, own.transforms, own.hidden) = (8, 2, [16])
    let flow = try DensityModel.fit(table, options: own)
    var inner = FitOptions(model: .hmm, seed: 1)
    (inner.sequences.column, inner.sequences.states) = ("run", 2)
    let found = try Models.stack(on: flow, table: table, options: inner)
    let stack = found.model
    #expect(stack.record.heldOut > found.flowAlone + 0.03)
    #expect(stack.traits.isSequential && stack.requiredColumns.map(\.name) == ["run", "x", "y"])
    let holes = try Self.moons(60, seed: 2, missing: true)
    let scores = try stack.score(holes, workers: nil)
    #expect(scores.logProb.indices.allSatisfy { scores.logProb[$0].isFinite == scores.scoredRows.contains($0) })
    #expect(scores.scoredRows.count < 60)
    let drawn = try stack.sample(count: 30, given: nil, seed: 1, firstRow: 0, workers: nil)
    #expect(drawn.names == ["run", "x", "y"] && drawn.rowCount == 30)
    let again = try Models.open(bytes: stack.encoded())
    #expect(try again.score(table, workers: nil).logProb == stack.score(table, workers: nil).logProb)
  }

  @Test func partsOfAStackAreTrainedTogether() throws {
    let table = try Draws.mixture(900, seed: 1)
    var own = FitOptions(model: .realNVP, seed: 1)
    (own.maximumEpochs, own.transforms, own.hidden) = (6, 2, [16])
    let flow = try DensityModel.fit(table, options: own)
    for kind in [ModelKind.gmm, .maf] {
      var inner = FitOptions(model: kind, seed: 1)
      (inner.maximumEpochs, inner.transforms, inner.hidden, inner.components) = (6, 1, [8], 2)
      let found = try Models.stack(on: flow, table: table, options: inner, fineTunes: true)
      let (before, after) = try #require(found.fineTuning)
      #expect(found.isFineTuned == (after > before))
      #expect(abs(found.model.record.heldOut - max(before, after)) < 1e-9)
      #expect(after > before - 0.1)
      #expect(try Models.open(bytes: found.model.encoded()).encoded() == found.model.encoded())
    }
    #expect(throws: EstimatorError.self) {
      try Models.stack(on: flow, table: table, options: FitOptions(model: .kde), fineTunes: true)
    }
  }
}
