// Reads, streams, writes and encodes one CSV file; processor seconds (one thread is used), MB/s of the file.
import Foundation
import Pushforward

guard CommandLine.arguments.count == 2 else {
  print("usage: TablesBenchmark FILE.csv")
  exit(2)
}
let path = CommandLine.arguments[1]
let megabytes = Double(try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped).count) / 1e6

/// The best of three.
func measure(_ name: String, _ work: () throws -> Void) rethrows {
  var best = Double.infinity
  for _ in 0..<3 {
    let start = clock()
    try work()
    best = min(best, Double(clock() - start) / Double(CLOCKS_PER_SEC))
  }
  print("\(name): \((best * 1000).rounded() / 1000) s, \((megabytes / best).rounded()) MB/s")
}

let table = try CSVReader(path: path).readAll()
print("\(path): \(table.rowCount) rows, \(table.columns.count) columns, \(megabytes.rounded()) MB")
try measure("read whole") { _ = try CSVReader(path: path).readAll() }
try measure("read in batches") {
  let stream = try CSVStream(path: path, columns: table.columns.map { (name: $0.key, storage: $0.value.storage) })
  while try stream.next() != nil {}
}
try measure("write, shortest texts") {
  let writer = try CSVWriter(path: "/dev/null", names: table.names)
  try writer.write(table)
  try writer.close()
}
try measure("write, six decimals") {
  let decimals = Dictionary(uniqueKeysWithValues: table.names.map { ($0, 6) })
  let writer = try CSVWriter(path: "/dev/null", names: table.names, decimals: decimals)
  try writer.write(table)
  try writer.close()
}
let schema = try Schema(inferring: table)
let numeric = schema.columns.filter(\.kind.isNumeric).map(\.name)
try measure("fit the encoder") { _ = try Encoder(fitting: table, schema: schema, modelled: numeric) }
let encoder = try Encoder(fitting: table, schema: schema, modelled: numeric)
let rows = try encoder.prepare(table)
measure("encode with jitter") { _ = encoder.encode(rows, jitterSeed: 1) }
