/// Reads the JSON of a safetensors header, and nothing else that JSON could say.
///
/// Not `JSONDecoder`, which keeps one of two equal keys and says nothing: a file with a name twice is refused here, as
/// are numbers that are not plain non-negative integers, unknown keys and text that is not UTF-8. No recursion.
struct SafeTensorsHeaderParser {
  private let bytes: UnsafeRawBufferPointer
  private let file: String
  private var position = 0

  /// Parses a whole header.
  ///
  /// - Throws: `SafeTensorsError.header`, `.duplicateName` or `.tensor`.
  static func parse(_ bytes: UnsafeRawBufferPointer, file: String) throws -> SafeTensorsHeader {
    var parser = SafeTensorsHeaderParser(bytes: bytes, file: file)
    return try parser.header()
  }

  private init(bytes: UnsafeRawBufferPointer, file: String) {
    self.bytes = bytes
    self.file = file
  }

  private mutating func header() throws -> SafeTensorsHeader {
    var result = SafeTensorsHeader()
    if bytes.first != UInt8(ascii: "{") { throw failure(expected: "{") }
    try object { parser, name in
      if name == "__metadata__" {
        try parser.object { parser, key in
          parser.skipBlanks()
          result.metadata[key] = try parser.string()
        }
      } else {
        result.entries.append(try parser.entry(named: name))
      }
    }
    skipBlanks()
    if position < bytes.count { throw failure(expected: "the end of the header") }
    return result
  }

  private mutating func entry(named name: String) throws -> SafeTensorsHeader.Entry {
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try object { parser, key in
      parser.skipBlanks()
      switch key {
      case "dtype": typeName = try parser.string()
      case "shape": shape = try parser.integers()
      case "data_offsets": offsets = try parser.integers()
      default: throw parser.failure(expected: "dtype, shape or data_offsets", found: printable(key))
      }
    }
    guard let typeName, let shape, let offsets else {
      throw failure(expected: "dtype, shape and data_offsets of tensor \(printable(name))", found: "not all of them")
    }
    guard let type = SafeTensorsType(rawValue: typeName) else {
      throw SafeTensorsError.tensor(
        file: file, name: name, what: "dtype",
        expected: "one of \(SafeTensorsType.allCases.map(\.rawValue).joined(separator: ", "))",
        found: printable(typeName))
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw SafeTensorsError.tensor(
        file: file, name: name, what: "data_offsets", expected: "a start and an end not before it",
        found: "\(offsets.prefix(4))")
    }
    return .init(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// An object whose members `member` reads, the name being read already.
  private mutating func object(
    _ member: (inout SafeTensorsHeaderParser, String) throws -> Void
  ) throws {
    try expect("{")
    skipBlanks()
    if take("}") { return }
    var names: Set<String> = []
    while true {
      skipBlanks()
      let name = try string()
      if !names.insert(name).inserted { throw SafeTensorsError.duplicateName(file: file, name: name) }
      try expect(":")
      try member(&self, name)
      skipBlanks()
      if take("}") { return }
      try expect(",")
    }
  }

  private mutating func integers() throws -> [Int] {
    try expect("[")
    skipBlanks()
    if take("]") { return [] }
    var values: [Int] = []
    while true {
      skipBlanks()
      values.append(try integer())
      skipBlanks()
      if take("]") { return values }
      try expect(",")
    }
  }

  private mutating func integer() throws -> Int {
    let start = position
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    let digits = bytes[start..<position]
    let text = String(decoding: digits, as: UTF8.self)
    guard let value = Int(text), digits.count == 1 || digits.first != UInt8(ascii: "0") else {
      position = start
      throw failure(expected: "a whole number from 0 to \(Int.max)", found: text.isEmpty ? nil : printable(text))
    }
    return value
  }

  private mutating func string() throws -> String {
    try expect("\"")
    let start = position
    var units: [UInt8] = []
    while let byte = peek {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else {
          position = start
          throw failure(expected: "UTF-8 text", found: "other bytes")
        }
        return text
      case UInt8(ascii: "\\"): try escape(into: &units)
      case 0..<0x20:
        position -= 1
        throw failure(expected: "no control character in a string")
      default: units.append(byte)
      }
    }
    throw failure(expected: "\"")
  }

  private mutating func escape(into units: inout [UInt8]) throws {
    guard let byte = peek else { throw failure(expected: "an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
    case UInt8(ascii: "b"): units.append(0x08)
    case UInt8(ascii: "f"): units.append(0x0c)
    case UInt8(ascii: "n"): units.append(0x0a)
    case UInt8(ascii: "r"): units.append(0x0d)
    case UInt8(ascii: "t"): units.append(0x09)
    case UInt8(ascii: "u"):
      var value = try hexadecimal()
      if (0xd800..<0xdc00).contains(value) {
        try expectExactly("\\")
        try expectExactly("u")
        let low = try hexadecimal()
        guard (0xdc00..<0xe000).contains(low) else {
          throw failure(expected: "the second half of a surrogate pair", found: String(low, radix: 16))
        }
        value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(value) else {
        throw failure(expected: "a Unicode character", found: String(value, radix: 16))
      }
      units.append(contentsOf: String(scalar).utf8)
    default:
      position -= 1
      throw failure(expected: "an escape")
    }
  }

  private mutating func hexadecimal() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure(expected: "four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    if peek != UInt8(ascii: character) { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    skipBlanks()
    try expectExactly(character)
  }

  private mutating func expectExactly(_ character: Unicode.Scalar) throws {
    if !take(character) { throw failure(expected: String(character)) }
  }

  private func failure(expected: String, found: String? = nil) -> SafeTensorsError {
    let seen = peek.map { printable(String(Unicode.Scalar($0))) } ?? "the end of the header"
    return .header(file: file, byte: position, expected: expected, found: found ?? seen)
  }
}
