/// Writes tables as comma-separated text (see `CSVFormatter`), one batch after another.
public final class CSVWriter {
  /// Rows formatted at once: text for a whole table would take as much room as the table.
  private static let pieceRows = 4096

  private let file: OutputFile
  private let formatter: CSVFormatter

  /// Creates the file and writes the header.
  ///
  /// - Parameters:
  ///   - path: A path; `-` is standard output.
  ///   - names: The columns, in order.
  ///   - decimals: Digits behind the point (0 to 15) for some of the columns.
  /// - Throws: `TableError.cannotWrite` (no permission, disk full), `.brokenPipe`.
  public convenience init(path: String, names: [String], decimals: [String: Int] = [:]) throws {
    try self.init(path: path, CSVFormatter(names: names, decimals: decimals))
  }

  /// Creates the file and writes the header.
  ///
  /// - Throws: `TableError.cannotWrite` (no permission, disk full), `.brokenPipe`.
  public convenience init(path: String, _ formatter: CSVFormatter) throws {
    try self.init(OutputFile(path: path), formatter)
  }

  /// Writes the header to an open file.
  ///
  /// - Throws: `TableError.cannotWrite`, `.brokenPipe`.
  package init(_ file: OutputFile, _ formatter: CSVFormatter) throws {
    self.file = file
    self.formatter = formatter
    try write(lines: formatter.header)
  }

  /// Writes all rows of a table that has the writer's columns, in any order.
  ///
  /// - Throws: `TableError.unknownColumn`, `.cannotWrite`, `.brokenPipe`.
  public func write(_ table: Table) throws {
    for start in stride(from: 0, to: table.rowCount, by: Self.pieceRows) {
      let rows = start..<min(start + Self.pieceRows, table.rowCount)
      try write(lines: formatter.text(table, rows: rows))
    }
  }

  /// Writes lines that the writer's formatter has made.
  ///
  /// - Throws: `TableError.cannotWrite`, `.brokenPipe`.
  public func write(lines: [UInt8]) throws { try lines.withUnsafeBufferPointer { try file.append($0) } }

  /// Writes what is still buffered and closes the file.
  ///
  /// - Throws: `TableError.cannotWrite`, `.brokenPipe`.
  public func close() throws { try file.close() }

  /// Writes what is still buffered, so that a reader at the other end of a pipe sees it.
  ///
  /// - Throws: `TableError.cannotWrite`, `.brokenPipe`.
  public func flush() throws { try file.flush() }
}
