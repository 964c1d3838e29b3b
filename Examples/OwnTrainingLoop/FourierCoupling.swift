import Pushforward

/// A bijection of one's own: `z[1-held] = x[1-held] exp(s) + t`, where the log-scale s and the shift t are trigonometric
/// polynomials of the feature that is held, `tanh` keeping s within 2.
///
/// All that it takes: parameters in a layout, and both directions in tape operations. The tape derives the gradients.
struct FourierCoupling: Bijection {
  let features = 2
  /// The feature that is left alone.
  let held: Int
  /// Harmonics of the polynomials.
  let harmonics: Int
  private let coefficients: LinearOperation<Float>

  init(held: Int, harmonics: Int, layout: inout ParameterLayout, name: String) {
    self.held = held
    self.harmonics = harmonics
    let weight = layout.add("\(name).weight", rows: 2, columns: 2 * harmonics, initializer: .normal(deviation: 0.05))
    let bias = layout.add("\(name).bias", rows: 2, role: .bias)
    coefficients = LinearOperation(weight: weight, bias: bias)
  }

  func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Float>
  ) throws -> Variable {
    try check(x, context: context)
    let (still, moved) = (tape.select(x, features: [held]), tape.select(x, features: [1 - held]))
    let (logScale, shift) = try polynomials(still, on: tape)
    tape.accumulate(logScale, into: logAbsDet)
    return joined(still, tape.add(tape.multiply(moved, tape.exp(logScale)), shift), on: tape)
  }

  func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Float>
  ) throws -> Variable {
    try check(z, context: context)
    let (still, moved) = (tape.select(z, features: [held]), tape.select(z, features: [1 - held]))
    let (logScale, shift) = try polynomials(still, on: tape)
    tape.accumulate(logScale, into: logAbsDet, scale: -1)
    return joined(still, tape.multiply(tape.subtract(moved, shift), tape.exp(tape.apply(.negate, logScale))), on: tape)
  }

  /// s and t at the held feature.
  private func polynomials(_ x: Variable, on tape: Tape<Float>) throws -> (logScale: Variable, shift: Variable) {
    var waves: Variable?
    for k in 1...harmonics {
      let angle = tape.affine(x, scale: 0.7 * Double(k))
      let pair = tape.concatenate(tape.apply(.sine, angle), tape.apply(.cosine, angle))
      waves = waves.map { tape.concatenate($0, pair) } ?? pair
    }
    let sums = try tape.linear(coefficients, waves!)
    let logScale = tape.affine(tape.apply(.tanh, tape.select(sums, features: [0])), scale: 2)
    return (logScale, tape.select(sums, features: [1]))
  }

  private func joined(_ still: Variable, _ moved: Variable, on tape: Tape<Float>) -> Variable {
    held == 0 ? tape.concatenate(still, moved) : tape.concatenate(moved, still)
  }
}
