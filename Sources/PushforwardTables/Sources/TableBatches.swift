/// A table read batch by batch.
public final class TableBatches {
  private enum Origin {
    case stream(CSVStream)
    case database(SQLiteSource)
    case arrays(NPYRows, columns: [String])
    case memory(Table)
  }

  private let origin: Origin
  private let batchRows: Int
  private var row = 0

  private init(_ origin: Origin, batchRows: Int) {
    self.origin = origin
    self.batchRows = batchRows
  }

  convenience init(_ stream: CSVStream) { self.init(.stream(stream), batchRows: .max) }

  convenience init(_ database: SQLiteSource) { self.init(.database(database), batchRows: .max) }

  /// Some columns of arrays.
  convenience init(_ arrays: NPYRows, columns: [String]) {
    self.init(.arrays(arrays, columns: columns), batchRows: .max)
  }

  /// Batches of a table in memory.
  public convenience init(_ table: Table, batchRows: Int = 16384) {
    self.init(.memory(table), batchRows: max(1, batchRows))
  }

  /// The next batch, of `limit` rows at most if that is less than a batch; `nil` at the end.
  ///
  /// - Throws: `TableError`.
  public func next(limit: Int = .max) throws -> Table? {
    switch origin {
    case .stream(let stream): return try stream.next(limit: limit)
    case .database(let source): return try source.next(limit: limit)
    case .arrays(let rows, let columns): return try rows.next(limit: limit)?.selecting(columns: columns)
    case .memory(let table):
      if row >= table.rowCount { return nil }
      let rows = row..<min(row + min(batchRows, limit), table.rowCount)
      row = rows.upperBound
      return table.batch(rows)
    }
  }
}
