#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The POSIX calls that have names in common with methods here, repeated when a signal interrupts them.
enum System {
  /// The text of an error number, as in "No such file or directory".
  static func text(_ code: Int32) -> String { String(cString: strerror(code)) }

  static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
    retrying {
      #if canImport(Glibc)
        Int(Glibc.open(path, flags, mode))
      #elseif canImport(Musl)
        Int(Musl.open(path, flags, mode))
      #else
        Int(Darwin.open(path, flags, mode))
      #endif
    }.asInt32
  }

  static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    retrying {
      #if canImport(Glibc)
        Glibc.read(descriptor, buffer, count)
      #elseif canImport(Musl)
        Musl.read(descriptor, buffer, count)
      #else
        Darwin.read(descriptor, buffer, count)
      #endif
    }
  }

  static func write(_ descriptor: Int32, _ buffer: UnsafeRawPointer, _ count: Int) -> Int {
    retrying {
      #if canImport(Glibc)
        Glibc.write(descriptor, buffer, count)
      #elseif canImport(Musl)
        Musl.write(descriptor, buffer, count)
      #else
        Darwin.write(descriptor, buffer, count)
      #endif
    }
  }

  static func close(_ descriptor: Int32) -> Int32 {
    #if canImport(Glibc)
      Glibc.close(descriptor)
    #elseif canImport(Musl)
      Musl.close(descriptor)
    #else
      Darwin.close(descriptor)
    #endif
  }

  private static func retrying(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }
}

extension Int {
  fileprivate var asInt32: Int32 { Int32(truncatingIfNeeded: self) }
}
