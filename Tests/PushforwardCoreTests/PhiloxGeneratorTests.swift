import PushforwardCore
import Testing

struct PhiloxGeneratorTests {
  /// Random123's kat_vectors for philox4x32-10: counter, key, block.
  static let known: [(SIMD4<UInt32>, SIMD2<UInt32>, SIMD4<UInt32>)] = [
    ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    (
      [.max, .max, .max, .max], [.max, .max], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    ),
    (
      [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
      [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    ),
  ]

  @Test func knownAnswers() {
    for (counter, key, block) in Self.known { #expect(PhiloxGenerator.words(counter: counter, key: key) == block) }
  }

  @Test func repeatsAndSeparates() {
    func draws(_ seed: UInt64, _ stream: UInt32) -> [UInt64] {
      var generator = PhiloxGenerator(seed: seed, stream: stream)
      return (0..<8).map { _ in generator.next() }
    }
    #expect(draws(1, 0) == draws(1, 0))
    #expect(Set(draws(1, 0) + draws(1, 1) + draws(2, 0)).count == 24)
    var generator = PhiloxGenerator(seed: 3)
    _ = generator.next()
    var copy = generator
    #expect(copy == generator)
    #expect(copy.next() == generator.next())
  }
}
