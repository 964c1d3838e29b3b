#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that appears under its name only when it is complete: written beside it, flushed to the disk, renamed.
///
/// A failure or an abandoned write leaves what was there before. Pipes and devices are written to directly, and a
/// symbolic link's target is replaced rather than the link.
package final class AtomicFile {
  private let shownPath: String
  private let finalPath: String
  /// Where the bytes go until `commit`; `nil` when writing goes directly to a pipe or a device.
  package let temporaryPath: String?
  private var descriptor: Int32

  /// Starts writing the file at `path`.
  ///
  /// - Throws: `FileError.cannotWrite`.
  package init(path: String) throws {
    shownPath = path
    if path.isEmpty { throw FileError.cannotWrite(path: "''", reason: System.text(ENOENT)) }
    var status = stat()
    let exists = stat(path, &status) == 0
    let kind = status.st_mode & S_IFMT
    if exists, kind == S_IFDIR { throw FileError.cannotWrite(path: path, reason: System.text(EISDIR)) }
    if exists, kind != S_IFREG {
      finalPath = path
      temporaryPath = nil
      descriptor = System.open(path, O_WRONLY | O_CLOEXEC)
    } else {
      finalPath = exists ? AtomicFile.resolved(path) : path
      let beside = AtomicFile.temporaryName(for: finalPath)
      temporaryPath = beside
      descriptor = System.open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if exists, descriptor >= 0 { _ = fchmod(descriptor, status.st_mode & 0o7777) }
    }
    if descriptor < 0 { throw FileError.cannotWrite(path: path, reason: System.text(errno)) }
  }

  deinit { abandon() }

  /// Appends bytes.
  ///
  /// - Throws: `FileError.cannotWrite`, after removing what was written.
  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      let written = System.write(descriptor, start, rest.count)
      if written < 0 { throw failure() }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
    }
  }

  /// Flushes to the disk and gives the file its name.
  ///
  /// - Throws: `FileError.cannotWrite`, after removing what was written.
  package func commit() throws {
    if let temporaryPath {
      if fsync(descriptor) != 0 { throw failure() }
      let closed = System.close(descriptor)
      descriptor = -1
      if closed != 0 || rename(temporaryPath, finalPath) != 0 {
        let error = FileError.cannotWrite(path: shownPath, reason: System.text(errno))
        unlink(temporaryPath)
        throw error
      }
      AtomicFile.flushDirectory(of: finalPath)
    } else if System.close(descriptor) != 0 {
      descriptor = -1
      throw FileError.cannotWrite(path: shownPath, reason: System.text(errno))
    } else {
      descriptor = -1
    }
  }

  /// Forgets what was written; the old file, if any, stays.
  package func abandon() {
    if descriptor < 0 { return }
    _ = System.close(descriptor)
    descriptor = -1
    if let temporaryPath { unlink(temporaryPath) }
  }

  private func failure() -> FileError {
    let error = FileError.cannotWrite(path: shownPath, reason: System.text(errno))
    abandon()
    return error
  }

  private static func resolved(_ path: String) -> String {
    guard let found = realpath(path, nil) else { return path }
    defer { free(found) }
    return String(cString: found)
  }

  /// A hidden name in the same directory (a rename does not cross file systems), no two alike.
  private static func temporaryName(for path: String) -> String {
    let (directory, name) = split(path)
    let unique = String(UInt64.random(in: .min ... .max), radix: 36)
    // Names are at most 255 bytes long; the number alone tells one temporary file from another.
    return "\(directory).\(String(name.prefix(40))).\(unique).tmp"
  }

  /// The directory with its slash (empty for the current one), and the name.
  private static func split(_ path: String) -> (directory: Substring, name: Substring) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path[...]) }
    let start = path.utf8.index(after: slash)
    return (path[..<start], path[start...])
  }

  private static func flushDirectory(of path: String) {
    let directory = split(path).directory
    let opened = System.open(directory.isEmpty ? "." : String(directory), O_RDONLY | O_CLOEXEC)
    if opened < 0 { return }
    _ = fsync(opened)
    _ = System.close(opened)
  }
}
