import CKernels

/// Tables from files in the IDX format, as the MNIST images are distributed, packed by gzip or not: one row an image, one
/// column a pixel.
enum IDXSource {
  /// Whether a file that begins like this is one: two zeros, the type of an element, the number of dimensions; or gzip.
  static func isMeant(by start: some Collection<UInt8>) -> Bool {
    let bytes = Array(start.prefix(4))
    return isPacked(bytes) || (bytes.count == 4 && bytes[0] == 0 && bytes[1] == 0 && type(bytes[2]) != nil)
  }

  private static func isPacked(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1f, 0x8b, 8]) }

  private static func type(_ code: UInt8) -> NPYArray.ElementType? {
    let names: [UInt8: String] = [
      0x08: "|u1", 0x09: "|i1", 0x0b: ">i2", 0x0c: ">i4", 0x0d: ">f4", 0x0e: ">f8",
    ]
    return names[code].flatMap { NPYArray.ElementType($0) }
  }

  /// Opens a file: columns c1, c2, ..., the pixels line by line; with labels the column `label` behind them.
  ///
  /// - Throws: `TableError`.
  static func open(_ input: InputFile, labels: InputFile?, batchRows: Int = .max) throws -> NPYRows {
    let images = try array(input)
    guard let labels else { return NPYRows([(nil, images)], source: input.name, batchRows: batchRows) }
    let numbers = try array(labels)
    guard numbers.columns == 1 else {
      throw TableError.unsupportedFormat(
        source: labels.name, detail: "expected one label a row, found \(numbers.columns) numbers")
    }
    guard numbers.rows == images.rows else {
      throw TableError.unsupportedFormat(
        source: labels.name, detail: "expected \(images.rows) labels, one for each image, found \(numbers.rows)")
    }
    return NPYRows([(nil, images), ("label", numbers)], source: input.name, batchRows: batchRows)
  }

  private static func array(_ input: InputFile) throws -> NPYArray {
    var bytes = try input.readToEnd()
    if isPacked(bytes) { bytes = try unpacked(bytes, source: input.name) }
    func wrong(_ detail: String) -> TableError { .unsupportedFormat(source: input.name, detail: detail) }
    guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0, let type = type(bytes[2]) else {
      throw wrong("this is gzip data but no IDX file; read it through a pipe: gzip -dc FILE | pushforward ... -")
    }
    let dimensions = Int(bytes[3])
    let start = 4 + 4 * dimensions
    guard dimensions > 0, bytes.count >= start else { throw wrong("the IDX header is cut off") }
    let extents = (0..<dimensions).map { index in
      bytes[4 + 4 * index..<8 + 4 * index].reduce(0) { $0 << 8 | Int($1) }
    }
    var columns = 1
    for extent in extents.dropFirst() {
      let (product, isTooMany) = columns.multipliedReportingOverflow(by: extent)
      guard !isTooMany, product <= 1 << 24 else { throw wrong("the IDX header promises \(extents) elements") }
      columns = product
    }
    let (expected, isTooMany) = extents[0].multipliedReportingOverflow(by: columns * type.size)
    guard !isTooMany, expected == bytes.count - start else {
      throw wrong(
        "the IDX header promises \(extents.map { "\($0)" }.joined(separator: " x ")) elements of \(type.size) bytes, but "
          + "\(bytes.count - start) bytes follow")
    }
    guard columns > 0 else { throw wrong("its images have no pixels") }
    if extents[0] == 0 { throw TableError.noRows(source: input.name) }
    return NPYArray(
      bytes, dataStart: start, type: type, rows: extents[0], columns: columns, isOneDimensional: dimensions == 1)
  }

  /// The content of a gzip file (RFC 1952).
  private static func unpacked(_ bytes: [UInt8], source: String) throws -> [UInt8] {
    let damaged = TableError.unsupportedFormat(source: source, detail: "the gzip file is damaged or cut off")
    guard bytes.count >= 18 else { throw damaged }
    func integer(_ offset: Int, _ size: Int) -> Int {
      bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let flags = bytes[3]
    var start = 10
    if flags & 4 != 0 {
      guard start + 2 <= bytes.count else { throw damaged }
      start += 2 + integer(start, 2)
    }
    // A name and a comment end with a zero; a checksum of the header has two bytes.
    for flag: UInt8 in [8, 16] where flags & flag != 0 {
      guard start < bytes.count, let end = bytes[start...].firstIndex(of: 0) else { throw damaged }
      start = end + 1
    }
    if flags & 2 != 0 { start += 2 }
    let end = bytes.count - 8
    guard start <= end else { throw damaged }
    let (checksum, size) = (integer(end, 4), integer(end + 4, 4))
    // Deflate shrinks by at most a factor of 1032.
    guard size <= 1032 * max(end - start, 1) else { throw damaged }
    let content = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let written = bytes.withUnsafeBufferPointer {
        pf_inflate($0.baseAddress! + start, end - start, buffer.baseAddress, size)
      }
      count = max(0, written)
    }
    guard content.count == size, Int(pf_crc32(content, size)) == checksum else { throw damaged }
    return content
  }
}
