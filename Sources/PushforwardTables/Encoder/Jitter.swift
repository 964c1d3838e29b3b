/// Uniform noise that depends on nothing but seed, row and column.
package enum Jitter {
  /// A number in (-1/2, 1/2).
  package static func uniform(seed: UInt64, row: Int, column: Int) -> Double {
    let a = mixed(seed &+ 0x9e37_79b9_7f4a_7c15 &* (UInt64(truncatingIfNeeded: row) &+ 1))
    let bits = mixed(a ^ (0xbf58_476d_1ce4_e5b9 &* (UInt64(truncatingIfNeeded: column) &+ 1)))
    return (Double(bits >> 12) + 0.5) * 0x1p-52 - 0.5
  }

  /// The finalizer of SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
