import PushforwardInterchange

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a command's results go, buffered: standard output, or a file that appears when it is complete.
final class Output {
  /// The reader of standard output has gone: the end of the work, and no error.
  struct ClosedPipe: Error {}

  private var buffer: [UInt8] = []
  private let file: AtomicFile?

  /// Results to the file at `path`; `nil` or `-` is standard output.
  ///
  /// - Throws: `FileError.cannotWrite`.
  init(path: String? = nil) throws {
    file = path == nil || path == "-" ? nil : try AtomicFile(path: path ?? "")
  }

  /// Adds text as it is.
  ///
  /// - Throws: `ClosedPipe`, `FileError.cannotWrite`.
  func write(_ text: String) throws {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= 1 << 16 { try flush() }
  }

  /// Adds bytes as they are.
  ///
  /// - Throws: `ClosedPipe`, `FileError.cannotWrite`.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    buffer.append(contentsOf: bytes)
    if buffer.count >= 1 << 16 { try flush() }
  }

  /// Adds a line.
  ///
  /// - Throws: `ClosedPipe`, `FileError.cannotWrite`.
  func print(_ line: String = "") throws {
    try write(line)
    try write("\n")
  }

  /// Hands over what is buffered and gives a file its name; without this call no file is left behind.
  ///
  /// - Throws: `ClosedPipe`, `FileError.cannotWrite`.
  func finish() throws {
    try flush()
    try file?.commit()
  }

  /// Hands over what is buffered.
  ///
  /// - Throws: `ClosedPipe`, `FileError.cannotWrite`.
  func flush() throws {
    defer { buffer.removeAll(keepingCapacity: true) }
    try buffer.withUnsafeBytes { bytes in
      if let file { try file.write(bytes) } else { try Output.writeStandardOutput(bytes) }
    }
  }

  private static func writeStandardOutput(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      #if canImport(Glibc)
        let written = Glibc.write(STDOUT_FILENO, start, rest.count)
      #elseif canImport(Musl)
        let written = Musl.write(STDOUT_FILENO, start, rest.count)
      #else
        let written = Darwin.write(STDOUT_FILENO, start, rest.count)
      #endif
      if written >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
      } else if errno == EPIPE {
        throw ClosedPipe()
      } else if errno != EINTR {
        throw FileError.cannotWrite(path: "standard output", reason: String(cString: strerror(errno)))
      }
    }
  }
}
