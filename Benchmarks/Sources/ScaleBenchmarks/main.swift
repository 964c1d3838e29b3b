// Seconds of an epoch and the memory of a fit from ten thousand rows to ten million, ten columns: from memory, and through the
// cache for tables that are not in memory. One JSON line each.
//
//   ScaleBenchmarks [--rows 10000,100000,1000000] [--from memory,cache] [--model maf] [--epochs 2] [--directory DIR]
//
// The network is the same for every size (5 layers, 2 x 128 hidden units, batches of 512), so that only the rows change.
// The last epoch counts, its validation included. Memory is the most the process has held so far: sizes ascend.
import Foundation
import Pushforward

func option(_ name: String, _ fallback: String) -> String {
  guard let index = CommandLine.arguments.firstIndex(of: "--\(name)"), index + 1 < CommandLine.arguments.count else {
    return fallback
  }
  return CommandLine.arguments[index + 1]
}

let sizes = option("rows", "10000,100000,1000000").split(separator: ",").compactMap { Int($0) }
let ways = option("from", "memory,cache").split(separator: ",").map(String.init)
let directory = option("directory", FileManager.default.temporaryDirectory.path)
guard let model = ModelKind(rawValue: option("model", "maf")), let epochs = Int(option("epochs", "2")), !sizes.isEmpty
else {
  let usage =
    "usage: ScaleBenchmarks [--rows N,N] [--from memory,cache] [--model NAME] [--epochs N] [--directory DIR]\n"
  FileHandle.standardError.write(Data(usage.utf8))
  exit(2)
}
let columns = 10

/// Writes a NumPy file of dependent columns, row after row.
func writeTable(rows: Int, to path: String) throws {
  _ = FileManager.default.createFile(atPath: path, contents: nil)
  let file = try FileHandle(forWritingTo: URL(filePath: path))
  var header = "{'descr': '<f8', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
  header += String(repeating: " ", count: 117 - header.count) + "\n"
  try file.write(contentsOf: Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0]))
  try file.write(contentsOf: Data(header.utf8))
  for start in stride(from: 0, to: rows, by: 65536) {
    let count = min(65536, rows - start)
    var piece: Matrix<Double> = RandomStream(seed: 1, purpose: .test)
      .normal(rows: count, columns: columns, firstRow: UInt64(start))
    for row in 0..<count {
      for column in 1..<columns {
        let left = piece[row, column - 1]
        piece[row, column] = sin(2 * left) + (0.2 + 0.3 * abs(left)) * piece[row, column]
      }
    }
    try piece.values.withUnsafeBytes { try file.write(contentsOf: Data($0)) }
  }
  try file.close()
}

func peakMegabytes() -> Double {
  var usage = rusage()
  getrusage(0, &usage)  // RUSAGE_SELF
  return Double(usage.ru_maxrss) / 1024
}

for rows in sizes {
  let path = directory + "/pushforward-scale-\(rows).npy"
  try writeTable(rows: rows, to: path)
  defer { try? FileManager.default.removeItem(atPath: path) }
  for way in ways.reversed() {
    var options = FitOptions(model: model, seed: 1)
    (options.transforms, options.hidden, options.batchSize) = (5, [128, 128], 512)
    (options.maximumEpochs, options.patience) = (epochs, 1_000_000)
    var marks: [(epoch: Double, seconds: Double)] = []
    func tell(_ event: FitEvent) {
      if case .progress(let now) = event { marks.append((now.epoch, now.seconds)) }
    }
    let start = ContinuousClock().now
    let source = try TableSource(path)
    let fitted =
      way == "cache"
      ? try Models.fit(TableCache(source, directory: directory, seed: 1), options: options, progress: tell)
      : try Models.fit(source.read(), options: options, progress: tell)
    let total = (ContinuousClock().now - start) / .seconds(1)
    // Where the last epoch began.
    let before = marks.last { $0.epoch <= Double(epochs - 1) + 1e-9 }?.seconds ?? 0
    print(
      "{\"figure\": \"epoch\", \"model\": \"\(model.rawValue)\", \"rows\": \(rows), \"columns\": \(columns), "
        + "\"from\": \"\(way)\", \"epoch_seconds\": \((marks.last?.seconds ?? 0) - before), \"all_seconds\": \(total), "
        + "\"peak_megabytes\": \(peakMegabytes()), \"held_out\": \(fitted.record.heldOut)}")
    fflush(nil)
  }
}
