import Foundation
import Pushforward
import Testing

/// Single precision, after training, on rows far outside the data: always finite, and exact where the inverse is well
/// conditioned.
@Suite struct RoundTripTests {
  /// A chain of columns, each around the sine of the one before: smooth, not normal, of any dimension; standardised.
  private func chain(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix<Float> {
    let e = Draws.normal(rows, columns, seed: seed)
    var x = e
    for row in 0..<rows {
      for column in 1..<columns {
        let before = x[row, column - 1]
        x[row, column] = sin(2 * before) + (0.2 + 0.3 * abs(before)) * e[row, column]
      }
    }
    for column in 0..<columns {
      let values = x.column(column)
      let center = mean(values)
      let scale = mean(values.map { ($0 - center) * ($0 - center) }).squareRoot()
      for row in 0..<rows { x[row, column] = (x[row, column] - center) / scale }
    }
    return x.converted()
  }

  @Test(arguments: [FlowFamily.maf, .nsf, .realNVP, .nsfCoupling], [6, 21])
  func farOutside(family: FlowFamily, columns: Int) throws {
    let size = FlowFamily.Size(
      transforms: family == .realNVP ? 8 : 5, network: NetworkSettings(hidden: [32, 32], activation: .silu))
    let start = try Flow<Float>(family.specification(features: columns, size: size), seed: 1)
    var settings = TrainingSettings()
    (settings.maximumEpochs, settings.learningRate, settings.averageDecay) = (10, 2e-3, 0.98)
    let data = chain(2048, columns, seed: 1)
    let trainer = try Trainer(
      objective: MaximumLikelihood(start.network), training: MatrixSource(data), settings: settings)
    let trained = try trainer.run(from: start.parameters)
    let flow = Flow(network: start.network, parameters: trained.parameters)
    for scale in [Float(1), 3, 1e6] {
      var rows = scale == 1 ? chain(300, columns, seed: 2) : Draws.normal(300, columns, seed: 3).converted()
      rows.values = rows.values.map { $0 * scale }
      let report = try RoundTripReport(flow, rows: rows)
      let summary = "\(family.rawValue), \(columns) columns, scale \(scale): \(report)"
      if ProcessInfo.processInfo.environment["PUSHFORWARD_SHOW_FIGURES"] != nil { print(summary) }
      #expect(report.nonFiniteCount == 0, "\(summary)")
      #expect(report.wellConditionedMaximum < 1e-3, "\(summary)")
      // The networks see such rows drawn in to less than 20: they neither grow nor lose digits.
      if scale == 1e6 { #expect(report.maximumError < 1e-4, "\(summary)") }
      if scale == 1 { #expect(report.wellConditionedCount > 290 && report.medianError < 1e-5, "\(summary)") }
    }
  }
}
