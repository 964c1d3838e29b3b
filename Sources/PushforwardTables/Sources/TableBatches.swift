/// A table read batch by batch.
public final class TableBatches {
  private enum Origin {
    case stream(CSVStream)
    case memory(Table)
  }

  private let origin: Origin
  private let batchRows: Int
  private var row = 0

  init(_ stream: CSVStream) {
    origin = .stream(stream)
    batchRows = 0
  }

  /// Batches of a table in memory.
  public init(_ table: Table, batchRows: Int = 16384) {
    origin = .memory(table)
    self.batchRows = max(1, batchRows)
  }

  /// The next batch; `nil` at the end.
  ///
  /// - Throws: `TableError`.
  public func next() throws -> Table? {
    switch origin {
    case .stream(let stream): return try stream.next()
    case .memory(let table):
      if row >= table.rowCount { return nil }
      let rows = row..<min(row + batchRows, table.rowCount)
      row = rows.upperBound
      return table.batch(rows)
    }
  }
}
