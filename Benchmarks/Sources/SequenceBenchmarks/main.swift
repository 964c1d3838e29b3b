import Foundation
import Pushforward

// Seconds of a hidden Markov model's work, one thread: the shapes of Benchmarks/sequences.py, which calls this program.
//
//   SequenceBenchmarks ROWS STATES COLUMNS ROUNDS
let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
guard arguments.count == 4 else {
  print("usage: SequenceBenchmarks ROWS STATES COLUMNS ROUNDS")
  exit(2)
}
let (rows, states, columns, rounds) = (arguments[0], arguments[1], arguments[2], arguments[3])
let means = RandomStream(seed: 1, purpose: .test).normal(rows: states, columns: columns, as: Double.self).values
var covariances = [Double](repeating: 0, count: states * columns * columns)
for state in 0..<states { for j in 0..<columns { covariances[(state * columns + j) * columns + j] = 1 } }
var transition = [Double](repeating: 0.1 / Double(states), count: states * states)
for state in 0..<states { transition[state * (states + 1)] += 0.9 }
let truth = try HiddenMarkovModel(
  chain: MarkovChain(initial: [Double](repeating: 1, count: states), transition: transition),
  emission: ComponentEmission(
    GaussianMixture(
      features: columns, weights: [Double](repeating: 1, count: states), means: means.map { 2 * $0 }, kind: .full,
      covariances: covariances)))
let data = truth.sample(length: rows, seed: 1).rows
let sequences = try SequenceLayout(lengths: [rows])

func seconds(_ work: () throws -> Void) rethrows -> Double {
  var best = Double.infinity
  for _ in 0..<3 {
    let start = ContinuousClock().now
    try work()
    let passed = (ContinuousClock().now - start).components
    best = min(best, Double(passed.seconds) + Double(passed.attoseconds) * 1e-18)
  }
  return best
}

let score = try seconds { _ = try truth.logProb(data, sequences) }
let posterior = try seconds { _ = try truth.posterior(data, sequences) }
let viterbi = try seconds { _ = try truth.viterbi(data, sequences) }
var options = HiddenMarkovOptions()
options.training.maximumRounds = rounds
options.training.tolerance = -.infinity
let fit = try seconds {
  _ = try ComponentHiddenMarkovModel.fit(data, sequences, states: states, options: options, start: truth)
}
print("{\"score\": \(score), \"posterior\": \(posterior), \"viterbi\": \(viterbi), \"fit\": \(fit)}")
