import CKernels

/// Writes tables as comma-separated text (RFC 4180, LF line ends), one batch after another.
///
/// Numbers are written as the shortest text that reads back as the same double, or with the decimals asked for; missing
/// cells are empty.
public final class CSVWriter {
  private let file: OutputFile
  private let names: [String]
  private let decimals: [String: Int]

  /// Creates the file and writes the header.
  ///
  /// - Parameters:
  ///   - path: A path; `-` is standard output.
  ///   - names: The columns, in order.
  ///   - decimals: Digits behind the point (0 to 15) for some of the columns.
  /// - Throws: `TableError.cannotWrite` (no permission, disk full), `.brokenPipe`.
  public convenience init(path: String, names: [String], decimals: [String: Int] = [:]) throws {
    try self.init(OutputFile(path: path), names: names, decimals: decimals)
  }

  /// Writes the header to an open file.
  ///
  /// - Throws: `TableError.cannotWrite`, `.brokenPipe`.
  package init(_ file: OutputFile, names: [String], decimals: [String: Int] = [:]) throws {
    self.file = file
    self.names = names
    self.decimals = decimals
    for (index, name) in names.enumerated() {
      if index > 0 { try file.append(UInt8(ascii: ",")) }
      try append(quotedField(name))
    }
    try file.append(UInt8(ascii: "\n"))
  }

  /// Writes all rows of a table that has the writer's columns, in any order.
  ///
  /// - Throws: `TableError.unknownColumn`, `.cannotWrite`, `.brokenPipe`.
  public func write(_ table: Table) throws {
    let columns = try names.map { name in
      FieldSource(try table.column(name), decimals: decimals[name] ?? -1)
    }
    for row in 0..<table.rowCount {
      for (index, column) in columns.enumerated() {
        if index > 0 { try file.append(UInt8(ascii: ",")) }
        switch column {
        case .numbers(let values, let decimals): try append(values[row], decimals: decimals)
        case .texts(let codes, let levels):
          let code = codes[row]
          if code != CategoryColumn.missing { try append(levels[Int(code)]) }
        }
      }
      // An empty line would be skipped by readers, and a row lost.
      if columns.count == 1, columns[0].isMissing(row) { try append(Array("\"\"".utf8)) }
      try file.append(UInt8(ascii: "\n"))
    }
  }

  /// Writes what is still buffered and closes the file.
  ///
  /// - Throws: `TableError.cannotWrite`, `.brokenPipe`.
  public func close() throws { try file.close() }

  /// Writes what is still buffered, so that a reader at the other end of a pipe sees it.
  ///
  /// - Throws: `TableError.cannotWrite`, `.brokenPipe`.
  public func flush() throws { try file.flush() }

  private func append(_ value: Double, decimals: Int) throws {
    if value.isNaN { return }
    let room = try file.room(Int(PF_FORMAT_ROOM))
    let count = room.withMemoryRebound(to: CChar.self, capacity: Int(PF_FORMAT_ROOM)) {
      pf_format_number(value, Int32(decimals), $0)
    }
    if count > 0 { return file.advance(Int(count)) }
    var text = value.description
    try text.withUTF8 { try file.append($0) }
  }

  private func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBufferPointer { try file.append($0) }
  }
}

/// A column as it is written.
private enum FieldSource {
  case numbers([Double], decimals: Int)
  case texts([UInt32], levels: [[UInt8]])

  init(_ column: Column, decimals: Int) {
    switch column {
    case .numbers(let numbers): self = .numbers(numbers.values, decimals: decimals)
    case .categories(let texts): self = .texts(texts.codes, levels: texts.levels.map(quotedField))
    }
  }

  func isMissing(_ row: Int) -> Bool {
    switch self {
    case .numbers(let values, _): values[row].isNaN
    case .texts(let codes, _): codes[row] == CategoryColumn.missing
    }
  }
}

/// A text as a field: in quotes where it holds a delimiter, a quote, a line end or outer blanks.
private func quotedField(_ text: String) -> [UInt8] {
  let special = Array(",;\t|\"\n\r".utf8)
  let bytes = Array(text.utf8)
  let isBlank = { (byte: UInt8?) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
  guard bytes.isEmpty || bytes.contains(where: special.contains) || isBlank(bytes.first) || isBlank(bytes.last) else {
    return bytes
  }
  var field: [UInt8] = [UInt8(ascii: "\"")]
  for byte in bytes {
    if byte == UInt8(ascii: "\"") { field.append(byte) }
    field.append(byte)
  }
  return field + [UInt8(ascii: "\"")]
}
