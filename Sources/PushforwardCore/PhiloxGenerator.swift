/// A seeded `RandomNumberGenerator`: Philox4x32-10, a counter-based generator.
///
/// Same seed and stream, same numbers, on every machine. The state is the pair (key, counter), so a copy of the value
/// replays the same draws. Streams of one seed never overlap, and none overlaps the draws that the kernels key by row:
/// those keep a feature index in counter word 2, which is all ones here.
///
/// - SeeAlso: Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3".
public struct PhiloxGenerator: RandomNumberGenerator, Sendable, Equatable, Codable {
  /// The seed: the key of the block function.
  public let seed: UInt64
  /// The stream of this seed that is drawn from.
  public let stream: UInt32
  private var block: UInt64 = 0
  private var spare: UInt64?

  /// Creates the generator at its first draw.
  ///
  /// - Parameters:
  ///   - seed: Any value, zero included.
  ///   - stream: Which of the seed's 2³² independent streams to draw from.
  public init(seed: UInt64, stream: UInt32 = 0) {
    self.seed = seed
    self.stream = stream
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    if let word = spare {
      spare = nil
      return word
    }
    let words = Self.words(
      counter: SIMD4(UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), .max, stream),
      key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    block &+= 1
    spare = UInt64(words.w) << 32 | UInt64(words.z)
    return UInt64(words.y) << 32 | UInt64(words.x)
  }

  /// One block of Philox4x32-10: 128 random bits, a pure function of counter and key.
  package static func words(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var words = counter
    var roundKey = key
    for _ in 0..<10 {
      let first = UInt64(0xD251_1F53) * UInt64(words.x)
      let second = UInt64(0xCD9E_8D57) * UInt64(words.z)
      words = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ words.y ^ roundKey.x, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ words.w ^ roundKey.y, UInt32(truncatingIfNeeded: first))
      roundKey &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return words
  }
}
