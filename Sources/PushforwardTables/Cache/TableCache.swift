/// A table that need not fit into memory: read once from its source, from then on in blocks of rows from a file without a
/// name.
///
/// A block holds its rows column by column as doubles, texts as the numbers of their levels, missing cells as NaN. Two random
/// samples of the rows are in memory.
public struct TableCache: Sendable {
  /// Rows of a block: a column of it is a page of memory.
  package static let blockRows = 512
  /// Cells of the larger sample, at most.
  static let mostSampleCells = 1 << 22
  /// Rows of the larger sample, at most.
  static let mostSampleRows = 1_000_000

  /// Where the rows come from.
  public let source: String
  /// Rows.
  public let rowCount: Int
  /// The columns.
  public let columns: [CachedColumn]
  /// Seed of the rows' keys.
  public let seed: UInt64
  /// The rows with the largest keys, up to a million, and their numbers.
  public let sample: (table: Table, rows: [Int])
  /// The rows with the smallest keys, and their numbers.
  package let lowest: (table: Table, rows: [Int])
  private let file: ScratchFile

  init(
    source: String, rowCount: Int, columns: [CachedColumn], seed: UInt64, sample: RowSample, lowest: RowSample,
    file: ScratchFile
  ) throws {
    func table(_ sample: RowSample) throws -> Table {
      try Table(zip(columns, sample.values).map { (name: $0.name, column: $0.column($1)) })
    }
    self.source = source
    self.rowCount = rowCount
    self.columns = columns
    self.seed = seed
    self.sample = (try table(sample), sample.rows)
    self.lowest = (try table(lowest), lowest.rows)
    self.file = file
  }

  /// Reads a table into a cache.
  ///
  /// - Parameters:
  ///   - source: The table; read once, from front to back.
  ///   - directory: Where there is room for 8 bytes a cell.
  ///   - seed: Seed of the choice of samples.
  ///   - lowestRows: So many rows with the smallest keys are wanted at least, if there are as many.
  ///   - progress: Told how many rows have been read.
  /// - Throws: `TableError`.
  public init(
    _ source: TableSource, directory: String, seed: UInt64, lowestRows: Int = 50_000,
    progress: (Int) -> Void = { _ in }
  ) throws {
    try self.init(
      source.batches(batchRows: 32 * Self.blockRows), name: source.name, directory: directory, seed: seed,
      lowestRows: lowestRows, progress: progress)
  }

  /// Reads batches into a cache; the other parameters are those of the other initializer.
  ///
  /// - Throws: `TableError`.
  public init(
    _ batches: TableBatches, name: String, directory: String, seed: UInt64, lowestRows: Int = 50_000,
    progress: (Int) -> Void = { _ in }
  ) throws {
    var writer: TableCacheWriter?
    while let batch = try batches.next() {
      let open =
        try writer ?? TableCacheWriter(names: batch.names, directory: directory, seed: seed, lowestRows: lowestRows)
      try open.append(batch)
      writer = open
      progress(open.rowCount)
    }
    guard let writer else { throw TableError.noRows(source: name) }
    self = try writer.finish(source: name)
  }

  /// Number of blocks.
  package var blockCount: Int { (rowCount + Self.blockRows - 1) / Self.blockRows }

  /// Numbers of a block's rows.
  package func rows(ofBlock block: Int) -> Range<Int> {
    block * Self.blockRows..<min((block + 1) * Self.blockRows, rowCount)
  }

  /// The index of the column with this name.
  ///
  /// - Throws: `TableError.unknownColumn`.
  package func index(ofColumn name: String) throws -> Int {
    guard let index = columns.firstIndex(where: { $0.name == name }) else {
      throw TableError.unknownColumn(name: name, available: columns.map(\.name))
    }
    return index
  }

  /// Reads columns of a block.
  ///
  /// - Parameters:
  ///   - block: Number of the block.
  ///   - wanted: Indices of the columns.
  ///   - target: `wanted.count` times `blockRows` numbers; those behind the last row are NaN.
  /// - Throws: `TableError.cannotRead`.
  package func read(block: Int, columns wanted: [Int], to target: UnsafeMutablePointer<Double>) throws {
    let bytes = Self.blockRows * MemoryLayout<Double>.stride
    var position = 0
    while position < wanted.count {
      // Neighbours are read at once.
      var run = 1
      while position + run < wanted.count, wanted[position + run] == wanted[position] + run { run += 1 }
      try file.copy(
        at: (block * columns.count + wanted[position]) * bytes, count: run * bytes,
        to: target + position * Self.blockRows)
      position += run
    }
  }
}
