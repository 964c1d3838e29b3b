#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open file, or standard input, read from front to back.
final class InputFile {
  /// The path, or `standard input`.
  let name: String
  private let descriptor: Int32
  /// Whether `rewind` works: true for regular files.
  let isSeekable: Bool
  /// Bytes of a regular file; 0 where that is not known.
  let size: Int

  /// Opens a file; `-` is standard input.
  ///
  /// - Throws: `TableError.cannotRead`.
  init(path: String) throws {
    guard path != "-" else {
      name = "standard input"
      descriptor = 0
      isSeekable = false
      size = 0
      return
    }
    name = path
    descriptor = System.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TableError.cannotRead(source: path, reason: systemErrorText()) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let reason = systemErrorText()
      _ = System.close(descriptor)
      throw TableError.cannotRead(source: path, reason: reason)
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      _ = System.close(descriptor)
      throw TableError.cannotRead(source: path, reason: systemErrorText(EISDIR))
    }
    isSeekable = status.st_mode & S_IFMT == S_IFREG
    size = isSeekable ? Int(status.st_size) : 0
  }

  /// Whether a path names a regular file, found out without opening it: a named pipe can be opened only once.
  ///
  /// - Throws: `TableError.cannotRead` when there is nothing of that name.
  static func isRegular(_ path: String) throws -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { throw TableError.cannotRead(source: path, reason: systemErrorText()) }
    return status.st_mode & S_IFMT == S_IFREG
  }

  deinit {
    if descriptor > 0 { _ = System.close(descriptor) }
  }

  /// Reads at most `count` bytes; 0 at the end.
  ///
  /// - Throws: `TableError.cannotRead`.
  func read(into buffer: UnsafeMutableRawPointer, count: Int) throws -> Int {
    while true {
      let got = System.read(descriptor, buffer, count)
      if got >= 0 { return got }
      if errno != EINTR { throw TableError.cannotRead(source: name, reason: systemErrorText()) }
    }
  }

  /// Bytes of a regular file from a place within it, whatever was read before.
  ///
  /// - Throws: `TableError.cannotRead`, also when the file has become shorter.
  func copy(at offset: Int, count: Int, to target: UnsafeMutableRawPointer) throws {
    var done = 0
    while done < count {
      let got = pread(descriptor, target + done, count - done, off_t(offset + done))
      if got > 0 {
        done += got
      } else if got == 0 {
        throw TableError.cannotRead(source: name, reason: "the file has become shorter while it was read")
      } else if errno != EINTR {
        throw TableError.cannotRead(source: name, reason: systemErrorText())
      }
    }
  }

  /// Goes back to the first byte.
  ///
  /// - Throws: `TableError.cannotRead`.
  func rewind() throws {
    if lseek(descriptor, 0, SEEK_SET) < 0 { throw TableError.cannotRead(source: name, reason: systemErrorText()) }
  }

  /// All bytes from here to the end.
  ///
  /// - Throws: `TableError.cannotRead`.
  func readToEnd() throws -> [UInt8] {
    var bytes: [UInt8] = []
    let piece = 1 << 20
    while true {
      let old = bytes.count
      let got = try [UInt8](unsafeUninitializedCapacity: piece) { buffer, count in
        count = try read(into: UnsafeMutableRawPointer(buffer.baseAddress!), count: piece)
      }
      if got.isEmpty { return bytes }
      bytes.append(contentsOf: got)
      if bytes.count == old { return bytes }
    }
  }
}

extension InputFile: RandomAccessBytes {
  var count: Int { size }
}
