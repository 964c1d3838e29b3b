import CKernels
import Testing

extension KernelTests {
  @Suite struct Optimizer {
    static let sizes = [0, 1, 3, 7, 8, 15, 16, 17, 33, 100, 1000]

    @Test("AdamW against its formulas in Double, moving average included", arguments: sizes) func adamW(n: Int) {
      checkAdamW(n, Float.self)
      checkAdamW(n, Double.self)
    }

    private func checkAdamW<Scalar: LinearScalar>(_ n: Int, _ type: Scalar.Type) {
      let (rate, beta1, beta2, eps, decay, emaDecay) = (0.01, 0.9, 0.95, 1e-6, 0.1, 0.8), gradientScale = 0.5
      forEachInstructionSet { isa in
        for hasAverage in [false, true] {
          let p = GuardedBuffer((0..<n).map { Scalar(noise(1, $0)) }), g = GuardedBuffer<Scalar>(count: n)
          let m = GuardedBuffer<Scalar>(count: n), v = GuardedBuffer<Scalar>(count: n), ema = GuardedBuffer(p.values)
          var expected = p.values.map { Double($0) }
          var (m2, v2, ema2) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n), expected)
          for step in 1...5 {
            let bias1 = 1 - power(beta1, step), bias2 = 1 - power(beta2, step)
            for i in 0..<n {
              g[i] = Scalar(noise(step + 10, i))
              let scaled = Double(g[i]) * gradientScale
              m2[i] = beta1 * m2[i] + (1 - beta1) * scaled
              v2[i] = beta2 * v2[i] + (1 - beta2) * scaled * scaled
              expected[i] -= rate * (m2[i] / bias1 / ((v2[i] / bias2).squareRoot() + eps) + decay * expected[i])
              ema2[i] += (1 - emaDecay) * (expected[i] - ema2[i])
            }
            Scalar.adamW(
              p.start, g.start, m.start, v.start, hasAverage ? ema.start : nil, 1, n, nil, Scalar(gradientScale),
              Scalar(rate), Scalar(beta1), Scalar(beta2), Scalar(eps), Scalar(decay), Scalar(bias1), Scalar(bias2),
              Scalar(emaDecay))
          }
          let tolerance = 32 * Double(Scalar.ulpOfOne), note: Comment = "\(n) parameters, instruction set \(isa)"
          #expect(zip(p.values, expected).allSatisfy { abs(Double($0) - $1) <= tolerance }, note)
          #expect(g.values.allSatisfy { $0 == 0 }, note)
          #expect(zip(m.values, m2).allSatisfy { abs(Double($0) - $1) <= tolerance }, note)
          #expect(zip(v.values, v2).allSatisfy { abs(Double($0) - $1) <= tolerance }, note)
          if hasAverage { #expect(zip(ema.values, ema2).allSatisfy { abs(Double($0) - $1) <= tolerance }, note) }
          for buffer in [p, g, m, v, ema] { #expect(buffer.isIntact, note) }
        }
      }
    }

    private func power(_ base: Double, _ exponent: Int) -> Double {
      (0..<exponent).reduce(1) { result, _ in result * base }
    }

    @Test("shards are summed in order, cleared on demand, and their squares returned", arguments: sizes)
    func reduceGradients(n: Int) {
      checkReduction(n, Float.self)
      checkReduction(n, Double.self)
    }

    private func checkReduction<Scalar: LinearScalar>(_ n: Int, _ type: Scalar.Type) {
      forEachInstructionSet { isa in
        for shardCount in 1...5 {
          for (isInPlace, isCleared) in [(false, false), (false, true), (true, true)] {
            let note: Comment = "\(n) elements, \(shardCount) shards, instruction set \(isa)"
            let shards = (0..<shardCount).map { s in GuardedBuffer((0..<n).map { Scalar(noise(s, $0)) }) }
            let before = shards.map(\.values)
            let expected = (0..<n).map { i in before.dropFirst().reduce(before[0][i]) { $0 + $1[i] } }
            let separate = GuardedBuffer<Scalar>(count: n), out = isInPlace ? shards[0] : separate
            let squares = Scalar.reduceGradients(
              shards.map { $0.start }, shardCount, out.start, 1, n, nil, isCleared ? 1 : 0)
            #expect(out.values == expected, note)
            let exact = expected.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(squares - exact) <= 1e-13 * (1 + exact), note)
            for s in 1..<max(shardCount, 1) {
              #expect(isCleared ? shards[s].values.allSatisfy { $0 == 0 } : shards[s].values == before[s], note)
            }
            for buffer in shards + [separate] { #expect(buffer.isIntact, note) }
          }
        }
      }
    }

    @Test(
      "rows under a mask: all that the extents reach is done, and zeros beyond stay zeros", arguments: [16, 48, 63])
    func masked(columns: Int) {
      let rows = 5, extents = (0..<rows).map { Int32($0 * columns / (rows - 1)) }
      forEachInstructionSet { isa in
        let numbers = (0..<rows * columns).map { index in
          index % columns < Int(extents[index / columns]) ? Float(noise(1, index)) : 0
        }
        func updated(_ extent: [Int32]?) -> (Double, [[Float]]) {
          let p = GuardedBuffer(numbers), m = GuardedBuffer(numbers), v = GuardedBuffer(numbers.map { $0 * $0 })
          let shards = [GuardedBuffer(numbers), GuardedBuffer(numbers)]
          let squares = Float.reduceGradients(shards.map { $0.start }, 2, shards[0].start, rows, columns, extent, 1)
          let sum = shards[0].values
          Float.adamW(
            p.start, shards[0].start, m.start, v.start, nil, rows, columns, extent, 1, 0.1, 0.9, 0.99, 1e-8, 0.1, 0.5,
            0.5,
            0)
          for buffer in shards + [p, m, v] { #expect(buffer.isIntact, "instruction set \(isa)") }
          return (squares, [sum, p.values, m.values, v.values] + shards.map(\.values))
        }
        let (whole, masked) = (updated(nil), updated(extents))
        #expect(masked.1 == whole.1, "instruction set \(isa)")
        #expect(abs(masked.0 - whole.0) <= 1e-13 * whole.0, "instruction set \(isa)")
      }
    }

    @Test("one gradient that is not finite shows in the sum of squares") func notFinite() {
      forEachInstructionSet { isa in
        for bad in [0, 17, 39] {
          for value in [Float.nan, .infinity, -.infinity] {
            var shard = [Float](repeating: 1, count: 40)
            shard[bad] = value
            var out = [Float](repeating: 0, count: 40)
            let squares = shard.withUnsafeMutableBufferPointer {
              Float.reduceGradients([$0.baseAddress!], 1, &out, 1, 40, nil, 0)
            }
            #expect(!squares.isFinite, "instruction set \(isa)")
          }
        }
      }
    }
  }
}
