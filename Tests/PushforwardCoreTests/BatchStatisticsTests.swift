import PushforwardCore
import Testing

@Suite struct BatchStatistics {
  /// Output, and what lands in the statistics' gradient slots.
  private func run(
    _ x: Matrix<Double>, isTraining: Bool
  ) throws -> (y: Matrix<Double>, logAbsDet: [Double], mean: [Double], variance: [Double]) {
    var layout = ParameterLayout()
    let logScale = layout.add("scale", rows: x.columns, role: .bias)
    let shift = layout.add("shift", rows: x.columns, role: .bias)
    let mean = layout.add("mean", rows: x.columns, role: .statistic)
    let variance = layout.add("variance", rows: x.columns, role: .statistic, initializer: .constant(1))
    let operation = BatchNormalizationOperation<Double>(
      logScale: logScale, shift: shift, mean: mean, variance: variance, epsilon: 0, inverse: false)
    let parameters = Parameters<Double>(layout: layout)
    var gradients = Parameters<Double>.zeros(layout: layout)
    let (y, logAbsDet) = try parameters.withUnsafePointer { pointer in
      try gradients.withUnsafeMutablePointer { out in
        let tape = Tape<Double>(recordsGradients: true)
        tape.isTraining = isTraining
        tape.begin(rows: x.rows, parameters: pointer, gradients: out)
        let total = tape.makeZeros(features: 1)
        let y = tape.record(operation, try tape.input(x), outputFeatures: x.columns, accumulator: total)
        tape.backward(from: tape.add(tape.sumFeatures(y), total))
        return (tape.matrix(y), tape.matrix(total).values)
      }
    }
    return (y, logAbsDet, gradients[mean], gradients[variance])
  }

  @Test(arguments: [2, 64, 67, 130]) func trainingNormalizesByTheRealRows(_ rows: Int) throws {
    var x = normalRows(rows, 2, scale: 3)
    // A last row far out: padding, which repeats it, would show.
    x[rows - 1, 0] = 50
    let result = try run(x, isTraining: true)
    for column in 0..<2 {
      let values = x.column(column)
      let mean = values.reduce(0, +) / Double(rows)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      #expect(abs(result.mean[column] - mean) < 1e-12)
      #expect(abs(result.variance[column] - squares / Double(rows - 1)) < 1e-10 * squares)
      let normalized = result.y.column(column)
      #expect(abs(normalized.reduce(0, +) / Double(rows)) < 1e-12)
      #expect(abs(normalized.reduce(0) { $0 + $1 * $1 } / Double(rows) - 1) < 1e-12)
    }
  }

  @Test func outsideTrainingNothingIsCollected() throws {
    let x = normalRows(5, 2)
    let result = try run(x, isTraining: false)
    #expect(result.y == x)
    #expect(result.mean == [0, 0] && result.variance == [0, 0])
  }

  @Test func oneRowLeavesTheRunningVariance() throws {
    // Running variance 1, as the layout starts it.
    #expect(try run(normalRows(1, 2), isTraining: true).variance == [1, 1])
  }
}
