#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file, or standard output, written from front to back through a buffer.
///
/// The process must ignore SIGPIPE to see `TableError.brokenPipe` instead of ending by the signal.
package final class OutputFile {
  private static let capacity = 1 << 18

  /// The path, or `standard output`.
  let name: String
  private var descriptor: Int32
  private let buffer: UnsafeMutablePointer<UInt8>
  private var used = 0

  /// Takes over an open descriptor.
  package init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
    buffer = .allocate(capacity: Self.capacity)
  }

  /// Creates or truncates a file; `-` is standard output.
  ///
  /// - Throws: `TableError.cannotWrite`.
  init(path: String) throws {
    if path == "-" {
      name = "standard output"
      descriptor = 1
    } else {
      name = path
      descriptor = System.create(path)
      guard descriptor >= 0 else { throw TableError.cannotWrite(destination: path, reason: systemErrorText()) }
    }
    buffer = .allocate(capacity: Self.capacity)
  }

  deinit {
    if descriptor > 1 { _ = System.close(descriptor) }
    buffer.deallocate()
  }

  /// Appends bytes.
  ///
  /// - Throws: `TableError.cannotWrite` or `.brokenPipe`.
  func append(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      if used == Self.capacity { try flush() }
      let piece = UnsafeBufferPointer(rebasing: rest.prefix(Self.capacity - used))
      (buffer + used).update(from: piece.baseAddress!, count: piece.count)
      used += piece.count
      rest = rest.dropFirst(piece.count)
    }
  }

  /// Writes what is in the buffer.
  ///
  /// - Throws: `TableError.cannotWrite` or `.brokenPipe`.
  func flush() throws {
    var done = 0
    while done < used {
      let wrote = System.write(descriptor, buffer + done, used - done)
      if wrote >= 0 {
        done += wrote
      } else if errno != EINTR {
        used = 0
        throw errno == EPIPE
          ? TableError.brokenPipe : TableError.cannotWrite(destination: name, reason: systemErrorText())
      }
    }
    used = 0
  }

  /// Writes the rest and closes the file (standard output stays open).
  ///
  /// - Throws: `TableError.cannotWrite` or `.brokenPipe`.
  func close() throws {
    try flush()
    guard descriptor > 1 else { return }
    let result = System.close(descriptor)
    descriptor = -1
    if result != 0 { throw TableError.cannotWrite(destination: name, reason: systemErrorText()) }
  }
}
