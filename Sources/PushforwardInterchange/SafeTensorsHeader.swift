/// The header of a safetensors file: names, types, shapes and places, and a map of strings.
struct SafeTensorsHeader {
  /// One tensor's line.
  struct Entry {
    var name: String
    var type: SafeTensorsType
    var shape: [Int]
    /// Bytes from the start of the data.
    var range: Range<Int>

    /// Refuses a shape that takes another number of bytes than there are.
    func validateSize(file: String) throws {
      var size = type.byteCount
      // In ascending order: a dimension of 0 comes first and makes the size 0 whatever the others multiply to.
      for dimension in shape.sorted() {
        let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
        if overflow || dimension < 0 {
          throw SafeTensorsError.tensor(
            file: file, name: name, what: "shape", expected: "a size that fits memory", found: shapeText(shape))
        }
        size = product
      }
      if size != range.count {
        throw SafeTensorsError.tensor(
          file: file, name: name, what: "length of data",
          expected: "\(size) bytes for \(type.rawValue) \(shapeText(shape))", found: "\(range.count)")
      }
    }
  }

  /// In the order of their places.
  var entries: [Entry] = []
  /// The `__metadata__` map.
  var metadata: [String: String] = [:]

  /// Longest header that is read: the bound of the format's own library.
  static let maximumLength = 100_000_000
  /// The data start at a multiple of this many bytes, so that mapped tensors are aligned as the kernels like them.
  static let alignment = 64
  /// The metadata entry that holds the checksum of all else.
  static let checksumKey = "checksum"

  /// The JSON text, keys in a fixed order, filled up with blanks so that the data are aligned.
  func encoded() -> [UInt8] {
    var text = "{"
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }
      text += "\"__metadata__\":{"
      text += pairs.map { "\(jsonString($0.key)):\(jsonString($0.value))" }.joined(separator: ",")
      text += entries.isEmpty ? "}" : "},"
    }
    text += entries.map {
      let shape = $0.shape.map(String.init).joined(separator: ",")
      return "\(jsonString($0.name)):{\"dtype\":\"\($0.type.rawValue)\",\"shape\":[\(shape)],"
        + "\"data_offsets\":[\($0.range.lowerBound),\($0.range.upperBound)]}"
    }.joined(separator: ",")
    text += "}"
    var bytes = Array(text.utf8)
    let blanks =
      (SafeTensorsHeader.alignment - (8 + bytes.count) % SafeTensorsHeader.alignment)
      % SafeTensorsHeader.alignment
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: blanks))
    return bytes
  }

  /// The check of everything but the checksum itself: metadata in key order, tensors in the order of their places.
  func checksum(of data: UnsafeRawBufferPointer) -> String {
    var check = CRC64()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != SafeTensorsHeader.checksumKey {
      check.update(key)
      check.update(value)
    }
    for entry in entries {
      check.update(entry.name)
      check.update(entry.type.rawValue)
      check.update(entry.shape.map(String.init).joined(separator: ","))
    }
    check.update(data)
    let digits = String(check.value, radix: 16)
    return "crc64:" + String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Sorts the entries by place and refuses all that do not tile the data without overlap or hole.
  ///
  /// - Throws: `SafeTensorsError.tensor` or `.dataLength`.
  mutating func validatePlaces(dataLength: Int, file: String) throws {
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    var end = 0
    for entry in entries {
      try entry.validateSize(file: file)
      if entry.range.lowerBound != end {
        throw SafeTensorsError.tensor(
          file: file, name: entry.name,
          what: entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a hole before it",
          expected: "its data to start at byte \(end)", found: "\(entry.range.lowerBound)")
      }
      end = entry.range.upperBound
    }
    if end != dataLength { throw SafeTensorsError.dataLength(file: file, expected: end, found: dataLength) }
  }
}

/// A JSON string with its quotes.
private func jsonString(_ text: String) -> String {
  var out = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": out += "\\\""
    case "\\": out += "\\\\"
    case "\n": out += "\\n"
    case "\u{0}"..<" ":
      let digits = String(scalar.value, radix: 16)
      out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out + "\""
}

/// A shape for a one-line message, cut after eight dimensions.
func shapeText(_ shape: [Int]) -> String {
  "[" + shape.prefix(8).map(String.init).joined(separator: ", ") + (shape.count > 8 ? ", ...]" : "]")
}
