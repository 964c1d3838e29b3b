/// What can be wrong with a table, a schema or a file of data; each case prints as one line that names the place.
public enum TableError: Error, Sendable, Equatable {
  /// A cell that does not fit its column, with the line and the text as it stands in the file.
  public struct BadCell: Sendable, Equatable {
    /// Line of the file on which the record starts, from 1 (0: unknown; then `row` counts).
    public var line: Int
    /// Column name.
    public var column: String
    /// The offending text.
    public var text: String

    /// Makes a bad cell.
    public init(line: Int, column: String, text: String) {
      self.line = line
      self.column = column
      self.text = text
    }
  }

  /// The file cannot be opened or read; `reason` says why (does not exist, no permission, a directory).
  case cannotRead(source: String, reason: String)
  /// The source holds no byte, or nothing but blank lines.
  case emptySource(source: String)
  /// There is a header, but no row.
  case noRows(source: String)
  /// The bytes are of a kind that this reader does not read.
  case unsupportedFormat(source: String, detail: String)
  /// A record with another number of fields than the first one.
  case raggedRow(source: String, line: Int, expected: Int, found: Int)
  /// A quote that is never closed.
  case unclosedQuote(source: String, line: Int)
  /// Text behind a closing quote.
  case textAfterQuote(source: String, line: Int, field: Int)
  /// One record is longer than the reader holds.
  case recordTooLong(source: String, line: Int, bytes: Int)
  /// Bytes that are no UTF-8 text.
  case invalidText(source: String, line: Int, column: String, detail: String)
  /// Cells that should be numbers and are not: at most ten of them, and how many there are.
  case badCells(source: String, expected: String, cells: [BadCell], count: Int, hint: String)
  /// Two columns with one name.
  case duplicateColumn(source: String, name: String, first: Int, second: Int)
  /// A column that the table does not have.
  case unknownColumn(name: String, available: [String])
  /// A table that has none of the columns that a model knows.
  case noKnownColumn(source: String, expected: [String])
  /// Columns of different lengths in one table.
  case unequalColumns(name: String, expected: Int, found: Int)
  /// An infinite number in a column.
  case notFinite(column: String, place: String)
  /// A column of the wrong kind for what was asked.
  case wrongKind(column: String, expected: String, found: String)
  /// Category columns that were asked to be modelled.
  case cannotModel(columns: [String], detail: String)
  /// A level that the fitted table did not have.
  case unseenLevel(column: String, level: String, place: String, known: [String])
  /// A missing cell where a value is needed.
  case missingCell(column: String, place: String, count: Int)
  /// A schema file that cannot be used.
  case badSchema(source: String, line: Int?, detail: String)
  /// Settings or data from which no encoder can be made.
  case cannotEncode(detail: String)
  /// A matrix of the wrong shape.
  case wrongShape(what: String, expected: String, found: String)
  /// Memory has run out.
  case outOfMemory(what: String)
  /// Writing failed (disk full, no permission).
  case cannotWrite(destination: String, reason: String)
  /// The reader of our output has gone: no error for a command-line program.
  case brokenPipe
}

extension TableError: CustomStringConvertible {
  /// One line.
  public var description: String {
    switch self {
    case .cannotRead(let source, let reason): "cannot read \(source): \(reason)"
    case .emptySource(let source): "\(source) is empty: expected a header line and rows"
    case .noRows(let source): "\(source) has a header but no rows"
    case .unsupportedFormat(let source, let detail): "\(source): \(detail)"
    case .raggedRow(let source, let line, let expected, let found):
      "\(source):\(line): expected \(expected) \(expected == 1 ? "field" : "fields"), found \(found)"
    case .unclosedQuote(let source, let line): "\(source):\(line): the quote opened here is never closed"
    case .textAfterQuote(let source, let line, let field):
      "\(source):\(line): field \(field) goes on after its closing quote (a quote inside quotes is written twice)"
    case .recordTooLong(let source, let line, let bytes):
      "\(source):\(line): a record of more than \(bytes >> 20) MiB starts here (a quote that is never closed?)"
    case .invalidText(let source, let line, let column, let detail): "\(source):\(line): column \(column): \(detail)"
    case .badCells(let source, let expected, let cells, let count, let hint):
      badCellsDescription(source: source, expected: expected, cells: cells, count: count, hint: hint)
    case .duplicateColumn(let source, let name, let first, let second):
      "\(source): columns \(first) and \(second) are both named \(quoted(name))"
    case .unknownColumn(let name, let available): "no column \(quoted(name)); there are \(listed(available))"
    case .noKnownColumn(let source, let expected):
      "\(source) has none of the model's columns: expected \(listed(expected))"
    case .unequalColumns(let name, let expected, let found):
      "column \(name) has \(found) rows, expected \(expected) as in the first column"
    case .notFinite(let column, let place):
      "column \(column), \(place): the value is infinite, expected a finite number"
    case .wrongKind(let column, let expected, let found): "column \(column): expected \(expected), found \(found)"
    case .cannotModel(let columns, let detail): "cannot model \(listed(columns)): \(detail)"
    case .unseenLevel(let column, let level, let place, let known):
      "column \(column), \(place): \(quoted(level)) did not occur in the fitted table; "
        + "known are \(listed(known))"
    case .missingCell(let column, let place, let count):
      "column \(column), \(place): the cell is missing, and a value is needed"
        + (count > 1 ? " (\(count) missing cells in all)" : "")
    case .badSchema(let source, let line, let detail): "\(source)\(line.map { ":\($0)" } ?? ""): \(detail)"
    case .cannotEncode(let detail): detail
    case .wrongShape(let what, let expected, let found): "\(what): expected \(expected), found \(found)"
    case .outOfMemory(let what): "out of memory while reading \(what)"
    case .cannotWrite(let destination, let reason): "cannot write \(destination): \(reason)"
    case .brokenPipe: "the reader of the output has closed it"
    }
  }
}

private func badCellsDescription(
  source: String, expected: String, cells: [TableError.BadCell], count: Int, hint: String
) -> String {
  let others = cells.dropFirst().map { "line \($0.line), column \($0.column): \(quoted($0.text))" }
  let rest = others + (count > cells.count ? ["and \(count - cells.count) more"] : [])
  let first = cells.first.map { ":\($0.line): column \($0.column)" } ?? ""
  let found = cells.first.map { quoted($0.text) } ?? "something else"
  return "\(source)\(first): expected \(expected), found \(found)" + rest.map { "; \($0)" }.joined()
    + (hint.isEmpty ? "" : ". \(hint)")
}

/// Text in quotes for a one-line message: control characters escaped, cut after 40 characters.
package func quoted(_ text: String) -> String {
  var shown = ""
  for (index, scalar) in text.unicodeScalars.enumerated() {
    if index == 40 {
      shown += "..."
      break
    }
    let isControl = scalar.value < 0x20 || scalar.value == 0x7f || (0x80..<0xa0).contains(scalar.value)
    shown += isControl ? scalar.escaped(asASCII: true) : String(scalar)
  }
  return "\"\(shown)\""
}

/// Names for a one-line message: the first twelve, and how many more.
package func listed(_ names: [String]) -> String {
  let shown = names.prefix(12).joined(separator: ", ")
  return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
}
