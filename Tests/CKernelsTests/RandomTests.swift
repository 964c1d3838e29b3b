import CKernels
import Foundation
import Testing

extension KernelTests {
  @Suite struct Random {
    /// Random123's kat_vectors for philox4x32, 10 rounds: counter, key, block.
    static let known: [([UInt32], [UInt32], [UInt32])] = [
      ([0, 0, 0, 0], [0, 0], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
      (
        .init(repeating: .max, count: 4), .init(repeating: .max, count: 2),
        [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
      ),
      (
        [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0],
        [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
      ),
    ]

    private func block(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
      var block = [UInt32](repeating: 0, count: 4)
      pf_philox4x32_10(counter, key, &block)
      return block
    }

    @Test func knownAnswers() {
      for (counter, key, expected) in Self.known { #expect(block(counter, key) == expected) }
    }

    /// The uniform that the words of a row's block define, by pf_random.h.
    private func uniform(_ seed: UInt64, _ purpose: UInt32, _ row: UInt64, _ feature: Int, float: Bool) -> Double {
      let key = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
      let index = UInt32(float ? feature / 4 : feature / 2)
      let words = block([UInt32(truncatingIfNeeded: row), UInt32(truncatingIfNeeded: row >> 32), index, purpose], key)
      if float {
        let word = words[feature % 4]
        let p = (Float(word & 0x7FFF_FFFF) + 0.5) * 0x1p-32
        return Double(word >> 31 == 0 ? p : min(1 - p, (1 as Float).nextDown))
      }
      let word = UInt64(words[feature % 2 * 2]) << 32 | UInt64(words[feature % 2 * 2 + 1])
      let p = (Double(word >> 11 & 0xF_FFFF_FFFF_FFFF) + 0.5) * 0x1p-53
      return word >> 63 == 0 ? p : min(1 - p, (1 as Double).nextDown)
    }

    @Test("a draw depends on seed, purpose, row and feature alone, to the bit on every instruction set")
    func draws() {
      check(Float.self, isFloat: true)
      check(Double.self, isFloat: false)
    }

    private func check<Scalar: LinearScalar>(_ type: Scalar.Type, isFloat: Bool) {
      let seed: UInt64 = 0xFEDC_BA98_7654_3210, purpose: UInt32 = 7
      forEachInstructionSet { isa in
        for features in [1, 2, 3, 4, 5, 8, 11, 70] {
          // The rows run over the end of the counter's low word.
          let first: UInt64 = 0xFFFF_FFA5, tiles = 2
          let u = GuardedBuffer<Scalar>(count: features * tiles * 64), z = GuardedBuffer<Scalar>(count: u.count)
          Scalar.uniform(seed, purpose, first, u.start, features, tiles, 64)
          Scalar.normal(seed, purpose, first, z.start, features, tiles, 64)
          #expect(u.isIntact && z.isIntact)
          for row in 0..<tiles * 64 {
            let uRow = GuardedBuffer<Scalar>(count: features), zRow = GuardedBuffer<Scalar>(count: features)
            Scalar.uniform(seed, purpose, first + UInt64(row), uRow.start, features, 1, 1)
            Scalar.normal(seed, purpose, first + UInt64(row), zRow.start, features, 1, 1)
            #expect(uRow.isIntact && zRow.isIntact)
            let isSame = (0..<features).allSatisfy { feature in
              let at = (row / 64 * features + feature) * 64 + row % 64
              let expected = uniform(seed, purpose, first + UInt64(row), feature, float: isFloat)
              let back = 0.5 * erfc(-Double(z[at]) / 2.0.squareRoot())
              return Double(u[at]) == expected && uRow[feature] == u[at] && zRow[feature] == z[at]
                && abs(back - expected) <= 2 * Double(Scalar.ulpOfOne)
            }
            #expect(isSame, "row \(row), \(features) features, instruction set \(isa)")
          }
        }
      }
    }

    @Test("several rows of one lane each are the same rows") func rowsOfOneLane() {
      var together = [Float](repeating: 0, count: 3 * 9), apart = [Float](repeating: 0, count: 9)
      Float.normal(5, 6, 7, &together, 9, 3, 1)
      for row in 0..<3 {
        Float.normal(5, 6, UInt64(7 + row), &apart, 9, 1, 1)
        #expect(Array(together[row * 9..<row * 9 + 9]) == apart)
      }
    }

    @Test("uniforms and normals have the moments and the distribution they should") func distribution() {
      checkDistribution(Float.self)
      checkDistribution(Double.self)
    }

    /// Bounds are five standard errors; Kolmogorov-Smirnov's statistic exceeds 2.2 / sqrt(n) once in 8000 seeds.
    private func checkDistribution<Scalar: LinearScalar>(_ type: Scalar.Type) {
      let (features, tiles) = (16, 200), n = features * tiles * 64
      var values = [Scalar](repeating: 0, count: n)
      let root = Double(n).squareRoot()
      Scalar.uniform(20, 1, 0, &values, features, tiles, 64)
      var sample = values.map { Double($0) }.sorted()
      #expect(sample.first! > 0 && sample.last! < 1)
      #expect(abs(sample.reduce(0, +) / Double(n) - 0.5) < 5 * 0.2887 / root)
      #expect(kolmogorovSmirnov(sample) { $0 } < 2.2 / root)
      Scalar.normal(20, 1, 0, &values, features, tiles, 64)
      sample = values.map { Double($0) }.sorted()
      let moments = (1...4).map { order in sample.reduce(0) { $0 + pow($1, Double(order)) } / Double(n) }
      #expect(abs(moments[0]) < 5 / root && abs(moments[1] - 1) < 5 * 1.4143 / root)
      #expect(abs(moments[2]) < 5 * 3.873 / root && abs(moments[3] - 3) < 5 * 9.798 / root)
      #expect(kolmogorovSmirnov(sample) { 0.5 * erfc(-$0 / 2.0.squareRoot()) } < 2.2 / root)
      // Neighbours in every direction are uncorrelated: features of a row, rows, and blocks.
      for step in [1, 64, 65, 4 * 64, features * 64] {
        let products = (0..<n - step).reduce(0.0) { $0 + Double(values[$1]) * Double(values[$1 + step]) }
        #expect(abs(products) < 5 * root, "step \(step)")
      }
    }

    private func kolmogorovSmirnov(_ sorted: [Double], _ distribution: (Double) -> Double) -> Double {
      let n = Double(sorted.count)
      return sorted.enumerated().reduce(0) { worst, pair in
        let f = distribution(pair.element)
        return max(worst, f - Double(pair.offset) / n, Double(pair.offset + 1) / n - f)
      }
    }
  }
}
