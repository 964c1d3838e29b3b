/// Scratch memory that is handed out in order and taken back all at once.
///
/// Grows in chunks and never shrinks, so that after the first step nothing is allocated. Like all of a tape's
/// bookkeeping it is not generic: looking up types at run time would cost more than a small operation.
package final class Arena {
  @exclusivity(unchecked) private var chunks: [AlignedBuffer<UInt8>] = []
  @exclusivity(unchecked) private var chunk = 0
  @exclusivity(unchecked) private var used = 0
  private let chunkSize: Int
  /// Number of chunks ever allocated: constant in a steady state.
  var allocationCount: Int { chunks.count }

  /// An arena whose first chunk has that many bytes (or more, where one request needs more).
  init(chunkSize: Int = 1 << 18) { self.chunkSize = chunkSize }

  package struct Mark {
    fileprivate let chunk: Int
    fileprivate let used: Int
  }

  var mark: Mark { Mark(chunk: chunk, used: used) }

  func release(to mark: Mark) {
    chunk = mark.chunk
    used = mark.used
  }

  func reset() {
    chunk = 0
    used = 0
  }

  /// `bytes` bytes, 64-byte aligned, contents undefined.
  func take(bytes: Int) -> UnsafeMutableRawPointer {
    let rounded = (bytes + 63) / 64 * 64
    while chunk < chunks.count {
      if used + rounded <= chunks[chunk].count {
        defer { used += rounded }
        return UnsafeMutableRawPointer(chunks[chunk].pointer + used)
      }
      chunk += 1
      used = 0
    }
    // Twice as large each time, up to 16 times.
    chunks.append(AlignedBuffer(count: max(chunkSize << min(chunks.count, 4), rounded)))
    used = rounded
    return UnsafeMutableRawPointer(chunks[chunk].pointer)
  }
}

/// Buffers that come back in any order, kept by size: a value's gradient lives only while the backward pass needs it.
struct BufferPool {
  private struct SizeClass {
    let bytes: Int
    var free: [UnsafeMutableRawPointer] = []
  }

  /// A tape's values have few different sizes: searched from the front.
  private var classes: [SizeClass] = []
  private var owned: [AlignedBuffer<UInt8>] = []
  /// Number of buffers ever allocated: constant in a steady state.
  var allocationCount: Int { owned.count }

  private mutating func index(bytes: Int) -> Int {
    if let found = classes.firstIndex(where: { $0.bytes == bytes }) { return found }
    classes.append(SizeClass(bytes: bytes))
    return classes.count - 1
  }

  mutating func take(bytes: Int) -> UnsafeMutableRawPointer {
    if let pointer = classes[index(bytes: bytes)].free.popLast() { return pointer }
    let buffer = AlignedBuffer<UInt8>(count: bytes)
    owned.append(buffer)
    return UnsafeMutableRawPointer(buffer.pointer)
  }

  mutating func give(_ pointer: UnsafeMutableRawPointer, bytes: Int) {
    classes[index(bytes: bytes)].free.append(pointer)
  }
}
