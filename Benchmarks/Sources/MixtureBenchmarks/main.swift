// Times rounds of expectation and maximisation of a Gaussian mixture, and scoring, from a given start.
//
//   MixtureBenchmarks ROWS COLUMNS COMPONENTS ROUNDS full|diagonal
//
// Prints one JSON line for one worker and one for all. Benchmarks/mixtures/gmm.py does the same with scikit-learn.
import Pushforward

let arguments = CommandLine.arguments
guard arguments.count == 6, let rows = Int(arguments[1]), let columns = Int(arguments[2]),
  let count = Int(arguments[3]),
  let rounds = Int(arguments[4]), let kind = CovarianceKind(rawValue: arguments[5]), kind == .full || kind == .diagonal
else {
  print("usage: MixtureBenchmarks ROWS COLUMNS COMPONENTS ROUNDS full|diagonal")
  throw EngineError.invalidSetting(name: "arguments", expected: "five", found: "\(arguments.count - 1)")
}

let centres: Matrix<Double> = RandomStream(seed: 1, purpose: .user).normal(rows: count, columns: columns)
var x: Matrix<Double> = RandomStream(seed: 2, purpose: .user).normal(rows: rows, columns: columns)
for row in 0..<rows {
  for column in 0..<columns { x[row, column] += 2 * centres[row % count, column] }
}
let data = try MixtureRows(numbers: x)
let identity = (0..<columns * columns).map { $0 / columns == $0 % columns ? 1.0 : 0 }
let start = try GaussianMixture(
  features: columns, weights: [Double](repeating: 1, count: count), means: Array(x.values[0..<count * columns]),
  kind: kind,
  covariances: kind == .full
    ? (0..<count).flatMap { _ in identity } : [Double](repeating: 1, count: count * columns))

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let duration = try clock.measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

for workers in [nil, WorkerPool()] {
  func fit(_ rounds: Int) throws -> GaussianMixture {
    try GaussianMixture.fit(
      data,
      options: MixtureFitOptions(
        components: count, kind: kind, prior: nil, maximumRounds: rounds, tolerance: -.infinity), start: start,
      workers: workers
    ).mixture
  }
  var (round, score) = (Double.infinity, Double.infinity)
  for _ in 0..<3 {
    let one = try seconds { _ = try fit(1) }
    var mixture = start
    let all = try seconds { mixture = try fit(1 + rounds) }
    round = min(round, (all - one) / Double(rounds))
    score = min(score, try seconds { _ = try mixture.logProb(data, workers: workers) })
  }
  let threads = workers?.workers ?? 1
  print(
    #"{"program": "pushforward", "threads": \#(threads), "rows": \#(rows), "columns": \#(columns), "#
      + #""components": \#(count), "kind": "\#(kind.rawValue)", "round_ms": \#(round * 1e3), "#
      + #""score_ms": \#(score * 1e3)}"#)
}
