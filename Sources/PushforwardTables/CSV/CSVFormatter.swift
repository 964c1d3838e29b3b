import CKernels

/// Turns rows into comma-separated text (RFC 4180, LF line ends): what a `CSVWriter` writes, for work on several threads.
///
/// Numbers are written as the shortest text that reads back as the same double, or with the decimals asked for; missing
/// cells are empty.
public struct CSVFormatter: Sendable {
  /// The columns, in order.
  public let names: [String]
  private let decimals: [String: Int]

  /// - Parameters:
  ///   - names: The columns, in order.
  ///   - decimals: Digits behind the point (0 to 15) for some of the columns.
  public init(names: [String], decimals: [String: Int] = [:]) {
    self.names = names
    self.decimals = decimals
  }

  /// The line of names.
  public var header: [UInt8] {
    Array(names.map(quotedField).joined(separator: [UInt8(ascii: ",")])) + [UInt8(ascii: "\n")]
  }

  /// The lines of a table's rows, columns matched by name.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - rows: Which of them; `nil`: all.
  /// - Returns: UTF-8 text, a line a row.
  /// - Throws: `TableError.unknownColumn`.
  public func text(_ table: Table, rows: Range<Int>? = nil) throws -> [UInt8] {
    let columns = try names.map { FieldSource(try table.column($0), decimals: decimals[$0] ?? -1) }
    let rows = rows ?? 0..<table.rowCount
    // An empty line would be skipped by readers, and a row lost.
    let isSingle = columns.count == 1
    let lineRoom = columns.reduce(2) { $0 + $1.room + 1 }
    return [UInt8](unsafeUninitializedCapacity: lineRoom * rows.count) { buffer, count in
      guard let start = buffer.baseAddress else { return }
      var out = start
      for row in rows {
        let line = out
        for (index, column) in columns.enumerated() {
          if index > 0 { out.put(UInt8(ascii: ",")) }
          column.write(row, to: &out)
        }
        if isSingle, out == line {
          out.put(UInt8(ascii: "\""))
          out.put(UInt8(ascii: "\""))
        }
        out.put(UInt8(ascii: "\n"))
      }
      count = out - start
    }
  }
}

/// A column as it is written.
private enum FieldSource {
  case numbers([Double], decimals: Int32)
  case texts([UInt32], levels: [[UInt8]])

  init(_ column: Column, decimals: Int) {
    switch column {
    case .numbers(let numbers): self = .numbers(numbers.values, decimals: Int32(decimals))
    case .categories(let texts): self = .texts(texts.codes, levels: texts.levels.map(quotedField))
    }
  }

  /// Bytes that a field takes at most.
  var room: Int {
    switch self {
    case .numbers: Int(PF_FORMAT_ROOM)
    case .texts(_, let levels): levels.map(\.count).max() ?? 0
    }
  }

  func write(_ row: Int, to out: inout UnsafeMutablePointer<UInt8>) {
    switch self {
    case .numbers(let values, let decimals):
      let value = values[row]
      if value.isNaN { return }
      let count = out.withMemoryRebound(to: CChar.self, capacity: Int(PF_FORMAT_ROOM)) {
        pf_format_number(value, decimals, $0)
      }
      if count > 0 {
        out += Int(count)
      } else {
        for byte in value.description.utf8 { out.put(byte) }
      }
    case .texts(let codes, let levels):
      let code = codes[row]
      if code == CategoryColumn.missing { return }
      for byte in levels[Int(code)] { out.put(byte) }
    }
  }
}

extension UnsafeMutablePointer<UInt8> {
  fileprivate mutating func put(_ byte: UInt8) {
    pointee = byte
    self += 1
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
