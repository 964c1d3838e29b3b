import CKernels

/// Finds out how a file is written from its first records.
struct CSVSniffer {
  private static let sampleRecords = 100
  private static let mostColumns = 1_000_000
  private static let candidates = Array("\t;|,".utf8)

  private struct Cell {
    var text: String
    var isQuoted: Bool
  }

  let scanner: CSVScanner
  let options: CSVOptions
  let markers: [UInt8]

  /// Detects what the options leave open.
  ///
  /// - Throws: `TableError` when there is no record, the first one cannot be split, or its names do not serve.
  func detect() throws -> CSVDialect {
    try readFirstRecord()
    let delimiter = try chosenDelimiter()
    let fieldCount = firstResult(delimiter: delimiter).found
    if fieldCount > Self.mostColumns {
      throw TableError.unsupportedFormat(
        source: scanner.input.name,
        detail: "the first line has \(fieldCount) fields; at most \(Self.mostColumns) are read")
    }
    let records = sample(delimiter: delimiter)
    if let result = firstScanError(delimiter: delimiter) {
      throw CSVScanner.error(result, source: scanner.input.name, columns: 0)
    }
    guard let first = records.first else { throw TableError.emptySource(source: scanner.input.name) }
    let point = try options.decimalPoint.map { try ascii($0, "decimal point") } ?? decimalPoint(records, delimiter)
    if point == delimiter {
      throw TableError.unsupportedFormat(
        source: scanner.input.name,
        detail: "the decimal point and the delimiter cannot both be \(quoted(String(UnicodeScalar(point))))")
    }
    let hasHeader: Bool =
      switch options.header {
      case .present: true
      case .absent: false
      case .detect: looksLikeHeader(first, Array(records.dropFirst()), decimalPoint: point)
      }
    return CSVDialect(
      delimiter: Character(UnicodeScalar(delimiter)), decimalPoint: Character(UnicodeScalar(point)),
      hasHeader: hasHeader,
      names: hasHeader ? try names(first) : first.indices.map { "c\($0 + 1)" })
  }

  /// Reads until the buffer holds at least one whole record, however it is delimited.
  private func readFirstRecord() throws {
    while !scanner.atEnd {
      let records = Self.candidates.filter { firstResult(delimiter: $0).rows > 0 }
      if records.count == Self.candidates.count { return }
      try scanner.readMore()
    }
  }

  private func firstResult(delimiter: UInt8) -> pf_csv_result {
    let text = scanner.pending
    var line: Int64 = 0
    var field = pf_csv_field()
    return pf_csv_scan(
      text.baseAddress, text.count, scanner.atEnd ? 1 : 0, CChar(bitPattern: delimiter), 0, 1, &field, &line, 1)
  }

  private func firstScanError(delimiter: UInt8) -> pf_csv_result? {
    let result = firstResult(delimiter: delimiter)
    return result.rows == 0 && result.status != PF_CSV_MORE.rawValue ? result : nil
  }

  /// The first records, each with all its fields; stops at one that cannot be split.
  private func sample(delimiter: UInt8, limit: Int = sampleRecords) -> [[Cell]] {
    let text = scanner.pending
    var records: [[Cell]] = []
    var position = 0
    var line: Int64 = 0
    var fields = [pf_csv_field](repeating: pf_csv_field(), count: 256)
    while records.count < limit, position < text.count {
      let start = text.baseAddress! + position
      let result = pf_csv_scan(
        start, text.count - position, scanner.atEnd ? 1 : 0, CChar(bitPattern: delimiter), 0, 1, &fields, &line,
        fields.count)
      if result.rows == 0 || result.found > Self.mostColumns { break }
      if result.found > fields.count {
        fields = [pf_csv_field](repeating: pf_csv_field(), count: result.found)
        continue
      }
      records.append(
        fields[..<result.found].map {
          Cell(text: CSVScanner.string(start, $0), isQuoted: $0.length & UInt32(PF_CSV_QUOTED) != 0)
        })
      position += result.consumed
    }
    return records
  }

  /// The first candidate that splits all records of the sample into the same number (at least two) of fields; where none
  /// does (a ragged file, a single column), the one that splits the first record into the most.
  private func chosenDelimiter() throws -> UInt8 {
    if let given = options.delimiter { return try ascii(given, "delimiter") }
    let possible = Self.candidates.filter { $0 != options.decimalPoint?.asciiValue }
    var best = (delimiter: possible[possible.count - 1], fields: 1)
    for candidate in possible {
      let counts = sample(delimiter: candidate).map(\.count)
      guard let first = counts.first, first > 1 else { continue }
      if counts.count > 1, counts.allSatisfy({ $0 == first }) { return candidate }
      if first > best.fields { best = (candidate, first) }
    }
    return best.delimiter
  }

  private func ascii(_ character: Character, _ what: String) throws -> UInt8 {
    let forbidden: Set<Character> = ["\"", "\n", "\r", "\r\n", " ", "-", "+"]
    guard let value = character.asciiValue, !forbidden.contains(character), !character.isLetter, !character.isNumber
    else {
      throw TableError.unsupportedFormat(
        source: scanner.input.name, detail: "\(quoted(String(character))) cannot be the \(what)")
    }
    return value
  }

  /// A comma where some cells are numbers only with a decimal comma and none has a decimal point.
  private func decimalPoint(_ records: [[Cell]], _ delimiter: UInt8) -> UInt8 {
    let point = UInt8(ascii: "."), comma = UInt8(ascii: ",")
    if delimiter == comma { return point }
    var commas = 0
    for cell in records.joined() where !cell.text.isEmpty {
      if isNumber(cell.text, point) {
        if cell.text.contains(".") { return point }
      } else if isNumber(cell.text, comma) {
        commas += 1
      }
    }
    return commas > 0 ? comma : point
  }

  private func isNumber(_ text: String, _ decimalPoint: UInt8) -> Bool {
    var text = text
    var number = pf_number()
    let status = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        pf_parse_number($0.baseAddress, $0.count, CChar(bitPattern: decimalPoint), &number)
      }
    }
    return status == PF_NUMBER_OK.rawValue
  }

  private func isMissing(_ text: String) -> Bool { text.isEmpty || options.missingMarkers.contains(text) }

  /// No number in the first record, and either a number below one of its texts, or all names different and unlike the
  /// cells below them.
  private func looksLikeHeader(_ first: [Cell], _ rest: [[Cell]], decimalPoint: UInt8) -> Bool {
    if first.contains(where: { isNumber($0.text, decimalPoint) }) { return false }
    if first.allSatisfy({ isMissing($0.text) }) { return false }
    for (column, name) in first.enumerated() where !isMissing(name.text) {
      let below = rest.lazy.filter { column < $0.count }.map { $0[column].text }
      if below.contains(where: { isNumber($0, decimalPoint) }) { return true }
    }
    let names = Set(first.map(\.text))
    let repeatsBelow = first.indices.contains { column in
      rest.contains { column < $0.count && $0[column].text == first[column].text }
    }
    return names.count == first.count && !repeatsBelow
  }

  private func names(_ header: [Cell]) throws -> [String] {
    var seen: [String: Int] = [:]
    return try header.enumerated().map { index, cell in
      if cell.text.unicodeScalars.contains(where: { $0 == "\u{fffd}" || $0 == "\0" }) {
        throw TableError.invalidText(
          source: scanner.input.name, line: 1, column: "\(index + 1)",
          detail: "the name \(quoted(cell.text)) is not UTF-8 text; convert the file: iconv -f latin1 -t utf-8")
      }
      let name = cell.text.isEmpty ? "c\(index + 1)" : cell.text
      if let first = seen.updateValue(index, forKey: name) {
        throw TableError.duplicateColumn(source: scanner.input.name, name: name, first: first + 1, second: index + 1)
      }
      return name
    }
  }
}
