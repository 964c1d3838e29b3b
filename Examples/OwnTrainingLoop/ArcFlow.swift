import Foundation
import Pushforward

/// A flow on the plane made of a bijection of one's own.
struct ArcFlow {
  let layout: ParameterLayout
  private let bijection: Composition<Float>

  init(layers: Int, harmonics: Int) {
    var layout = ParameterLayout()
    let parts = (0..<layers).map {
      FourierCoupling(held: $0 % 2, harmonics: harmonics, layout: &layout, name: "layers.\($0)")
    }
    bijection = Composition(parts, features: 2)
    self.layout = layout
  }

  /// `log p(x) = log N(z; 0, 1) + log |det dz/dx|`, one number a row.
  func logProb(_ x: Matrix<Float>, on tape: Tape<Float>) throws -> Variable {
    let (z, total) = try bijection.forwardWithLogDet(tape.input(x), on: tape)
    tape.accumulateStandardNormalLogDensity(z, into: total)
    return total
  }

  /// Base to data: the other direction of the same bijection.
  func decode(_ z: Matrix<Float>, on tape: Tape<Float>) throws -> Variable {
    try bijection.inverseWithLogDet(tape.input(z), on: tape).x
  }

  /// Two interleaved arcs of radius 1 with noise of 0.1, centred: what the flow is to learn.
  static func arcs(rows: Int, seed: UInt64) -> Matrix<Float> {
    let stream = RandomStream(seed: seed, purpose: .user)
    let uniform: Matrix<Double> = stream.uniform(rows: rows, columns: 2)
    let noise: Matrix<Double> = stream.split(1).normal(rows: rows, columns: 2)
    return Matrix(
      (0..<rows).map { row in
        let angle = Double.pi * uniform[row, 0]
        let isUpper = uniform[row, 1] < 0.5
        return [
          Float((isUpper ? cos(angle) : 1 - cos(angle)) - 0.5 + 0.1 * noise[row, 0]),
          Float((isUpper ? sin(angle) : 0.5 - sin(angle)) - 0.25 + 0.1 * noise[row, 1]),
        ]
      })
  }
}
