import PushforwardCore

/// Compares a tape function's derivatives with central differences in Double.
struct GradientCheck {
  /// Rows of data: 1 (the single-row layout), a short tile, and more than a tile.
  static let rowCounts = [1, 3, 67]

  var inputs: [Matrix<Double>]
  var parameters = Parameters<Double>.zeros(layout: ParameterLayout())
  /// Columns of a slice's rows that count; the others must have a zero gradient.
  var used: (ParameterSlice, Int) -> Int = { slice, _ in slice.columns }
  var isTraining = false
  let function: (Tape<Double>, [Variable]) throws -> Variable

  /// One number: a weighted sum of the real rows of the result.
  private func total(_ inputs: [Matrix<Double>], _ parameters: Parameters<Double>) throws -> Double {
    try parameters.withUnsafePointer { pointer in
      let tape = Tape<Double>()
      tape.isTraining = isTraining
      tape.begin(rows: inputs[0].rows, parameters: pointer)
      let result = tape.matrix(try function(tape, try inputs.map { try tape.input($0) }))
      let weights = Self.weights(result.rows, result.columns)
      return zip(result.values, weights.values).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  private static func weights(_ rows: Int, _ columns: Int) -> Matrix<Double> {
    RandomStream(seed: 77, purpose: .test).normal(rows: rows, columns: columns)
  }

  /// What disagrees, empty if nothing does.
  ///
  /// At most 40 numbers of each input are checked.
  func failures(tolerance: Double = 1e-6) throws -> [String] {
    var gradients = Parameters<Double>.zeros(layout: parameters.layout)
    let found: [Matrix<Double>] = try parameters.withUnsafePointer { pointer in
      try gradients.withUnsafeMutablePointer { out in
        let tape = Tape<Double>(recordsGradients: true)
        tape.isTraining = isTraining
        tape.begin(rows: inputs[0].rows, parameters: pointer, gradients: out)
        let variables = try inputs.map { try tape.input($0, needsGradient: true) }
        let result = try function(tape, variables)
        let weights = try tape.input(Self.weights(inputs[0].rows, result.features))
        tape.backward(from: tape.sumFeatures(tape.multiply(result, weights)))
        return variables.map { tape.gradientMatrix($0) }
      }
    }
    var failures: [String] = []
    func compare(_ analytic: Double, _ what: String, _ moved: (Double) throws -> Double) throws {
      let h = 1e-4
      let numeric = (8 * (try moved(h) - moved(-h)) - (try moved(2 * h) - moved(-2 * h))) / (12 * h)
      if !(abs(analytic - numeric) <= tolerance * max(1, abs(numeric))) {
        failures.append("\(what): gradient \(analytic), by differences \(numeric)")
      }
    }
    for (number, input) in inputs.enumerated() {
      let step = max(1, input.values.count / 40)
      for index in stride(from: 0, to: input.values.count, by: step) {
        try compare(found[number].values[index], "input \(number)[\(index)]") { h in
          var moved = inputs
          moved[number].values[index] += h
          return try total(moved, parameters)
        }
      }
    }
    for slice in parameters.layout.slices where slice.role != .statistic && slice.role != .constant {
      let analytic = gradients[slice]
      for index in 0..<slice.count {
        if index % slice.columns >= used(slice, index / slice.columns) {
          if analytic[index] != 0 { failures.append("\(slice.name)[\(index)] is masked, gradient \(analytic[index])") }
          continue
        }
        try compare(analytic[index], "\(slice.name)[\(index)]") { h in
          var moved = parameters
          var values = moved[slice]
          values[index] += h
          moved[slice] = values
          return try total(inputs, moved)
        }
      }
    }
    return failures.count > 4 ? failures.prefix(4) + ["and \(failures.count - 4) more"] : failures
  }
}

/// Standard normal rows.
func normalRows(_ rows: Int, _ columns: Int, seed: UInt64 = 1, scale: Double = 1) -> Matrix<Double> {
  var matrix: Matrix<Double> = RandomStream(seed: seed, purpose: .test).normal(rows: rows, columns: columns)
  matrix.values = matrix.values.map { $0 * scale }
  return matrix
}

/// Uniform rows within a range.
func uniformRows(_ rows: Int, _ columns: Int, in range: ClosedRange<Double>, seed: UInt64 = 1) -> Matrix<Double> {
  var matrix: Matrix<Double> = RandomStream(seed: seed, purpose: .test).uniform(rows: rows, columns: columns)
  matrix.values = matrix.values.map { range.lowerBound + (range.upperBound - range.lowerBound) * $0 }
  return matrix
}
