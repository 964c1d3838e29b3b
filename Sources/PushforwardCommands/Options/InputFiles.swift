import ArgumentParser

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files a command reads, which its results must not replace.
enum InputFiles {
  /// Refuses an output that is one of the inputs, by whatever name.
  ///
  /// - Parameters:
  ///   - inputs: Paths of what is read; `nil` and `-` are no files. Of `file.npz:array` the file counts.
  ///   - output: Path of what is written; `nil` and `-` are standard output.
  /// - Throws: `ValidationError`.
  static func keep(_ inputs: [String?], from output: String?) throws {
    guard let output, output != "-", let written = identity(output) else { return }
    for input in inputs.compactMap({ $0 }) where input != "-" {
      let read = identity(input) ?? input.lastIndex(of: ":").flatMap { identity(String(input[..<$0])) }
      if let read, read == written {
        throw ValidationError("--output: \(output) is a file that is read; expected another one")
      }
    }
  }

  /// Device and file number of a regular file that exists.
  private static func identity(_ path: String) -> [UInt64]? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return [UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino)]
  }
}
