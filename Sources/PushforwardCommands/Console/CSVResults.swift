import PushforwardInterchange
import PushforwardTables

/// A command's results as CSV: to standard output, or to a file that appears when it is complete.
///
/// A command that fails half-way leaves no half of a file, and what was there before stays.
final class CSVResults {
  private let path: String
  private let file: AtomicFile?
  private let writer: CSVWriter
  /// Names of the columns.
  let names: [String]
  /// Makes the lines that `write(lines:)` takes.
  let formatter: CSVFormatter

  /// Opens the destination (`nil` or `-` is standard output) and writes the header.
  ///
  /// - Throws: `FileError.cannotWrite`, `TableError.cannotWrite`, `.brokenPipe`.
  init(path: String?, names: [String], decimals: [String: Int]) throws {
    (self.path, self.names) = (path ?? "-", names)
    file = self.path == "-" ? nil : try AtomicFile(path: self.path)
    formatter = CSVFormatter(names: names, decimals: decimals)
    writer = try CSVWriter(path: file?.temporaryPath ?? self.path, formatter)
  }

  /// Writes the rows of a table that has the columns named at the start.
  ///
  /// - Throws: `FileError.cannotWrite`, `TableError.brokenPipe`.
  func write(_ table: Table) throws { try naming { try writer.write(table) } }

  /// Writes lines that the formatter has made.
  ///
  /// - Throws: `FileError.cannotWrite`, `TableError.brokenPipe`.
  func write(lines: [UInt8]) throws { try naming { try writer.write(lines: lines) } }

  /// Hands over what is buffered and gives the file its name; without this call no file is left behind.
  ///
  /// - Throws: `FileError.cannotWrite`, `TableError.brokenPipe`.
  func finish() throws {
    try naming { try writer.close() }
    try file?.commit()
  }

  /// Runs `body`; its errors name the file that was asked for instead of the one beside it.
  private func naming(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch TableError.cannotWrite(_, let reason) where file != nil {
      throw FileError.cannotWrite(path: path, reason: reason)
    }
  }
}
