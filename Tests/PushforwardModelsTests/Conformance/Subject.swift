import PushforwardCore
import PushforwardModels

/// A direction of a bijection.
enum Direction: String, CaseIterable, Sendable {
  case forward, inverse

  var opposite: Direction { self == .forward ? .inverse : .forward }
}

/// A bijection with parameters, under test.
struct Subject<Scalar: TileScalar> {
  let bijection: any Bijection<Scalar>
  var parameters: Parameters<Scalar>

  func isDifferentiable(_ direction: Direction) -> Bool {
    direction == .forward ? bijection.forwardIsDifferentiable : bijection.inverseIsDifferentiable
  }

  /// Value and log-determinant of one direction on plain rows.
  func apply(
    _ direction: Direction, _ x: Matrix<Scalar>, context: Matrix<Scalar>?, wide: Bool = false, training: Bool = false
  ) throws -> (value: Matrix<Scalar>, logAbsDet: [Scalar]) {
    try parameters.withUnsafePointer { pointer in
      let tape = Tape<Scalar>()
      tape.isTraining = training
      tape.begin(rows: x.rows, parameters: pointer, wide: wide)
      let (input, given) = (try tape.input(x), try context.map { try tape.input($0) })
      let (value, logAbsDet) = try run(direction, input, given, tape)
      return (tape.matrix(value), tape.matrix(logAbsDet).values)
    }
  }

  private func run(
    _ direction: Direction, _ x: Variable, _ context: Variable?, _ tape: Tape<Scalar>
  ) throws -> (Variable, Variable) {
    switch direction {
    case .forward: try bijection.forwardWithLogDet(x, context: context, on: tape)
    case .inverse: try bijection.inverseWithLogDet(x, context: context, on: tape)
    }
  }

  /// Derivatives of `sum(weights * value) + sum(logDetWeights * logAbsDet)`.
  func gradients(
    _ direction: Direction, _ x: Matrix<Scalar>, context: Matrix<Scalar>?, weights: Matrix<Scalar>,
    logDetWeights: [Scalar], training: Bool = false
  ) throws -> (input: Matrix<Scalar>, context: Matrix<Scalar>?, parameters: Parameters<Scalar>) {
    var result = Parameters<Scalar>.zeros(layout: parameters.layout)
    let (input, given) = try parameters.withUnsafePointer { pointer in
      try result.withUnsafeMutablePointer { gradients in
        let tape = Tape<Scalar>(recordsGradients: true)
        tape.isTraining = training
        tape.begin(rows: x.rows, parameters: pointer, gradients: gradients)
        let input = try tape.input(x, needsGradient: true)
        let given = try context.map { try tape.input($0, needsGradient: true) }
        let (value, logAbsDet) = try run(direction, input, given, tape)
        let first = tape.sumFeatures(tape.multiply(value, try tape.input(weights)))
        let second = tape.multiply(
          logAbsDet, try tape.input(Matrix(rows: x.rows, columns: 1, values: logDetWeights)))
        tape.backward(from: tape.add(first, second))
        return (tape.gradientMatrix(input), given.map { tape.gradientMatrix($0) })
      }
    }
    return (input, given, result)
  }
}
