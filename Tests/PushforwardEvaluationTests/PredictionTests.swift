import Foundation
import PushforwardEvaluation
import Testing

/// Scores of predictions against values worked out by hand or in closed form.
@Suite struct PredictionTests {
  @Test func aUniformForecastScoresAsKnown() {
    // F uniform on (0, 1): CRPS(F, y) = y^2 / 3 + (1 - y)^3 / 3 + ... = (y^3 + (1 - y)^3) / 3 for y inside.
    let truth = [0.0, 0.25, 0.5, 0.9]
    let rows = truth.map { _ in QuantityPrediction.levels }
    let found = QuantityPrediction(
      truth: truth, means: truth.map { _ in 0.5 }, quantiles: rows, cdf: truth, logProb: truth.map { _ in 0 })
    let exact = truth.reduce(0) { $0 + (pow($1, 3) + pow(1 - $1, 3)) / 3 } / 4
    #expect(abs(found.rankedProbabilityScore - exact) < 1e-3)
    #expect(abs(found.meanAbsoluteError - 1.15 / 4) < 1e-12)
    #expect(found.coverage.map(\.found) == [0.5, 0.75, 0.75, 0.75])
    #expect(found.uniformityDistance == 0.25)
  }

  @Test func uniformPlacesPassAndOthersDoNot() {
    func judged(_ places: [Double]) -> Double {
      QuantityPrediction(
        truth: places, means: places, quantiles: places.map { _ in QuantityPrediction.levels }, cdf: places,
        logProb: nil
      ).uniformityProbability ?? .nan
    }
    let even = (0..<1000).map { (Double($0) + 0.5) / 1000 }
    #expect(judged(even) > 0.999)
    #expect(judged(even.map { $0 * $0 }) < 1e-6)
  }

  @Test func categories() {
    let found = CategoryPrediction(truth: [0, 1, nil], probabilities: [[0.8, 0.2], [0.6, 0.4], [0.5, 0.5]])
    #expect(found.unseenCount == 1)
    #expect(abs(found.accuracy - 1.0 / 3) < 1e-12)
    #expect(abs(found.logLoss + (log(0.8) + log(0.4) + log(1e-300)) / 3) < 1e-9)
    #expect(abs(found.brierScore - (0.08 + 0.72 + 1.5) / 3) < 1e-12)
    var pieces = CategoryPrediction(truth: [0], probabilities: [[0.8, 0.2]])
    pieces.add(CategoryPrediction(truth: [1, nil], probabilities: [[0.6, 0.4], [0.5, 0.5]]))
    #expect(abs(pieces.brierScore - found.brierScore) < 1e-12 && abs(pieces.logLoss - found.logLoss) < 1e-9)
    #expect(abs(pieces.calibrationError - found.calibrationError) < 1e-12 && pieces.rowCount == 3)
    let weighted = CategoryPrediction(truth: [0, 1], probabilities: [[0.8, 0.2], [0.6, 0.4]], weights: [2, 0])
    #expect(weighted.accuracy == 1 && abs(weighted.calibrationError - 0.2) < 1e-12)
  }
}
