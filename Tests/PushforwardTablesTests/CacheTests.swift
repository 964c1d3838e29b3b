import Foundation
import PushforwardTables
import Testing

/// A table with numbers, texts, dates and gaps.
private func sampleTable(_ rows: Int) throws -> Table {
  try Table([
    ("row", .numbers(NumberColumn((0..<rows).map { Double($0 + 1) }, recording: .init(decimals: 0)))),
    ("x", .numbers(NumberColumn((0..<rows).map { Double($0 * 7919 % 1000) / 8 }))),
    ("y", .numbers(NumberColumn((0..<rows).map { $0 % 10 == 3 ? .nan : Double($0 * 31 % 97) }))),
    ("kind", .categories(CategoryColumn((0..<rows).map { $0 % 6 == 0 ? nil : ["b", "a", "c"][$0 % 3] }))),
    ("day", .categories(CategoryColumn((0..<rows).map { "2024-01-\(10 + $0 % 20)" }))),
  ])
}

private func cache(_ table: Table, batchRows: Int = 1000, lowestRows: Int = 50_000) throws -> TableCache {
  try TableCache(
    TableBatches(table, batchRows: batchRows), name: "table", directory: FileManager.default.temporaryDirectory.path,
    seed: 5, lowestRows: lowestRows)
}

/// A cached cell as its table has it: a number, or the text of a level.
private func text(_ cell: Double, _ column: CachedColumn) -> String {
  cell.isNaN ? "missing" : column.storage == .categories ? column.levels[Int(cell)] : "\(cell)"
}

@Suite struct CacheTests {
  @Test(arguments: [7, 512, 1000, 5000]) func everyCellIsKept(batchRows: Int) throws {
    let table = try sampleTable(2345)
    let cached = try cache(table, batchRows: batchRows)
    #expect(cached.rowCount == 2345 && cached.blockCount == 5)
    let raw = UnsafeMutablePointer<Double>.allocate(capacity: 5 * TableCache.blockRows)
    defer { raw.deallocate() }
    for (position, name) in table.names.enumerated() {
      let column = try table.column(name)
      for block in 0..<cached.blockCount {
        try cached.read(block: block, columns: [4, 0, 1, 2, 3], to: raw)
        let place = [4, 0, 1, 2, 3].firstIndex(of: position)! * TableCache.blockRows
        for (offset, row) in cached.rows(ofBlock: block).enumerated() {
          let expected =
            column.isMissing(row: row)
            ? "missing"
            : column.numbers.map { "\($0.values[row])" }
              ?? column.categories[row]!
          #expect(text(raw[place + offset], cached.columns[position]) == expected)
        }
      }
    }
    #expect(cached.columns.map(\.missingCount) == table.names.map { table[$0]!.missingCount })
    #expect(cached.columns[1].minimum == 0 && cached.columns[1].maximum == 124.875)
  }

  @Test func theFileHasNoName() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "cache-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let cached = try TableCache(
      TableBatches(sampleTable(600)), name: "table", directory: directory.path, seed: 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    #expect(cached.rowCount == 600)
    #expect(throws: TableError.self) {
      try TableCache(TableBatches(sampleTable(5)), name: "t", directory: directory.path + "/none", seed: 1)
    }
  }

  @Test func samplesDependOnRowsAlone() throws {
    let table = try sampleTable(20_000)
    let (one, other) = (try cache(table, batchRows: 333, lowestRows: 500), try cache(table, lowestRows: 500))
    #expect(one.lowest.rows == other.lowest.rows && one.lowest.table["x"] == other.lowest.table["x"])
    #expect(one.lowest.rows.count >= 400 && one.lowest.rows.count <= 1000)
    #expect(one.sample.rows == Array(0..<20_000), "a small table is its own sample")
    // The rows are those with the smallest keys.
    let bound = one.lowest.rows.map { RowKey.value(seed: 5, row: $0) }.max()!
    #expect((0..<20_000).count { RowKey.value(seed: 5, row: $0) <= bound } == one.lowest.rows.count)
    for (position, row) in one.lowest.rows.enumerated() {
      #expect(one.lowest.table["x"]!.numbers!.values[position] == table["x"]!.numbers!.values[row])
    }
  }

  @Test func theSchemaIsThatOfTheTable() throws {
    let table = try sampleTable(3000)
    let schema = try Schema(inferring: cache(table))
    #expect(schema == (try Schema(inferring: table)))
    #expect(schema["row"]?.kind == .identifier && schema["day"]?.kind == .date)
  }

  @Test func blocksAreEncodedAsTablesAre() throws {
    let table = try sampleTable(1500)
    let cached = try cache(table)
    let encoder = try Encoder(
      fitting: table, schema: Schema(inferring: table), modelled: ["x", "y", "day"], conditions: ["kind"])
    let blocks = try BlockEncoder(encoder, cache: cached, weights: "row", lowestKey: 0.2)
    let rows = try encoder.prepare(table)
    let encoded = encoder.encode(rows, jitterSeed: 9)
    let (floats, width) = (encoded.floats, encoder.columns.count)
    var kept = 0
    let raw = UnsafeMutablePointer<Double>.allocate(capacity: blocks.columns.count * TableCache.blockRows)
    defer { raw.deallocate() }
    for block in 0..<cached.blockCount {
      try blocks.read(block: block, to: raw)
      let places = blocks.rows(ofBlock: block, raw)
      var x = [Float](repeating: 0, count: places.count * width)
      var context = [Float](repeating: 7, count: places.count * encoder.conditionWidth)
      var weights = [Float](repeating: 0, count: places.count)
      blocks.encode(block: block, raw, places: places, jitterSeed: 9, x: &x, context: &context, weights: &weights)
      for (index, place) in places.enumerated() {
        let row = cached.rows(ofBlock: block).lowerBound + place
        #expect(RowKey.value(seed: 5, row: row) >= 0.2)
        let position = try #require(rows.keptRows.firstIndex(of: row))
        #expect(x[index * width..<(index + 1) * width] == floats[position * width..<(position + 1) * width])
        let conditions = rows.conditions[position * 3..<(position + 1) * 3].map { Float($0) }
        #expect(Array(context[index * 3..<(index + 1) * 3]) == conditions)
        #expect(weights[index] == Float(row + 1))
        kept += 1
      }
    }
    #expect(kept == rows.keptRows.count { RowKey.value(seed: 5, row: $0) >= 0.2 })
  }

  @Test func columnsAreFoundWhileReading() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "found-\(UUID().uuidString).csv").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    func write(_ lines: [String]) throws { try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: path)) }
    // The second column has its first text in a later batch.
    try write(["n,late,text"] + (0..<5000).map { "\($0 % 37).5,\($0 < 3000 ? "" : "red"),\($0 % 2 == 0 ? "u" : "v")" })
    let cached = try TableCache(
      TableSource(path).batches(batchRows: 1024), name: path, directory: FileManager.default.temporaryDirectory.path,
      seed: 1)
    #expect(cached.columns.map(\.storage) == [.numbers, .categories, .categories])
    #expect(cached.columns.map(\.missingCount) == [0, 3000, 0])
    #expect(cached.sample.table == (try TableSource(path).read()).selecting(rows: 0..<5000))
    // A text among numbers is an error that says where.
    try write(["n"] + (0..<5000).map { $0 == 4000 ? "oops" : "\($0)" })
    do {
      _ = try TableCache(
        TableSource(path).batches(batchRows: 1024), name: path, directory: FileManager.default.temporaryDirectory.path,
        seed: 1)
      Issue.record("expected an error")
    } catch { #expect("\(error)".contains(":4002") && "\(error)".contains("oops")) }
  }
}
