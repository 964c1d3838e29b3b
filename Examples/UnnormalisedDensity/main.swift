import Foundation
import Pushforward

// A density known up to a factor: f(x) = exp(-x0^2 / 2 - 2 (x1 - x0^2)^2), a banana. Its integral is pi. A flow q is
// fitted to it by reverse Kullback-Leibler divergence; nothing but log f is needed, no data.

@Sendable func logDensity(_ x: Variable, _ tape: Tape<Float>) -> Variable {
  let (first, second) = (tape.select(x, features: [0]), tape.select(x, features: [1]))
  let bend = tape.square(tape.subtract(second, tape.square(first)))
  return tape.add(tape.affine(tape.square(first), scale: -0.5), tape.affine(bend, scale: -2))
}

let size = FlowFamily.Size(transforms: 6, network: NetworkSettings(hidden: [32, 32], activation: .silu))
let start = try Flow<Float>(FlowFamily.realNVP.specification(features: 2, size: size), seed: 1)
var settings = TrainingSettings()
(settings.maximumEpochs, settings.batchSize, settings.learningRate) = (20, 256, 3e-3)
let trainer = try Trainer(
  objective: ReverseKL(start.network, logDensity: logDensity), training: DrawSource<Float>(rowsPerEpoch: 256 * 20),
  heldOut: DrawSource<Float>(rowsPerEpoch: 4096), settings: settings)
let result = try trainer.run(from: start.parameters)
let flow = Flow(network: start.network, parameters: result.parameters)

// log w = log f(x) - log q(x) at draws of q: its mean is the bound, log of the mean of w the integral's logarithm.
let count = 20_000
let x = try flow.sample(count: count, seed: 7)
let tape = Tape<Float>()
tape.begin(rows: count, parameters: nil)
let logF = tape.matrix(logDensity(try tape.input(x), tape)).values
let logWeights = zip(logF, try flow.logProb(x)).map { Double($0 - $1) }
let bound = logWeights.reduce(0, +) / Double(count)
let logIntegral = log(logWeights.reduce(0) { $0 + exp($1) } / Double(count))

print("log of the integral: \(logIntegral), exactly \(log(Double.pi))")
print("divergence KL(q | f): \(logIntegral - bound) nats")
let mean = (0..<2).map { x.column($0).reduce(0) { $0 + Double($1) } / Double(count) }
print("mean of the draws: \(mean[0]), \(mean[1]), exactly 0, 1")
for row in 0..<3 { print("drawn: \(x[row, 0]), \(x[row, 1])") }
