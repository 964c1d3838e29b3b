// Training step, scoring and sampling of one flow, one JSON line a figure, named as the peers' scripts name theirs.
//
//   ModelBenchmarks --model maf|nsf|realnvp|nsf-coupling --dim 6 [--seconds 2] [--threads N]
//                   [--figures train,score,sample,score1,sample1,scaling] [--clock wall|cpu] [--rows N]
//
// The figure `scaling` is how much faster all threads are than one, in training and in scoring: runs of one and of all take
// turns, and the median of the pairs' ratios counts, so that other programs on the machine disturb both alike.
// `--clock cpu` counts the process's processor time instead (for one thread on a machine that is not idle).
// The architecture is the peers': 5 transforms (realnvp 8), hidden 128,128, ReLU, 8 bins on [-5, 5], batch 256, float32.
import Foundation
import Pushforward

func option(_ name: String, _ fallback: String) -> String {
  guard let index = CommandLine.arguments.firstIndex(of: "--\(name)"), index + 1 < CommandLine.arguments.count else {
    return fallback
  }
  return CommandLine.arguments[index + 1]
}

let modelName = option("model", "maf")
let figures = Set(option("figures", "train,score,sample,score1,sample1").split(separator: ",").map(String.init))
let countsProcessorTime = option("clock", "wall") == "cpu"
guard let family = FlowFamily(rawValue: modelName), let dimension = Int(option("dim", "6")),
  let budget = Double(option("seconds", "2")), let threads = Int(option("threads", "\(WorkerPool.processorCount)")),
  let rows = Int(option("rows", "65536"))
else {
  let usage = """
    usage: ModelBenchmarks --model maf|nsf|realnvp|nsf-coupling --dim N [--seconds S] [--threads N] [--rows N]
             [--figures train,score,sample,score1,sample1,scaling] [--clock wall|cpu]

    """
  FileHandle.standardError.write(Data(usage.utf8))
  exit(2)
}

/// The peers' data: a chain of sine-coupled columns, standardised.
func sineChain(rows: Int, columns: Int) -> Matrix<Float> {
  var matrix: Matrix<Double> = RandomStream(seed: 0, purpose: .test).normal(rows: rows, columns: columns)
  for row in 0..<rows {
    for column in 1..<max(columns, 1) where columns > 1 {
      let left = matrix[row, column - 1]
      matrix[row, column] = sin(2 * left) + (0.2 + 0.3 * abs(left)) * matrix[row, column]
    }
  }
  for column in 0..<columns {
    let values = matrix.column(column)
    let mean = values.reduce(0, +) / Double(rows)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)).squareRoot()
    for row in 0..<rows { matrix[row, column] = (matrix[row, column] - mean) / deviation }
  }
  return matrix.converted()
}

/// Seconds on the chosen clock.
func now() -> Double {
  var time = timespec()
  clock_gettime(countsProcessorTime ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Seconds of one call: the median over repetitions that fill the budget, after a warm-up.
func median(_ body: () throws -> Void) rethrows -> Double {
  try body()
  var times: [Double] = []
  let end = now() + budget
  repeat {
    let start = now()
    try body()
    times.append(now() - start)
  } while now() < end || times.count < 5
  return times.sorted()[times.count / 2]
}

func emit(_ metric: String, _ value: Double, _ unit: String) {
  print(
    "{\"peer\": \"pushforward\", \"model\": \"\(modelName)\", \"dim\": \(dimension), \"metric\": \"\(metric)\", "
      + "\"value\": \(value), \"unit\": \"\(unit)\", \"transforms\": \(size.transforms)}")
}

let size = FlowFamily.Size(
  transforms: family == .realNVP ? 8 : 5, network: NetworkSettings(hidden: [128, 128], activation: .relu), bins: 8,
  bound: 5)
let flow = try Flow<Float>(family.specification(features: dimension, size: size), seed: 1)
let workers = WorkerPool(workers: threads)

var trained = flow.parameters
if figures.contains("train") {
  let steps = 50
  let training = sineChain(rows: 256 * steps, columns: dimension)
  var settings = TrainingSettings()
  settings.batchSize = 256
  settings.maximumEpochs = 1
  settings.averageDecay = 0
  settings.warmUp = 0
  let trainer = try Trainer(
    objective: MaximumLikelihood(flow.network), training: MatrixSource(training), settings: settings)
  let epoch = try median { trained = try trainer.run(from: trained, workers: workers).parameters }
  emit("train_step_ms", epoch / Double(steps) * 1e3, "ms")
}

let model = Flow(network: flow.network, parameters: trained)
let many = sineChain(rows: rows, columns: dimension)
if figures.contains("score") {
  emit("score_rows_per_s", Double(rows) / (try median { _ = try model.logProb(many, workers: workers) }), "rows/s")
}
if figures.contains("sample") {
  emit(
    "sample_rows_per_s", Double(rows) / (try median { _ = try model.sample(count: rows, seed: 1, workers: workers) }),
    "rows/s")
}

if figures.contains("scaling") {
  let alone = WorkerPool(workers: 1)
  /// The median of how many times longer one thread takes than all, over pairs of runs that fill the budget.
  func gain(_ body: (WorkerPool) throws -> Void) throws -> Double {
    func seconds(_ pool: WorkerPool) throws -> Double {
      let start = now()
      try body(pool)
      return now() - start
    }
    try body(workers)
    var ratios: [Double] = []
    let end = now() + 2 * budget
    repeat { ratios.append(try seconds(alone) / seconds(workers)) } while now() < end || ratios.count < 7
    return ratios.sorted()[ratios.count / 2]
  }
  var settings = TrainingSettings()
  settings.maximumEpochs = 1
  let trainer = try Trainer(
    objective: MaximumLikelihood(flow.network), training: MatrixSource(sineChain(rows: 256 * 50, columns: dimension)),
    settings: settings)
  emit("train_times_one_thread", try gain { _ = try trainer.run(from: flow.parameters, workers: $0) }, "x")
  emit("score_times_one_thread", try gain { _ = try model.logProb(many, workers: $0) }, "x")
}

let session = FlowSession(model)
let row = many.row(0)
let calls = 100
if figures.contains("score1") {
  emit(
    "score_1row_us", try median { for _ in 0..<calls { _ = try session.logProb(row) } } / Double(calls) * 1e6, "us")
}
if figures.contains("sample1") {
  emit(
    "sample_1row_us",
    try median { for index in 0..<calls { _ = try session.sample(seed: 1, row: UInt64(index)) } } / Double(calls) * 1e6,
    "us")
}
