// Times a typed chain: a training step, scoring and sampling, on random cells of a table's shape.
//
//   ChainBenchmarks ROWS HIDDEN BLOCKS COLUMN...
//
// COLUMN: 8 for a category of 8 levels, 27+ for 27 values of their own and a continuous class beside them (0+: none).
// Prints one JSON line with the process's largest memory. Benchmarks/synthetic/chain_torch.py does the same in PyTorch.
import Pushforward
import PushforwardChains
import PushforwardTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

let arguments = CommandLine.arguments
guard arguments.count > 5, let rows = Int(arguments[1]), let hidden = Int(arguments[2]), let blocks = Int(arguments[3])
else {
  print("usage: ChainBenchmarks ROWS HIDDEN BLOCKS COLUMN...")
  throw EngineError.invalidSetting(name: "arguments", expected: "rows, hidden, blocks, columns", found: "")
}
let stream = RandomStream(seed: 1, purpose: .user)
var columns: [ChainColumn] = []
var cells: [ChainCells] = []
for (index, text) in arguments[4...].enumerated() {
  let isOpen = text.hasSuffix("+")
  let atoms = Int(isOpen ? String(text.dropLast()) : text) ?? 2
  let classes = atoms + (isOpen ? 1 : 0)
  let positions = isOpen ? (0..<atoms).map { Float($0) / Float(max(atoms, 1)) } : nil
  columns.append(ChainColumn(name: "\(index)", atoms: atoms, hasContinuous: isOpen, positions: positions))
  let codes = (0..<rows).map { row in
    Int32(stream.uniform(row: UInt64(row), index: UInt32(2 * index)) * Double(classes))
  }
  let z = stream.split(UInt64(index)).normal(rows: rows, columns: 1, as: Double.self).values
  let isThere = codes.map { $0 == Int32(atoms) }
  cells.append(
    isOpen
      ? ChainCells(
        codes: codes, low: z.indices.map { isThere[$0] ? z[$0] - 0.01 : 0 },
        high: z.indices.map { isThere[$0] ? z[$0] + 0.01 : 0 })
      : ChainCells(codes: codes))
}
var settings = ChainSettings()
(settings.hidden, settings.blocks) = (hidden, blocks)
let specification = try ChainSpecification(columns: columns, settings: settings)
let table = try ChainRows(cells)
var training = TrainingSettings()
(training.batchSize, training.maximumEpochs) = (512, 3)
let workers = WorkerPool()
var ends: [Double] = []
let (chain, _) = try Chain.fit(
  table, heldOut: nil, specification: specification, training: training, workers: workers,
  progress: { ends.append($0.seconds) })
let epoch = zip(ends.dropFirst(), ends).map { $0 - $1 }.min() ?? ends[0]

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let duration = try ContinuousClock().measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
var (score, sample) = (Double.infinity, Double.infinity)
for _ in 0..<3 {
  score = min(score, try seconds { _ = try chain.logProb(table, workers: workers) })
  sample = min(sample, try seconds { _ = try chain.sample(count: rows, seed: 1, workers: workers) })
}
var usage = rusage()
getrusage(0, &usage)  // RUSAGE_SELF
let count = Double(rows)
print(
  #"{"program": "pushforward", "parameters": \#(chain.parameters.count), "step_ms": "#
    + #"\#(epoch * 1e3 / Double(rows / 512)), "score_rows_per_s": \#(count / score), "#
    + #""sample_rows_per_s": \#(count / sample), "memory_mb": \#(usage.ru_maxrss / 1024)}"#)
