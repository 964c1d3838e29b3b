#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension SafeTensors {
  /// Whether the checksum that this library writes must be there.
  public enum ChecksumRule: Sendable {
    /// A file without one is refused.
    case required
    /// A file without one is taken; a wrong one is refused.
    case verifiedIfPresent
  }

  /// Reads a file, trusting nothing in it.
  ///
  /// - Parameters:
  ///   - path: A regular file.
  ///   - checksum: Whether files of other programs, which have no checksum, are taken.
  /// - Throws: `FileError.cannotRead`; `SafeTensorsError` for anything that does not hold together: a header longer
  ///   than 100 MB or than the file, text that is not the JSON of this format, a name twice, overlaps, holes, a
  ///   shape that does not fit, missing or trailing bytes, a wrong checksum.
  public init(contentsOf path: String, checksum: ChecksumRule = .verifiedIfPresent) throws {
    let descriptor = System.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { throw FileError.cannotRead(path: path, reason: System.text(errno)) }
    defer { _ = System.close(descriptor) }
    var status = stat()
    if fstat(descriptor, &status) != 0 { throw FileError.cannotRead(path: path, reason: System.text(errno)) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileError.cannotRead(path: path, reason: System.text(EISDIR))
    default: throw FileError.cannotRead(path: path, reason: "expected a regular file")
    }
    let size = Int(status.st_size)
    let prefix = try SafeTensors.read(min(8, size), from: descriptor, path: path)
    let headerLength = try SafeTensors.headerLength(prefix, fileSize: size, file: path)
    let header = try SafeTensors.read(headerLength, from: descriptor, path: path)
    let parsed = try header.withUnsafeBytes { try SafeTensorsHeaderParser.parse($0, file: path) }
    let data = try SafeTensors.read(size - 8 - headerLength, from: descriptor, path: path)
    try self.init(file: path, unchecked: parsed, data: data, checksum: checksum)
  }

  /// Reads the bytes of a file, trusting nothing in them.
  ///
  /// - Throws: as `init(contentsOf:checksum:)`.
  public init(bytes: [UInt8], file: String = "data", checksum: ChecksumRule = .verifiedIfPresent) throws {
    let headerLength = try SafeTensors.headerLength(Array(bytes.prefix(8)), fileSize: bytes.count, file: file)
    let parsed = try bytes.withUnsafeBytes {
      try SafeTensorsHeaderParser.parse(UnsafeRawBufferPointer(rebasing: $0[8..<8 + headerLength]), file: file)
    }
    try self.init(file: file, unchecked: parsed, data: Array(bytes[(8 + headerLength)...]), checksum: checksum)
  }

  private init(
    file: String, unchecked header: SafeTensorsHeader, data: [UInt8], checksum rule: ChecksumRule
  ) throws {
    var header = header
    try header.validatePlaces(dataLength: data.count, file: file)
    if let expected = header.metadata[SafeTensorsHeader.checksumKey] {
      let found = data.withUnsafeBytes { header.checksum(of: $0) }
      if found != expected { throw SafeTensorsError.checksum(file: file, expected: expected, found: found) }
    } else if rule == .required {
      throw SafeTensorsError.missingMetadata(file: file, key: SafeTensorsHeader.checksumKey)
    }
    self.init(file: file, header: header, data: data)
  }

  /// The bytes of the file: same content, same bytes.
  public func encoded() -> [UInt8] {
    let (header, pieces) = placed()
    let text = header.encoded()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + text.count + data.count)
    withUnsafeBytes(of: UInt64(text.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: text)
    for piece in pieces { bytes.append(contentsOf: data[piece]) }
    return bytes
  }

  /// Writes the file: beside its place first, then renamed, so that a failure leaves what was there before.
  ///
  /// - Throws: `FileError.cannotWrite` (disk full, no permission, a directory).
  public func write(to path: String) throws {
    let file = try AtomicFile(path: path)
    try encoded().withUnsafeBytes { try file.write($0) }
    try file.commit()
  }

  /// The header as it will be written, and the pieces of `data` in that order: wide elements first, so that every
  /// tensor is aligned to its own elements without holes, which the format forbids.
  private func placed() -> (header: SafeTensorsHeader, pieces: [Range<Int>]) {
    var result = header
    let order = header.entries.indices.sorted {
      (-header.entries[$0].type.byteCount, $0) < (-header.entries[$1].type.byteCount, $1)
    }
    var end = 0
    result.entries = order.map { index in
      var entry = header.entries[index]
      entry.range = end..<end + entry.range.count
      end = entry.range.upperBound
      return entry
    }
    let pieces = order.map { header.entries[$0].range }
    let ordered = pieces == pieces.sorted { $0.lowerBound < $1.lowerBound } ? data : pieces.flatMap { data[$0] }
    result.metadata[SafeTensorsHeader.checksumKey] = ordered.withUnsafeBytes { result.checksum(of: $0) }
    return (result, pieces)
  }

  private static func headerLength(_ prefix: [UInt8], fileSize: Int, file: String) throws -> Int {
    if prefix.count < 8 {
      throw SafeTensorsError.notSafeTensors(
        file: file, expected: "at least 8 bytes", found: "\(prefix.count)")
    }
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let limit = min(SafeTensorsHeader.maximumLength, fileSize - 8)
    if length > UInt64(limit) || length < 2 {
      throw SafeTensorsError.notSafeTensors(
        file: file, expected: "a header of 2 to \(limit) bytes", found: "a header length of \(length)")
    }
    return Int(length)
  }

  private static func read(_ count: Int, from descriptor: Int32, path: String) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let got = System.read(descriptor, buffer.baseAddress! + initialized, count - initialized)
        if got < 0 { throw FileError.cannotRead(path: path, reason: System.text(errno)) }
        // The file shrank while it was read: the checks of the content say so.
        if got == 0 { return }
        initialized += got
      }
    }
  }
}

extension SafeTensors {
  /// The first bytes of a regular file, fewer when it is shorter; `nil` when there is none that can be read.
  package static func firstBytes(of path: String, count: Int) -> [UInt8]? {
    // Asked before opening: to open and close a named pipe would take its writer's reader away.
    var status = stat()
    if stat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFREG { return nil }
    let descriptor = System.open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
    defer { _ = System.close(descriptor) }
    return try? read(count, from: descriptor, path: path)
  }
}
