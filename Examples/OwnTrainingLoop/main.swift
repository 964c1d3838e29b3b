import Foundation
import Pushforward

// Maximum likelihood on two interleaved arcs, with a bijection of one's own and a loop of one's own.

/// Arcs of radius 1 with noise of 0.1, centred.
func arcs(rows: Int, seed: UInt64) -> Matrix<Float> {
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

var layout = ParameterLayout()
let flow = Composition<Float>(
  (0..<8).map { FourierCoupling(held: $0 % 2, harmonics: 6, layout: &layout, name: "layers.\($0)") }, features: 2)

/// log p(x) = log N(z; 0, 1) + log |det dz/dx|, one number a row.
func logProb(_ x: Matrix<Float>, on tape: Tape<Float>) throws -> Variable {
  let (z, total) = try flow.forwardWithLogDet(tape.input(x), on: tape)
  tape.accumulateStandardNormalLogDensity(z, into: total)
  return total
}

let (training, heldOut) = (arcs(rows: 4000, seed: 1), arcs(rows: 2000, seed: 2))
var parameters = Parameters<Float>(layout: layout, seed: 3)
var gradient = Parameters<Float>.zeros(layout: layout)
var optimizer = AdamW<Float>(layout: layout, clipNorm: 5)
let tape = Tape<Float>(recordsGradients: true)
let scorer = Tape<Float>()

func heldOutMean() throws -> Double {
  try parameters.withUnsafePointer {
    scorer.begin(rows: heldOut.rows, parameters: $0)
    return scorer.matrix(try logProb(heldOut, on: scorer)).values.reduce(0) { $0 + Double($1) } / Double(heldOut.rows)
  }
}

let (epochs, batch) = (40, 250)
for epoch in 0..<epochs {
  // A rate that falls along a cosine.
  optimizer.rate = 5e-3 * (1 + cos(.pi * Double(epoch) / Double(epochs)))
  let order = RandomStream(seed: 4, purpose: .shuffle).permutation(count: training.rows, round: UInt64(epoch))
  for start in stride(from: 0, to: training.rows, by: batch) {
    let rows = training.selectingRows(order[start..<start + batch].map(Int.init))
    _ = try tape.mean(rows: batch, parameters: parameters, gradient: &gradient) { tape in
      tape.affine(try logProb(rows, on: tape), scale: -1)
    }
    optimizer.step(&parameters, gradient: &gradient)
  }
  if epoch % 10 == 9 { print("epoch \(epoch + 1): held out \(try heldOutMean()) nats a row") }
}

// Draws: base to data, the other direction of the same bijection.
let drawn = try parameters.withUnsafePointer { numbers in
  let z: Matrix<Float> = RandomStream(seed: 5, purpose: .user).normal(rows: 5, columns: 2)
  scorer.begin(rows: z.rows, parameters: numbers)
  return scorer.matrix(try flow.inverseWithLogDet(scorer.input(z), on: scorer).x)
}
for row in 0..<drawn.rows { print("drawn: \(drawn[row, 0]), \(drawn[row, 1])") }
