import CKernels

/// A picture in shades of grey, row by row from the top, 0 black to 255 white.
struct GreyImage: Equatable {
  /// Pixels across.
  let width: Int
  /// Pixels down.
  let height: Int
  /// `height x width`.
  var pixels: [UInt8]

  /// A picture of one shade.
  init(width: Int, height: Int, shade: UInt8) {
    (self.width, self.height) = (width, height)
    pixels = [UInt8](repeating: shade, count: width * height)
  }

  /// The picture as a PNG file.
  ///
  /// The pixels are stored, not compressed: a reader of any PNG reads it, and a sheet of a thousand small pictures is still
  /// less than a megabyte.
  /// - SeeAlso: Portable Network Graphics (W3C recommendation), sections 5, 10 and 11; RFC 1950 and 1951.
  var png: [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity((width + 1) * height)
    for y in 0..<height {
      lines.append(0)  // filter: none
      lines += pixels[y * width..<(y + 1) * width]
    }
    var file: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
    // Eight bits a pixel, grey, deflate, adaptive filters, not interlaced.
    file += Self.chunk("IHDR", Self.bigEndian(UInt32(width)) + Self.bigEndian(UInt32(height)) + [8, 0, 0, 0, 0])
    file += Self.chunk("IDAT", Self.stored(lines))
    return file + Self.chunk("IEND", [])
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
  }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    return bigEndian(UInt32(content.count)) + body + bigEndian(pf_crc32(body, body.count))
  }

  /// Bytes as a zlib stream of stored blocks.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var start = 0
    repeat {
      let count = min(bytes.count - start, 0xffff)
      let isLast: UInt8 = start + count == bytes.count ? 1 : 0
      stream += [isLast, UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8 & 255)]
      stream += bytes[start..<start + count]
      start += count
    } while start < bytes.count
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    return stream + bigEndian(b << 16 | a)
  }
}
