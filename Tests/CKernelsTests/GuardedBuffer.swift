/// Memory aligned to 64 bytes with zones on both sides that tell of any write past the ends; a read from there shows as NaN.
final class GuardedBuffer<Scalar: BinaryFloatingPoint> {
  private static var zone: Int { 64 }
  private let base: UnsafeMutablePointer<Scalar>
  let count: Int

  /// `count` elements, all `value`.
  init(count: Int, filledWith value: Scalar = 0) {
    self.count = count
    let bytes = (count + 2 * Self.zone) * MemoryLayout<Scalar>.stride
    base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64).bindMemory(
      to: Scalar.self, capacity: count + 2 * Self.zone)
    base.initialize(repeating: .nan, count: count + 2 * Self.zone)
    (base + Self.zone).update(repeating: value, count: count)
  }

  convenience init(_ values: [Scalar]) {
    self.init(count: values.count)
    for (index, value) in values.enumerated() { self[index] = value }
  }

  deinit { base.deallocate() }

  /// The first element, aligned to 64 bytes.
  var start: UnsafeMutablePointer<Scalar> { base + Self.zone }

  subscript(index: Int) -> Scalar {
    get { start[index] }
    set { start[index] = newValue }
  }

  var values: [Scalar] { Array(UnsafeBufferPointer(start: start, count: count)) }

  /// Whether both zones are as they were made.
  var isIntact: Bool {
    (0..<Self.zone).allSatisfy { base[$0].isNaN && (start + count)[$0].isNaN }
  }
}
