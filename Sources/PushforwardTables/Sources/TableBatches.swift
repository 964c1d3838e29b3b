/// A table read batch by batch.
public final class TableBatches {
  private enum Origin {
    case stream(CSVStream)
    case database(SQLiteSource)
    case memory(Table)
  }

  private let origin: Origin
  private let batchRows: Int
  private var row = 0

  init(_ stream: CSVStream) {
    origin = .stream(stream)
    batchRows = .max
  }

  init(_ database: SQLiteSource) {
    origin = .database(database)
    batchRows = .max
  }

  /// Batches of a table in memory.
  public init(_ table: Table, batchRows: Int = 16384) {
    origin = .memory(table)
    self.batchRows = max(1, batchRows)
  }

  /// The next batch, of `limit` rows at most if that is less than a batch; `nil` at the end.
  ///
  /// - Throws: `TableError`.
  public func next(limit: Int = .max) throws -> Table? {
    switch origin {
    case .stream(let stream): return try stream.next(limit: limit)
    case .database(let source): return try source.next(limit: limit)
    case .memory(let table):
      if row >= table.rowCount { return nil }
      let rows = row..<min(row + min(batchRows, limit), table.rowCount)
      row = rows.upperBound
      return table.batch(rows)
    }
  }
}
