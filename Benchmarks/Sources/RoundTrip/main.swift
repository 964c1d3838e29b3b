import Foundation
import Pushforward

// How well flows undo themselves in single precision, after training, on rows far outside the data.
//
//     swift run -c release --package-path Benchmarks RoundTrip
//
// Trained like the peers of which the issue tells: 500 steps of 256 rows of a chain of sine-coupled columns, two hidden
// layers of 128, five transforms (RealNVP: eight), splines of 8 bins on [-5, 5].

/// Each column around the sine of the one before, standardised.
func chain(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix<Float> {
  var x: Matrix<Double> = RandomStream(seed: seed, purpose: .user).normal(rows: rows, columns: columns)
  for row in 0..<rows {
    for column in 1..<columns {
      let before = x[row, column - 1]
      x[row, column] = sin(2 * before) + (0.2 + 0.3 * abs(before)) * x[row, column]
    }
  }
  for column in 0..<columns {
    let values = x.column(column)
    let center = values.reduce(0, +) / Double(rows)
    let scale = (values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(rows)).squareRoot()
    for row in 0..<rows { x[row, column] = (x[row, column] - center) / scale }
  }
  return x.converted()
}

func text(_ value: Double) -> String { String(format: "%.1e", value) }

print("| flow | columns | rows | not finite | median error | largest error | well conditioned | largest among these |")
print("|---|---|---|---|---|---|---|---|")
for family in [FlowFamily.maf, .nsf, .realNVP, .nsfCoupling] {
  for columns in [6, 21] {
    let size = FlowFamily.Size(transforms: family == .realNVP ? 8 : 5, network: NetworkSettings(hidden: [128, 128]))
    let start = try Flow<Float>(family.specification(features: columns, size: size), seed: 1)
    var settings = TrainingSettings()
    (settings.batchSize, settings.maximumEpochs, settings.learningRate) = (256, 10, 1e-3)
    let trainer = try Trainer(
      objective: MaximumLikelihood(start.network), training: MatrixSource(chain(12_800, columns, seed: 1)),
      settings: settings)
    let flow = Flow(network: start.network, parameters: try trainer.run(from: start.parameters).parameters)
    let normal: Matrix<Float> = RandomStream(seed: 7, purpose: .user).normal(rows: 1000, columns: columns)
    for (name, factor) in [("data", Float(0)), ("normal x 3", 3), ("normal x 1e6", 1e6)] {
      var rows = factor == 0 ? chain(1000, columns, seed: 2) : normal
      if factor > 0 { rows.values = rows.values.map { $0 * factor } }
      let report = try RoundTripReport(flow, rows: rows)
      print(
        "| \(family.rawValue) | \(columns) | \(name) | \(report.nonFiniteCount) | \(text(report.medianError)) "
          + "| \(text(report.maximumError)) | \(report.wellConditionedCount) of \(report.rowCount) "
          + "| \(text(report.wellConditionedMaximum)) |")
    }
  }
}
