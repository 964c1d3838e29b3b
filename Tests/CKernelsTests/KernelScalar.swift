import CKernels

/// Float and Double as the kernels know them, so that a test is written once.
protocol KernelScalar: BinaryFloatingPoint, SIMDScalar, Sendable {
  static var unary: (Int32, UnsafePointer<Self>, UnsafeMutablePointer<Self>, Int) -> Void { get }
  static var unaryBackward:
    (
      Int32, UnsafePointer<Self>, UnsafePointer<Self>, UnsafePointer<Self>, UnsafeMutablePointer<Self>, Int
    ) -> Void
  { get }
}

extension Float: KernelScalar {
  static var unary: (Int32, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void {
    { pf_unary_f32($0, $1, $2, $3) }
  }
  static var unaryBackward:
    (
      Int32, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int
    ) -> Void
  { { pf_unary_backward_f32($0, $1, $2, $3, $4, $5) } }
}

extension Double: KernelScalar {
  static var unary: (Int32, UnsafePointer<Double>, UnsafeMutablePointer<Double>, Int) -> Void {
    { pf_unary_f64($0, $1, $2, $3) }
  }
  static var unaryBackward:
    (
      Int32, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, UnsafeMutablePointer<Double>, Int
    ) -> Void
  { { pf_unary_backward_f64($0, $1, $2, $3, $4, $5) } }
}

/// Applies one of `pf_unary_op`.
func apply<Scalar: KernelScalar>(_ op: pf_unary_op, _ x: [Scalar]) -> [Scalar] {
  var y = [Scalar](repeating: .nan, count: x.count)
  Scalar.unary(Int32(op.rawValue), x, &y, x.count)
  return y
}

/// SplitMix64 (Steele, Lea & Flood 2014): small, seeded, the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func values(_ count: Int, in range: ClosedRange<Double>) -> [Double] {
    (0..<count).map { _ in Double.random(in: range, using: &self) }
  }
}

/// The largest `|a - b| / (1 + |b|)`; infinite where exactly one is not finite.
func largestDifference<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(_ a: [A], _ b: [B]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { worst, pair in
    let (x, y) = (Double(pair.0), Double(pair.1))
    if x == y || (x.isNaN && y.isNaN) { return worst }
    let difference = abs(x - y) / (1 + abs(y))
    return difference.isFinite ? max(worst, difference) : .infinity
  }
}
