#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// From this size on a buffer asks for huge pages: the passes over all parameters would miss the processor's table of pages
/// again and again.
private let hugePage = 2 << 20

/// A block of zero-initialised memory aligned to 64 bytes (one cache line, one AVX-512 vector).
///
/// The only owner of raw numeric memory in the library. Everything else holds pointers into one for as long as it
/// holds the buffer itself.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The first element.
  public let pointer: UnsafeMutablePointer<Element>
  /// Number of elements.
  public let count: Int

  /// Allocates `count` elements, all bits zero.
  public init(count: Int) {
    let bytes = max(count * MemoryLayout<Element>.stride, 64)
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes < hugePage ? 64 : hugePage)
    #if os(Linux)
      if bytes >= hugePage { madvise(raw, bytes, MADV_HUGEPAGE) }
    #endif
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    self.pointer = raw.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  /// A copy of another buffer.
  public convenience init(copying other: AlignedBuffer<Element>) {
    self.init(count: other.count)
    pointer.update(from: other.pointer, count: other.count)
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  /// The elements as a collection.
  public var elements: UnsafeMutableBufferPointer<Element> { .init(start: pointer, count: count) }
}
