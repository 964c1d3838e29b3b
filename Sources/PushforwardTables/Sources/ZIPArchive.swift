import CKernels

/// The members of a ZIP archive in memory, stored or deflated, as NumPy writes them (`.npz`).
struct ZIPArchive {
  private struct Member {
    var name: String
    var method: Int
    var checksum: UInt32
    var packedSize: Int
    var size: Int
    var offset: Int
  }

  private let bytes: [UInt8]
  private let source: String
  private let members: [Member]

  /// The names of the members, in order.
  var names: [String] { members.map(\.name) }

  /// Reads the archive's directory.
  ///
  /// - Throws: `TableError.unsupportedFormat`.
  init(_ bytes: [UInt8], source: String) throws {
    self.bytes = bytes
    self.source = source
    let reader = Reader(bytes: bytes)
    let damaged = TableError.unsupportedFormat(source: source, detail: "the ZIP directory is damaged or cut off")
    // The directory's end is at most 64 KiB of comment away from the file's.
    let lowest = max(0, bytes.count - 65_557)
    guard bytes.count >= 22,
      let end = stride(from: bytes.count - 22, through: lowest, by: -1).first(where: {
        reader.integer($0, 4) == 0x0605_4b50
      }),
      var count = reader.integer(end + 10, 2), var position = reader.integer(end + 16, 4)
    else { throw damaged }
    if position == 0xffff_ffff || count == 0xffff {
      guard let locator = reader.integer(end - 12, 8), let (entries, start) = reader.zip64(at: locator) else {
        throw damaged
      }
      (count, position) = (entries, start)
    }
    var members: [Member] = []
    for _ in 0..<min(count, bytes.count / 46) {
      guard let (member, next) = reader.member(at: position) else { throw damaged }
      members.append(member)
      position = next
    }
    self.members = members
  }

  /// The content of a member.
  ///
  /// - Throws: `TableError.unsupportedFormat` for damaged or encrypted data.
  func content(_ name: String) throws -> [UInt8] {
    let reader = Reader(bytes: bytes)
    func wrong(_ detail: String) -> TableError { .unsupportedFormat(source: "\(source):\(name)", detail: detail) }
    guard let member = members.first(where: { $0.name == name }),
      reader.integer(member.offset, 4) == 0x0403_4b50, let nameLength = reader.integer(member.offset + 26, 2),
      let extraLength = reader.integer(member.offset + 28, 2)
    else { throw wrong("the ZIP archive is damaged") }
    let start = member.offset + 30 + nameLength + extraLength
    guard start <= bytes.count, member.packedSize <= bytes.count - start else {
      throw wrong("the ZIP archive is cut off")
    }
    let packed = bytes[start..<start + member.packedSize]
    let content: [UInt8]
    switch member.method {
    case 0: content = Array(packed)
    case 8:
      // Deflate shrinks by at most a factor of 1032.
      guard member.size <= 1032 * max(packed.count, 1) else { throw wrong("the ZIP archive is damaged") }
      content = [UInt8](unsafeUninitializedCapacity: member.size) { buffer, count in
        let written = packed.withUnsafeBufferPointer {
          pf_inflate($0.baseAddress, $0.count, buffer.baseAddress, member.size)
        }
        count = max(0, written)
      }
    default: throw wrong("the member is packed by method \(member.method); expected stored or deflated")
    }
    guard content.count == member.size, pf_crc32(content, content.count) == member.checksum else {
      throw wrong("the member's data are damaged")
    }
    return content
  }

  private struct Reader {
    var bytes: [UInt8]

    /// A little-endian integer; `nil` outside the file or beyond an Int.
    func integer(_ offset: Int, _ size: Int) -> Int? {
      guard offset >= 0, offset <= bytes.count - size else { return nil }
      let value = bytes[offset..<offset + size].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return Int(exactly: value)
    }

    func zip64(at offset: Int) -> (count: Int, position: Int)? {
      guard integer(offset, 4) == 0x0606_4b50, let count = integer(offset + 32, 8),
        let position = integer(offset + 48, 8)
      else { return nil }
      return (count, position)
    }

    /// A directory entry and where the next one begins.
    func member(at offset: Int) -> (Member, next: Int)? {
      guard integer(offset, 4) == 0x0201_4b50, let method = integer(offset + 10, 2), let crc = integer(offset + 16, 4),
        var packed = integer(offset + 20, 4), var size = integer(offset + 24, 4),
        let nameLength = integer(offset + 28, 2), let extraLength = integer(offset + 30, 2),
        let commentLength = integer(offset + 32, 2), var start = integer(offset + 42, 4),
        offset + 46 + nameLength + extraLength <= bytes.count
      else { return nil }
      let name = String(decoding: bytes[(offset + 46)..<(offset + 46 + nameLength)], as: UTF8.self)
      let extraEnd = offset + 46 + nameLength + extraLength
      var field = offset + 46 + nameLength
      while let id = integer(field, 2), let length = integer(field + 2, 2), field + 4 + length <= extraEnd {
        if id == 1 {
          // Sizes that do not fit 32 bits, in this order, only those that do not fit.
          var value = field + 4
          func next(_ current: Int) -> Int {
            guard current == 0xffff_ffff, let large = integer(value, 8) else { return current }
            value += 8
            return large
          }
          size = next(size)
          packed = next(packed)
          start = next(start)
        }
        field += 4 + length
      }
      let member = Member(
        name: name, method: method, checksum: UInt32(crc), packedSize: packed, size: size, offset: start)
      return (member, extraEnd + commentLength)
    }
  }
}
