#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Standard error: everything that is not a result.
package enum Console {
  /// Whether standard error is a terminal, where a line may be written over.
  package static let isTerminal = isatty(STDERR_FILENO) == 1

  /// Writes text to standard error as it is; failure to do so is nobody's concern.
  package static func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while let start = rest.baseAddress, !rest.isEmpty {
        #if canImport(Glibc)
          let written = Glibc.write(STDERR_FILENO, start, rest.count)
        #elseif canImport(Musl)
          let written = Musl.write(STDERR_FILENO, start, rest.count)
        #else
          let written = Darwin.write(STDERR_FILENO, start, rest.count)
        #endif
        if written <= 0 { return }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
      }
    }
  }

  /// Writes a line to standard error.
  static func note(_ line: String) { write(line + "\n") }
}
