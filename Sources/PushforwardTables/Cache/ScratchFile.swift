#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file without a name: written once from front to back, read anywhere, and gone with the process however that ends.
///
/// Sendable because bytes are read by position, and nobody reads before all are written.
final class ScratchFile: @unchecked Sendable {
  private let descriptor: Int32
  private let directory: String
  /// Bytes written.
  private(set) var count = 0

  /// Makes a file in a directory and takes its name away at once.
  ///
  /// - Throws: `TableError.cannotWrite`.
  init(directory: String) throws {
    self.directory = directory
    var template = Array("\(directory)/.pushforward-XXXXXX".utf8CString)
    descriptor = template.withUnsafeMutableBufferPointer { mkstemp($0.baseAddress!) }
    guard descriptor >= 0 else { throw TableError.cannotWrite(destination: directory, reason: systemErrorText()) }
    _ = template.withUnsafeBufferPointer { unlink($0.baseAddress!) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { _ = System.close(descriptor) }

  /// Adds bytes at the end.
  ///
  /// - Throws: `TableError.cannotWrite`, as when the disk is full.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      let written = System.write(descriptor, start, rest.count)
      if written >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
      } else if errno != EINTR {
        throw TableError.cannotWrite(destination: "a temporary file in \(directory)", reason: systemErrorText())
      }
    }
    count += bytes.count
  }

  /// Copies bytes that have been written.
  ///
  /// - Throws: `TableError.cannotRead`.
  func copy(at offset: Int, count: Int, to target: UnsafeMutableRawPointer) throws {
    var done = 0
    while done < count {
      let got = pread(descriptor, target + done, count - done, off_t(offset + done))
      if got > 0 {
        done += got
      } else if got == 0 || errno != EINTR {
        let reason = got == 0 ? "it has become shorter" : systemErrorText()
        throw TableError.cannotRead(source: "a temporary file in \(directory)", reason: reason)
      }
    }
  }
}
