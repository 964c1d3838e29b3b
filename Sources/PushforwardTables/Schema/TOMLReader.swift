/// Reads the part of TOML that schema files need: tables `[columns.NAME]`, keys, texts, numbers, booleans and arrays.
struct TOMLReader {
  private var rest: [Character]
  private var position = 0
  private var line = 1
  private let source: String

  init(_ text: String, source: String) {
    // "\r\n" is one Character; a lone "\n" is easier to count.
    rest = text.map { $0 == "\r\n" ? "\n" : $0 }
    self.source = source
  }

  /// Values by column and key, with their lines.
  ///
  /// - Throws: `TableError.badSchema`.
  func columns() throws -> [String: [String: (SchemaValue, line: Int?)]] {
    var reader = self
    return try reader.readColumns()
  }

  private mutating func readColumns() throws -> [String: [String: (SchemaValue, line: Int?)]] {
    var columns: [String: [String: (SchemaValue, line: Int?)]] = [:]
    var current: String?
    while true {
      skipBlankLines()
      guard let character = peek else { return columns }
      if character == "[" {
        let name = try readHeader()
        if let name, columns[name] != nil { throw wrong("[columns.\(name)] stands twice") }
        if let name { columns[name] = [:] }
        current = name
      } else {
        let start = line
        let key = try readKey()
        try expect("=")
        let value = try readValue()
        try endLine()
        guard let current else { throw wrong("\(quoted(key)) stands before any [columns.NAME]", line: start) }
        if columns[current]?.updateValue((value, start), forKey: key) != nil {
          throw wrong("\(quoted(key)) is set twice", line: start)
        }
      }
    }
  }

  private func wrong(_ detail: String, line: Int? = nil) -> TableError {
    .badSchema(source: source, line: line ?? self.line, detail: detail)
  }

  private var peek: Character? { position < rest.count ? rest[position] : nil }

  private mutating func advance() -> Character? {
    guard position < rest.count else { return nil }
    if rest[position] == "\n" { line += 1 }
    position += 1
    return rest[position - 1]
  }

  private mutating func skipBlanks() {
    while let character = peek, character == " " || character == "\t" { _ = advance() }
    if peek == "#" {
      while let character = peek, character != "\n" { _ = advance() }
    }
  }

  private mutating func skipBlankLines() {
    skipBlanks()
    while peek == "\n" || peek == "\r" {
      _ = advance()
      skipBlanks()
    }
  }

  private mutating func expect(_ character: Character) throws {
    skipBlanks()
    guard peek == character else { throw wrong("expected \(character), found \(found)") }
    _ = advance()
    skipBlanks()
  }

  private var found: String {
    peek.map { $0 == "\n" ? "the end of the line" : quoted(String($0)) } ?? "the end of the file"
  }

  private mutating func endLine() throws {
    skipBlanks()
    guard peek == nil || peek == "\n" else { throw wrong("expected the end of the line, found \(found)") }
  }

  /// `[columns]` (`nil`) or `[columns.NAME]`.
  private mutating func readHeader() throws -> String? {
    try expect("[")
    let first = try readKey()
    guard first == "columns" else { throw wrong("expected [columns.NAME], found [\(first)]") }
    skipBlanks()
    var name: String?
    if peek == "." {
      try expect(".")
      name = try readKey()
    }
    try expect("]")
    try endLine()
    return name
  }

  private mutating func readKey() throws -> String {
    if peek == "\"" || peek == "'" { return try readText() }
    var key = ""
    while let character = peek, character.isLetter || character.isNumber || character == "_" || character == "-" {
      key.append(character)
      _ = advance()
    }
    if key.isEmpty { throw wrong("expected a name, found \(found)") }
    return key
  }

  private mutating func readText() throws -> String {
    let start = line
    let quote = advance()
    var text = ""
    while let character = advance() {
      if character == quote { return text }
      if character == "\n" { break }
      if character == "\\", quote == "\"" {
        guard let escape = advance() else { break }
        switch escape {
        case "n": text.append("\n")
        case "t": text.append("\t")
        case "r": text.append("\r")
        case "\"", "\\": text.append(escape)
        case "u", "U":
          let digits = String((0..<(escape == "u" ? 4 : 8)).compactMap { _ in advance() })
          guard let value = UInt32(digits, radix: 16), let scalar = UnicodeScalar(value) else {
            throw wrong("\\\(escape)\(digits) is no character", line: start)
          }
          text.unicodeScalars.append(scalar)
        default: throw wrong("\\\(escape) is not known in a text", line: start)
        }
      } else {
        text.append(character)
      }
    }
    throw wrong("the text that begins here is not closed on its line", line: start)
  }

  private mutating func readValue() throws -> SchemaValue {
    if peek == "\"" || peek == "'" { return .text(try readText()) }
    if peek == "[" { return .list(try readList()) }
    if peek == "{" { throw wrong("inline tables are not read; write [columns.NAME]") }
    var word = ""
    while let character = peek, !character.isWhitespace, !",]#".contains(character) {
      word.append(character)
      _ = advance()
    }
    if word == "true" || word == "false" { return .flag(word == "true") }
    guard let number = Double(word.filter { $0 != "_" }), number.isFinite else {
      throw wrong(
        word.isEmpty ? "expected a value, found \(found)" : "\(quoted(word)) is no value; texts stand in quotes")
    }
    return .number(number)
  }

  private mutating func readList() throws -> [SchemaValue] {
    try expect("[")
    var list: [SchemaValue] = []
    while true {
      skipBlankLines()
      if peek == "]" { break }
      list.append(try readValue())
      skipBlankLines()
      if peek == "," {
        _ = advance()
      } else if peek != "]" {
        throw wrong("expected , or ] in a list, found \(found)")
      }
    }
    _ = advance()
    return list
  }
}
