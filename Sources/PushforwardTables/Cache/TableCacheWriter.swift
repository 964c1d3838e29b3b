/// Puts the batches of a table into a cache.
final class TableCacheWriter {
  private let names: [String]
  private let seed: UInt64
  private let file: ScratchFile
  private var columns: [CachedColumn]
  private var codes: [[String: Int]]
  private var sample: RowSample
  private var lowest: RowSample
  /// A block in the making, column by column.
  private var block: [Double]
  private var blockFill = 0
  /// Rows so far.
  private(set) var rowCount = 0

  /// A cache for a table of these columns.
  ///
  /// - Throws: `TableError.cannotWrite`.
  init(names: [String], directory: String, seed: UInt64, lowestRows: Int) throws {
    self.names = names
    self.seed = seed
    file = try ScratchFile(directory: directory)
    columns = names.map { CachedColumn(name: $0) }
    codes = names.map { _ in [:] }
    let mostRows = min(TableCache.mostSampleRows, max(50_000, TableCache.mostSampleCells / max(1, names.count)))
    sample = RowSample(limit: mostRows, columns: names.count)
    // When there are too many, half of them go.
    lowest = RowSample(limit: 2 * lowestRows, columns: names.count)
    block = [Double](repeating: .nan, count: names.count * TableCache.blockRows)
  }

  /// Adds rows.
  ///
  /// - Throws: `TableError.wrongKind` for texts in a column that had numbers so far, `.cannotWrite`.
  func append(_ batch: Table) throws {
    let cells = try columns.indices.map { try numbers(batch.column(names[$0]), column: $0, batch: batch) }
    let keys = (0..<batch.rowCount).map { RowKey.value(seed: seed, row: rowCount + $0) }
    lowest.add(firstRow: rowCount, keys: keys, columns: cells)
    sample.add(firstRow: rowCount, keys: keys.map { 1 - $0 }, columns: cells)
    var done = 0
    while done < batch.rowCount {
      let count = min(batch.rowCount - done, TableCache.blockRows - blockFill)
      for (index, column) in cells.enumerated() {
        let start = index * TableCache.blockRows + blockFill
        block.replaceSubrange(start..<start + count, with: column[done..<done + count])
      }
      done += count
      blockFill += count
      if blockFill == TableCache.blockRows { try writeBlock() }
    }
    rowCount += batch.rowCount
  }

  /// The cache; the writer must not be used any more.
  ///
  /// - Throws: `TableError.cannotWrite`.
  func finish(source: String) throws -> TableCache {
    if blockFill > 0 { try writeBlock() }
    return try TableCache(
      source: source, rowCount: rowCount, columns: columns, seed: seed, sample: sample, lowest: lowest, file: file)
  }

  private func writeBlock() throws {
    try block.withUnsafeBytes { try file.append($0) }
    for index in block.indices { block[index] = .nan }
    blockFill = 0
  }

  /// The cells of a batch's column as they stand in the cache; what is known of the column is brought up to date.
  private func numbers(_ column: Column, column index: Int, batch: Table) throws -> [Double] {
    columns[index].missingCount += column.missingCount
    if column.missingCount < batch.rowCount, columns[index].storage == nil { columns[index].storage = column.storage }
    switch (columns[index].storage, column) {
    case (.categories?, _):
      columns[index].countsRows = false
      return texts(column.categories, column: index)
    case (_, .numbers(let numbers)):
      note(numbers, column: index)
      return numbers.values
    case (.numbers?, .categories(let texts)) where texts.missingCount < batch.rowCount:
      let row = texts.codes.firstIndex { $0 != CategoryColumn.missing } ?? 0
      throw TableError.wrongKind(
        column: names[index],
        expected: "numbers, as in the rows before; or declare the column a category in a schema file",
        found: "\(quoted(texts[row] ?? "")), \(batch.place(ofRow: row))")
    default:
      return [Double](repeating: .nan, count: batch.rowCount)
    }
  }

  private func note(_ numbers: NumberColumn, column index: Int) {
    var known = columns[index]
    for (row, value) in numbers.values.enumerated() {
      // Comparisons with a missing cell are false.
      if value < known.minimum { known.minimum = value }
      if value > known.maximum { known.maximum = value }
      if value != Double(rowCount + row), value != Double(rowCount + row + 1) { known.countsRows = false }
    }
    if known.maximum - known.minimum >= Double(rowCount + numbers.values.count) { known.countsRows = false }
    let new = numbers.recording
    if var recording = known.recording {
      recording.decimals = recording.decimals.flatMap { old in new.decimals.map { max(old, $0) } }
      recording.hasLeadingZeros = recording.hasLeadingZeros || new.hasLeadingZeros
      recording.isSinglePrecision = recording.isSinglePrecision && new.isSinglePrecision
      known.recording = recording
    } else {
      known.recording = new
    }
    columns[index] = known
  }

  private func texts(_ texts: CategoryColumn, column index: Int) -> [Double] {
    let known = texts.levels.map { level -> Double in
      if let code = codes[index][level] { return Double(code) }
      let code = columns[index].levels.count
      guard code < CachedColumn.mostLevels else {
        columns[index].hasTooManyLevels = true
        return .nan
      }
      codes[index][level] = code
      columns[index].levels.append(level)
      columns[index].levelCounts.append(0)
      return Double(code)
    }
    return texts.codes.map { code in
      if code == CategoryColumn.missing { return .nan }
      let number = known[Int(code)]
      if !number.isNaN { columns[index].levelCounts[Int(number)] += 1 }
      return number
    }
  }
}
