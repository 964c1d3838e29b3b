import CKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension KernelTests {
  @Suite struct FeatureReductions {
    struct Shape: CustomTestStringConvertible, Sendable {
      let features: Int, tiles: Int, lanes: Int
      var count: Int { features * tiles * lanes }
      var columns: Int { tiles * lanes }
      var testDescription: String { "\(features) features, \(tiles) tiles, \(lanes) lanes" }

      /// Where feature `f` of column `c` (a lane of a tile) lies.
      func index(_ f: Int, _ c: Int) -> Int { ((c / lanes) * features + f) * lanes + c % lanes }
    }

    static let shapes: [Shape] = [
      .init(features: 1, tiles: 1, lanes: 64), .init(features: 3, tiles: 2, lanes: 64),
      .init(features: 5, tiles: 0, lanes: 64),
      .init(features: 1, tiles: 1, lanes: 1), .init(features: 37, tiles: 1, lanes: 1),
      .init(features: 16, tiles: 3, lanes: 1),
    ]

    @Test("sums, log-sum-exp, normal log-density and their gradients are the plain loops", arguments: shapes)
    func reductions(_ shape: Shape) {
      let (n, columns, features) = (shape.count, shape.columns, shape.features)
      forEachInstructionSet { isa in
        var random = SeededGenerator(seed: 5)
        let (x, start) = (random.values(n, in: -3...3), random.values(n, in: -1...1))
        let (dy, first) = (random.values(columns, in: -1...1), random.values(columns, in: -1...1))
        func column(_ c: Int) -> [Double] { (0..<features).map { x[shape.index($0, c)] } }
        func eachElement(_ value: (Int, Int, Int) -> Double) -> [Double] {
          var result = [Double](repeating: 0, count: n)
          for c in 0..<columns { for f in 0..<features { result[shape.index(f, c)] = value(shape.index(f, c), f, c) } }
          return result
        }
        let comment = Comment(rawValue: "instruction set \(isa)")

        var y = first
        pf_sum_features_f64(x, &y, features, shape.tiles, shape.lanes)
        #expect(largestDifference(y, (0..<columns).map { column($0).reduce(0, +) }) < 1e-14, comment)
        var dx = start
        pf_broadcast_features_f64(dy, &dx, features, shape.tiles, shape.lanes)
        #expect(largestDifference(dx, eachElement { i, _, c in start[i] + dy[c] }) < 1e-14, comment)

        let logSums = (0..<columns).map { log(column($0).map { exp($0) }.reduce(0, +)) }
        pf_logsumexp_features_f64(x, &y, features, shape.tiles, shape.lanes)
        #expect(largestDifference(y, logSums) < 1e-14, comment)
        dx = start
        pf_logsumexp_features_backward_f64(x, y, dy, &dx, features, shape.tiles, shape.lanes)
        #expect(
          largestDifference(dx, eachElement { i, _, c in start[i] + dy[c] * exp(x[i] - logSums[c]) }) < 1e-14, comment)

        y = first
        pf_standard_normal_log_density_f64(x, &y, features, shape.tiles, shape.lanes)
        let density = (0..<columns).map { c in
          first[c] + column(c).reduce(0) { $0 - $1 * $1 / 2 - log(2 * Double.pi) / 2 }
        }
        #expect(largestDifference(y, density) < 1e-14, comment)
        dx = start
        pf_standard_normal_log_density_backward_f64(x, dy, &dx, features, shape.tiles, shape.lanes)
        #expect(largestDifference(dx, eachElement { i, _, c in start[i] - x[i] * dy[c] }) < 1e-14, comment)

        let (scale, shift) = (random.values(features, in: 0.5...2), random.values(features, in: -1...1))
        var z = start
        pf_feature_affine_f64(x, scale, shift, &z, features, shape.tiles, shape.lanes)
        #expect(largestDifference(z, eachElement { i, f, _ in x[i] * scale[f] + shift[f] }) < 1e-14, comment)
        pf_feature_affine_f64(x, nil, shift, &z, features, shape.tiles, shape.lanes)
        #expect(largestDifference(z, eachElement { i, f, _ in x[i] + shift[f] }) < 1e-14, comment)
        pf_feature_affine_f64(x, scale, nil, &z, features, shape.tiles, shape.lanes)
        #expect(largestDifference(z, eachElement { i, f, _ in x[i] * scale[f] }) < 1e-14, comment)

        var dots = shift
        pf_feature_dot_f64(x, start, &dots, features, shape.tiles, shape.lanes)
        let expectedDots = (0..<features).map { f in
          (0..<columns).reduce(shift[f]) { $0 + x[shape.index(f, $1)] * start[shape.index(f, $1)] }
        }
        #expect(largestDifference(dots, expectedDots) < 1e-13, comment)
        dots = shift
        pf_feature_dot_f64(x, nil, &dots, features, shape.tiles, shape.lanes)
        let expectedSums = (0..<features).map { f in
          (0..<columns).reduce(shift[f]) { $0 + x[shape.index(f, $1)] }
        }
        #expect(largestDifference(dots, expectedSums) < 1e-13, comment)
      }
    }

    @Test("rows gathered and scattered, repeated ones added", arguments: shapes)
    func gathers(_ shape: Shape) {
      let outShape = Shape(features: 7, tiles: shape.tiles, lanes: shape.lanes)
      forEachInstructionSet { isa in
        var random = SeededGenerator(seed: 6)
        let index = (0..<7).map { _ in Int32.random(in: 0..<Int32(shape.features), using: &random) }
        let x = random.values(shape.count, in: -1...1).map { Float($0) }
        var y = [Float](repeating: .nan, count: outShape.count)
        pf_gather_features_f32(x, index, &y, shape.features, 7, shape.tiles, shape.lanes)
        var dx = [Float](repeating: 0.5, count: shape.count)
        pf_scatter_add_features_f32(y, index, &dx, shape.features, 7, shape.tiles, shape.lanes)
        var expected = [Float](repeating: 0.5, count: shape.count)
        for c in 0..<shape.columns {
          for (r, source) in index.enumerated() {
            #expect(y[outShape.index(r, c)] == x[shape.index(Int(source), c)], "instruction set \(isa)")
            expected[shape.index(Int(source), c)] += x[shape.index(Int(source), c)]
          }
        }
        #expect(largestDifference(dx, expected) < 1e-6, "instruction set \(isa)")
      }
    }

    @Test("log-sum-exp of rows that are all -inf, of +inf, NaN and huge values", arguments: [64, 1])
    func logSumExpSpecial(_ lanes: Int) {
      let columns: [([Float], Float)] = [
        ([-.infinity, -.infinity, -.infinity], -.infinity), ([.infinity, 0, 1], .infinity), ([0, .nan, 1], .nan),
        ([-.infinity, 2, -.infinity], 2), ([3e38, -3e38, 0], 3e38), ([-3e38, -3e38, -.infinity], -3e38),
        ([.nan, .infinity, -.infinity], .nan),
      ]
      forEachInstructionSet { isa in
        for (values, expected) in columns {
          let x = values.flatMap { [Float](repeating: $0, count: lanes) }
          var y = [Float](repeating: 0, count: lanes)
          pf_logsumexp_features_f32(x, &y, 3, 1, lanes)
          #expect(y.allSatisfy { $0 == expected || ($0.isNaN && expected.isNaN) }, "\(values): \(y[0]), set \(isa)")
          guard expected == -.infinity else { continue }
          var dx = [Float](repeating: 0.25, count: 3 * lanes)
          pf_logsumexp_features_backward_f32(x, y, [Float](repeating: 1, count: lanes), &dx, 3, 1, lanes)
          #expect(dx.allSatisfy { $0 == 0.25 }, "instruction set \(isa)")
        }
      }
    }

    @Test("whole-buffer sums, scaling, filling and counting of what is not finite") func buffers() {
      forEachInstructionSet { isa in
        var random = SeededGenerator(seed: 7)
        for n in [0, 1, 7, 64, 131] {
          var x = random.values(n, in: -1...1).map { Float($0) }
          #expect(abs(pf_sum_f32(x, n) - x.reduce(0.0) { $0 + Double($1) }) < 1e-12, "instruction set \(isa)")
          #expect(pf_count_nonfinite_f32(x, n) == 0)
          var y = [Float](repeating: 2, count: n)
          pf_axpy_f32(3, x, &y, n)
          #expect(largestDifference(y, x.map { 2 + 3 * $0 }) < 1e-6, "instruction set \(isa)")
          pf_scale_shift_f32(x, -2, 0.5, &y, n)
          #expect(largestDifference(y, x.map { -2 * $0 + 0.5 }) < 1e-6, "instruction set \(isa)")
          pf_fill_f32(&y, 9, n)
          #expect(y.allSatisfy { $0 == 9 })
          if n > 5 { (x[0], x[3], x[n - 1]) = (.nan, .infinity, -.infinity) }
          #expect(pf_count_nonfinite_f32(x, n) == (n > 5 ? 3 : 0), "instruction set \(isa)")
          #expect(pf_count_nonfinite_f64(x.map { Double($0) }, n) == (n > 5 ? 3 : 0), "instruction set \(isa)")
        }
        let many = [Float](repeating: 0.1, count: 1_000_000)
        #expect(abs(pf_sum_f32(many, many.count) - 1e6 * Double(Float(0.1))) < 1e-6, "instruction set \(isa)")
      }
    }
  }
}
