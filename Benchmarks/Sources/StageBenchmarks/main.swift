// The stages of `pushforward score` and `pushforward sample` alone: reading, scoring or drawing, writing. One JSON line each.
//
//   StageBenchmarks MODEL TABLE.csv OUT.csv
//
// Reading and writing are one thread's work in the program, too; scoring and drawing are given all processors.
// Seconds, best of three.
import Foundation
import Pushforward

guard CommandLine.arguments.count == 4 else {
  FileHandle.standardError.write(Data("usage: StageBenchmarks MODEL TABLE.csv OUT.csv\n".utf8))
  exit(2)
}
let (modelPath, tablePath, outPath) = (CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3])
let model = try Models.open(modelPath)
let workers = WorkerPool()

func best(_ body: () throws -> Void) rethrows -> Double {
  var least = Double.infinity
  for _ in 0..<3 {
    let start = ContinuousClock().now
    try body()
    least = min(least, (ContinuousClock().now - start) / .seconds(1))
  }
  return least
}

func emit(_ stage: String, _ seconds: Double) {
  print(
    "{\"figure\": \"stage\", \"model\": \"\(model.record.model.rawValue)\", \"stage\": \"\(stage)\", \"seconds\": \(seconds)}"
  )
}

emit(
  "read",
  try best {
    let batches = try TableSource(tablePath).batches(columns: model.requiredColumns, batchRows: 8192)
    while try batches.next() != nil {}
  })

// In pieces as the program takes them, so that the rows in work stay in the caches.
let table = try Table(contentsOf: tablePath)
let pieces = TableBatches(table, batchRows: 8192)
var parts: [Table] = []
while let piece = try pieces.next() { parts.append(piece) }
var scores = [[Double]](repeating: [], count: parts.count)
emit(
  "score",
  best {
    scores.withUnsafeMutableBufferPointer { scores in
      let scores = scores.baseAddress!
      workers.run(items: parts.count) { item, _ in
        scores[item] = (try? model.score(parts[item], workers: nil).logProb) ?? []
      }
    }
  })
let results = try Table([("log_prob", .numbers(NumberColumn(scores.flatMap { $0 })))])
emit(
  "write scores",
  try best {
    let writer = try CSVWriter(path: outPath, names: ["log_prob"], decimals: ["log_prob": 6])
    try writer.write(results)
    try writer.close()
  })

var drawn = parts
emit(
  "draw",
  best {
    drawn.withUnsafeMutableBufferPointer { drawn in
      let drawn = drawn.baseAddress!
      workers.run(items: parts.count) { item, _ in
        let count = parts[item].rowCount
        if let rows = try? model.sample(count: count, given: nil, seed: 1, firstRow: 8192 * item, workers: nil) {
          drawn[item] = rows
        }
      }
    }
  })
emit(
  "write rows",
  try best {
    let writer = try CSVWriter(path: outPath, names: drawn[0].names, decimals: model.decimals)
    for rows in drawn { try writer.write(rows) }
    try writer.close()
  })
