// A fixed piece of work, `COUNT` times, on one thread: what Scripts/instruction-counts.sh runs under callgrind.
//
//   InstructionWork WORK COUNT      WORK: maf-train, nsf-train, maf-score, nsf-score, nsf-sample, maf-row
//
// 6 columns, 5 transforms, hidden 2 x 128, 8 bins, batch 256, float32. Two counts' difference leaves the set-up out.
import Pushforward

let arguments = CommandLine.arguments
guard arguments.count == 3, let count = Int(arguments[2]), count > 0,
  let dash = arguments[1].firstIndex(of: "-"), let family = FlowFamily(rawValue: String(arguments[1][..<dash]))
else { fatalError("usage: InstructionWork WORK COUNT") }
let flow = try Flow<Float>(family.specification(features: 6, size: FlowFamily.Size(transforms: 5)), seed: 1)
let workers = WorkerPool(workers: 1)
let stream = RandomStream(seed: 1, purpose: .test)

switch arguments[1][dash...] {
case "-train":
  // One epoch of that many batches.
  var settings = TrainingSettings()
  settings.maximumEpochs = 1
  let rows: Matrix<Float> = stream.normal(rows: 256 * count, columns: 6)
  let trainer = try Trainer(
    objective: MaximumLikelihood(flow.network), training: MatrixSource(rows), settings: settings)
  print(try trainer.run(from: flow.parameters, workers: workers).bestHeldOut)
case "-score":
  print(try flow.logProb(stream.normal(rows: 256 * count, columns: 6), workers: workers).reduce(0, +))
case "-sample":
  print(try flow.sample(count: 256 * count, seed: 1, workers: workers).values.reduce(0, +))
case "-row":
  let session = FlowSession(flow)
  let row: [Float] = [0.1, -0.2, 0.3, -0.4, 0.5, -0.6]
  var total: Float = 0
  for index in 0..<UInt64(count) { total += try session.logProb(row) + session.sample(seed: 1, row: index)[0] }
  print(total)
default:
  fatalError("unknown work \(arguments[1])")
}
