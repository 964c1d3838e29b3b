import Foundation
import Pushforward

// Maximum likelihood on two interleaved arcs, with a bijection of one's own and a loop of one's own.
let flow = ArcFlow(layers: 8, harmonics: 6)
let (training, heldOut) = (ArcFlow.arcs(rows: 4000, seed: 1), ArcFlow.arcs(rows: 2000, seed: 2))
var parameters = Parameters<Float>(layout: flow.layout, seed: 3)
var gradient = Parameters<Float>.zeros(layout: flow.layout)
var optimizer = AdamW<Float>(layout: flow.layout, clipNorm: 5)
let tape = Tape<Float>(recordsGradients: true)
let inference = Tape<Float>()

let (epochs, batch) = (40, 250)
for epoch in 0..<epochs {
  // A rate that falls along a cosine.
  optimizer.rate = 5e-3 * (1 + cos(.pi * Double(epoch) / Double(epochs)))
  let order = RandomStream(seed: 4, purpose: .shuffle).permutation(count: training.rows, round: UInt64(epoch))
  for start in stride(from: 0, to: training.rows, by: batch) {
    let rows = training.selectingRows(order[start..<start + batch].map(Int.init))
    _ = try tape.mean(rows: batch, parameters: parameters, gradient: &gradient) { tape in
      tape.affine(try flow.logProb(rows, on: tape), scale: -1)
    }
    optimizer.step(&parameters, gradient: &gradient)
  }
  if epoch % 10 == 9 {
    let scores = try inference.matrix(rows: heldOut.rows, parameters: parameters) { try flow.logProb(heldOut, on: $0) }
    let mean = scores.values.reduce(0) { $0 + Double($1) } / Double(heldOut.rows)
    print("epoch \(epoch + 1): held out \(mean) nats a row")
  }
}

let z: Matrix<Float> = RandomStream(seed: 5, purpose: .user).normal(rows: 5, columns: 2)
let drawn = try inference.matrix(rows: z.rows, parameters: parameters) { try flow.decode(z, on: $0) }
for row in 0..<drawn.rows { print("drawn: \(drawn[row, 0]), \(drawn[row, 1])") }
