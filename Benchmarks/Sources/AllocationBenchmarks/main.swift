// Calls of malloc and its kin in the steady state: per training step, per tile of rows scored, per single row. One JSON line
// each.
//
//   AllocationBenchmarks [--threads N]
//
// What is counted is the difference of two runs of different length, so what is set up once is left out; the hundredths
// are what an epoch costs (the order of its rows), spread over its steps. Ends with status 1 when a step takes any.
import CAllocations
import Foundation
import Pushforward

let given = CommandLine.arguments.firstIndex(of: "--threads").flatMap { Int(CommandLine.arguments[$0 + 1]) }
let threads = given ?? WorkerPool.processorCount
guard allocation_count() >= 0 else {
  print("{\"figure\": \"allocations\", \"value\": null, \"reason\": \"counted with glibc only\"}")
  exit(0)
}
let workers = WorkerPool(workers: threads)
var failed = false

@MainActor func emit(_ model: FlowFamily, _ work: String, _ each: Double, limit: Double? = nil) {
  print(
    "{\"figure\": \"allocations\", \"model\": \"\(model.rawValue)\", \"work\": \"\(work)\", \"threads\": \(threads), "
      + "\"value\": \(each)}")
  if let limit, each > limit { failed = true }
}

/// Allocations of one unit of work: those of a long run less those of a short one.
func steady(short: Int, long: Int, _ body: (Int) throws -> Void) throws -> Double {
  try body(short)
  func count(_ units: Int) throws -> Int {
    let before = allocation_count()
    try body(units)
    return allocation_count() - before
  }
  let few = try count(short)
  let many = try count(long)
  return Double(many - few) / Double(long - short)
}

for family in [FlowFamily.maf, .nsf, .nsfCoupling, .realNVP] {
  let size = FlowFamily.Size(transforms: 5, network: NetworkSettings(hidden: [128, 128]), bins: 8, bound: 5)
  let flow = try Flow<Float>(family.specification(features: 21, size: size), seed: 1)
  let rows: Matrix<Float> = RandomStream(seed: 1, purpose: .test).normal(rows: 256 * 100, columns: 21)

  let source = try MatrixSource(rows)
  let step = try steady(short: 100, long: 500) { steps in
    var settings = TrainingSettings()
    settings.startsFromData = false
    settings.maximumEpochs = steps / 100
    let trainer = try Trainer(objective: MaximumLikelihood(flow.network), training: source, settings: settings)
    _ = try trainer.run(from: flow.parameters, workers: workers)
  }
  emit(family, "training step", step, limit: 0.5)

  let pieces = [100: rows.selectingRows(0..<6400), 400: rows]
  let tile = try steady(short: 100, long: 400) { tiles in
    if let piece = pieces[tiles] { _ = try flow.logProb(piece, workers: workers) }
  }
  emit(family, "64 rows scored", tile)

  let session = FlowSession(flow)
  let row = rows.row(0)
  let one = try steady(short: 100, long: 1100) { calls in
    for _ in 0..<calls { _ = try session.logProb(row) }
  }
  emit(family, "row scored by a session", one)
}
exit(failed ? 1 : 0)
