/// Bytes that can be read from any place: a file, or an array.
protocol RandomAccessBytes {
  /// How many there are.
  var count: Int { get }
  /// Copies bytes that lie within `count`.
  func copy(at offset: Int, count: Int, to target: UnsafeMutableRawPointer) throws
}

extension [UInt8]: RandomAccessBytes {
  func copy(at offset: Int, count: Int, to target: UnsafeMutableRawPointer) {
    withUnsafeBytes { target.copyMemory(from: $0.baseAddress! + offset, byteCount: count) }
  }
}

/// A NumPy array of numbers, one- or two-dimensional (the `.npy` format, versions 1 to 3), read as it is asked for.
struct NPYArray {
  /// The type of an element.
  struct ElementType: Equatable {
    var kind: Character
    var size: Int
    var isBigEndian: Bool

    /// A type descriptor like `<f8`; `nil` if it is none of booleans, integers and floats.
    init?(_ descriptor: String) {
      let characters = Array(descriptor)
      guard characters.count == 3, let size = characters[2].wholeNumberValue, "<>|=".contains(characters[0]) else {
        return nil
      }
      kind = characters[1]
      self.size = size
      isBigEndian = characters[0] == ">"
      let isKnown =
        switch kind {
        case "b": size == 1
        case "i", "u": [1, 2, 4, 8].contains(size)
        case "f": [2, 4, 8].contains(size)
        default: false
        }
      if !isKnown { return nil }
    }
  }

  let type: ElementType
  let rows: Int
  let columns: Int
  let isOneDimensional: Bool
  let isColumnMajor: Bool
  private let file: any RandomAccessBytes
  private let dataStart: Int

  /// Reads the header and checks that the data are all there.
  ///
  /// - Parameters:
  ///   - file: The whole file.
  ///   - source: Its name, for messages.
  /// - Throws: `TableError.unsupportedFormat`.
  init(_ file: some RandomAccessBytes, source: String) throws {
    func wrong(_ detail: String) -> TableError { .unsupportedFormat(source: source, detail: detail) }
    // Headers are short texts; a longer one is none.
    let bytes = try [UInt8](unsafeUninitializedCapacity: min(file.count, 1 << 16)) { buffer, count in
      count = min(file.count, 1 << 16)
      if count > 0 { try file.copy(at: 0, count: count, to: UnsafeMutableRawPointer(buffer.baseAddress!)) }
    }
    guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw wrong("this is not a NumPy file (.npy)")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    guard (1...3).contains(bytes[6]) else { throw wrong("version \(bytes[6]) of the .npy format is not known") }
    let headerStart = 8 + lengthBytes
    let headerLength = bytes[8..<min(headerStart, bytes.count)].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard bytes.count >= headerStart, headerLength <= bytes.count - headerStart else {
      throw wrong("the .npy header is cut off")
    }
    let header = String(decoding: bytes[headerStart..<headerStart + headerLength], as: UTF8.self)
    guard let descriptor = Self.value("descr", in: header), let order = Self.value("fortran_order", in: header),
      let shape = Self.value("shape", in: header)
    else { throw wrong("the .npy header \(quoted(header)) lacks descr, fortran_order or shape") }
    let name = descriptor.trimmed(of: "'\" ")
    guard let type = ElementType(name) else {
      throw wrong("elements of type \(quoted(name)) cannot be read; expected booleans, integers or floats")
    }
    let extents = shape.trimmed(of: "() ").split(separator: ",").map { Int(String($0).trimmed(of: " ")) ?? -1 }
    guard (1...2).contains(extents.count), extents.allSatisfy({ $0 >= 0 }) else {
      throw wrong("an array of shape \(shape.trimmed(of: " ")) is no table; expected one or two dimensions")
    }
    let columns = extents.count == 2 ? extents[1] : 1
    let (elements, isTooMany) = extents[0].multipliedReportingOverflow(by: columns)
    let (expected, isTooLong) = elements.multipliedReportingOverflow(by: type.size)
    let found = file.count - headerStart - headerLength
    guard !isTooMany, !isTooLong, expected == found else {
      throw wrong("the header promises \(elements) elements of \(type.size) bytes, but \(found) bytes follow")
    }
    guard columns > 0 else { throw wrong("the array has no columns") }
    if extents[0] == 0 { throw TableError.noRows(source: source) }
    self.type = type
    rows = extents[0]
    self.columns = columns
    isOneDimensional = extents.count == 1
    isColumnMajor = order.trimmed(of: " ") == "True"
    self.file = file
    dataStart = headerStart + headerLength
  }

  /// Elements that are known to be all there, row-major.
  ///
  /// - Precondition: `file` holds `rows x columns` elements from `dataStart` on.
  init(
    _ file: some RandomAccessBytes, dataStart: Int, type: ElementType, rows: Int, columns: Int, isOneDimensional: Bool
  ) {
    (self.file, self.dataStart, self.type) = (file, dataStart, type)
    (self.rows, self.columns, self.isOneDimensional) = (rows, columns, isOneDimensional)
    isColumnMajor = false
  }

  /// The text behind a key of the header, which is a Python dictionary of plain values.
  private static func value(_ key: String, in header: String) -> String? {
    var found: Substring?
    for quote in ["'", "\""] where found == nil {
      let parts = header.split(separator: quote + key + quote, maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { found = parts[1] }
    }
    guard let rest = found?.drop(while: { $0 == " " }), rest.first == ":" else { return nil }
    var depth = 0
    var value = ""
    for character in rest.dropFirst() {
      if character == "," || character == "}", depth == 0 { break }
      if "([".contains(character) { depth += 1 }
      if ")]".contains(character) { depth -= 1 }
      value.append(character)
    }
    return value
  }

  /// Some rows of some columns as numbers; `names` are what messages call the columns.
  ///
  /// - Throws: `TableError.notFinite` for an infinite element (NaN is a missing cell), `.cannotRead`.
  func columns(_ indices: [Int], rows range: Range<Int>, names: [String]) throws -> [NumberColumn] {
    let recording = NumberColumn.Recording(
      decimals: type.kind == "f" ? nil : 0, isSinglePrecision: type.kind == "f" && type.size < 8)
    var values = indices.map { _ in [Double](repeating: 0, count: range.count) }
    // A column of a column-major array lies together, otherwise whole rows do; read in pieces of about a megabyte.
    let width = isColumnMajor ? 1 : columns
    let pieceRows = max(1, (1 << 20) / (width * type.size))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceRows * width * type.size, alignment: 16)
    defer { buffer.deallocate() }
    for start in stride(from: range.lowerBound, to: range.upperBound, by: pieceRows) {
      let piece = start..<min(start + pieceRows, range.upperBound)
      func load(_ element: Int) throws {
        try file.copy(
          at: dataStart + element * type.size, count: piece.count * width * type.size, to: buffer.baseAddress!)
      }
      if !isColumnMajor { try load(start * columns) }
      for (position, column) in indices.enumerated() {
        if isColumnMajor { try load(column * rows + start) }
        let first = isColumnMajor ? 0 : column
        for row in 0..<piece.count {
          let value = element(UnsafeRawBufferPointer(buffer), at: (first + row * width) * type.size)
          if value.isInfinite { throw TableError.notFinite(column: names[position], place: "row \(start + row + 1)") }
          values[position][start - range.lowerBound + row] = value
        }
      }
    }
    return values.map { column in
      NumberColumn(unchecked: column, missingCount: column.count(where: \.isNaN), recording: recording)
    }
  }

  private func element(_ raw: UnsafeRawBufferPointer, at offset: Int) -> Double {
    switch (type.kind, type.size) {
    case ("f", 8): return Double(bitPattern: integer(raw, offset))
    case ("f", 4): return Double(Float(bitPattern: integer(raw, offset)))
    case ("f", _): return Self.half(integer(raw, offset))
    case ("i", 1): return Double(Int8(bitPattern: raw[offset]))
    case ("i", 2): return Double(integer(raw, offset) as Int16)
    case ("i", 4): return Double(integer(raw, offset) as Int32)
    case ("i", _): return Double(integer(raw, offset) as Int64)
    case ("u", 2): return Double(integer(raw, offset) as UInt16)
    case ("u", 4): return Double(integer(raw, offset) as UInt32)
    case ("u", 8): return Double(integer(raw, offset) as UInt64)
    case ("b", _): return raw[offset] == 0 ? 0 : 1
    default: return Double(raw[offset])
    }
  }

  private func integer<T: FixedWidthInteger>(_ raw: UnsafeRawBufferPointer, _ offset: Int) -> T {
    let value = raw.loadUnaligned(fromByteOffset: offset, as: T.self)
    return type.isBigEndian ? T(bigEndian: value) : T(littleEndian: value)
  }

  /// IEEE 754 half precision.
  private static func half(_ bits: UInt16) -> Double {
    let sign: Double = bits >> 15 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1f)
    let fraction = Double(bits & 0x3ff)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Double(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
    }
  }
}

extension String {
  /// Without these characters at both ends.
  func trimmed(of characters: String) -> String {
    var rest = self[...]
    while let first = rest.first, characters.contains(first) { rest.removeFirst() }
    while let last = rest.last, characters.contains(last) { rest.removeLast() }
    return String(rest)
  }
}
