/// The 64-bit cyclic redundancy check of the xz format (polynomial of ECMA-182, reflected).
///
/// Finds every error within 64 bits in a row, and any other with probability 1 - 2^-64; no defence against intent.
struct CRC64 {
  private var state = UInt64.max

  /// The check of everything so far.
  var value: UInt64 { ~state }

  /// Eight bytes at a time from eight tables: one table lookup a byte alone would wait for the one before.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var crc = state
    CRC64.tables.withUnsafeBufferPointer { tables in
      let blocks = bytes.count / 8
      for block in 0..<blocks {
        let word = crc ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: block * 8, as: UInt64.self))
        var next: UInt64 = 0
        for byte in 0..<8 {
          next ^= tables[(7 - byte) << 8 | Int(truncatingIfNeeded: (word >> UInt64(8 * byte)) & 0xff)]
        }
        crc = next
      }
      for index in blocks * 8..<bytes.count {
        crc = tables[Int(truncatingIfNeeded: (crc ^ UInt64(bytes[index])) & 0xff)] ^ (crc >> 8)
      }
    }
    state = crc
  }

  /// Text, closed by a zero byte so that "ab", "c" and "a", "bc" differ.
  mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    withUnsafeBytes(of: UInt8(0)) { update($0) }
  }

  /// Table k holds the check of each byte followed by k zero bytes.
  private static let tables: [UInt64] = {
    var tables = [UInt64](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt64(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xc96c_5795_d787_0f42 : value >> 1 }
      tables[byte] = value
    }
    for index in 256..<8 * 256 {
      let previous = tables[index - 256]
      tables[index] = tables[Int(previous & 0xff)] ^ (previous >> 8)
    }
    return tables
  }()
}
