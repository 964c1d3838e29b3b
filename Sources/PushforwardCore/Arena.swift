/// Scratch memory that is handed out in order and taken back all at once.
///
/// Grows in chunks and never shrinks, so that after the first step nothing is allocated.
package final class Arena<Scalar: TileScalar> {
  private var chunks: [AlignedBuffer<Scalar>] = []
  private var chunk = 0
  private var used = 0
  private let chunkSize: Int
  /// Number of chunks ever allocated: constant in a steady state.
  var allocationCount: Int { chunks.count }

  init(chunkSize: Int = 1 << 16) { self.chunkSize = chunkSize }

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

  /// `count` elements, 64-byte aligned, contents undefined.
  func take(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    let rounded = (count + 15) / 16 * 16
    while chunk < chunks.count {
      if used + rounded <= chunks[chunk].count {
        defer { used += rounded }
        return chunks[chunk].pointer + used
      }
      chunk += 1
      used = 0
    }
    chunks.append(AlignedBuffer(count: max(chunkSize, rounded)))
    used = rounded
    return chunks[chunk].pointer
  }
}

/// Buffers that come back in any order, kept by size: a value's gradient lives only while the backward pass needs it.
struct BufferPool<Scalar: TileScalar> {
  private var free: [Int: [UnsafeMutablePointer<Scalar>]] = [:]
  private var owned: [AlignedBuffer<Scalar>] = []
  /// Number of buffers ever allocated: constant in a steady state.
  var allocationCount: Int { owned.count }

  mutating func take(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    if let pointer = free[count]?.popLast() { return pointer }
    let buffer = AlignedBuffer<Scalar>(count: count)
    owned.append(buffer)
    return buffer.pointer
  }

  mutating func give(_ pointer: UnsafeMutablePointer<Scalar>, _ count: Int) {
    free[count, default: []].append(pointer)
  }
}
