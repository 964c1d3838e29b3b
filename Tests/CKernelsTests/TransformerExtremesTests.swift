import CKernels
import Testing

extension KernelTests {
  @Suite struct TransformerExtremes {
    static let splines: [(bins: Int, lanes: Int)] = [(1, 64), (2, 64), (8, 64), (8, 1), (Int(PF_SPLINE_MAX_BINS), 64)]

    @Test("values, log-dets and gradients are finite whatever the finite argument and parameters", arguments: splines)
    func finite(_ bins: Int, _ lanes: Int) {
      let transformer = Transformer(
        kind: .spline(bound: 5, minBin: 1e-3, minSlope: 1e-3, bins: bins), features: 5, tiles: 1, lanes: lanes)
      let huge = Float.greatestFiniteMagnitude
      let special: [Float] = [
        0, -0, 5, -5, Float(5).nextUp, Float(-5).nextDown, Float(5).nextDown, Float(-5).nextUp, 1e-40, -1e-40, 1e6,
        -1e6,
        1e30, -1e30, huge, -huge, 4.99, 1.25, -2.5,
      ]
      let magnitudes: [Float] = [0, 1, 30, 100, 1e4, 1e30, huge]
      let one = [Float](repeating: 1, count: transformer.count)
      forEachInstructionSet { isa in
        var random = SeededGenerator(seed: 21)
        for scale in magnitudes {
          for _ in 0..<20 {
            let x = one.map { _ in special.randomElement(using: &random)! }
            let p = (0..<(transformer.count * transformer.rows)).map { _ in
              Bool.random(using: &random)
                ? Float.random(in: -1...1, using: &random) * scale : Bool.random(using: &random) ? scale : -scale
            }
            for inverse in [false, true] {
              let (y, logDet) = transformer.map(inverse: inverse, x, p)
              var (dx, dp) = (one, [Float](repeating: 0, count: p.count))
              transformer.backward(
                inverse: inverse, x, y, p, dy: one, dLogDet: [Float](repeating: 1, count: transformer.columns), dx: &dx,
                dp: &dp)
              let outside = zip(x, y).allSatisfy { abs($0) <= 5 ? abs($1) <= 5.00001 : $0 == $1 }
              let comment = Comment(rawValue: "scale \(scale), inverse \(inverse), instruction set \(isa)")
              #expect(y.allSatisfy { $0.isFinite } && outside, comment)
              #expect(logDet.allSatisfy { $0.isFinite }, comment)
              #expect(dx.allSatisfy { $0.isFinite }, comment)
              #expect(dp.allSatisfy { $0.isFinite }, comment)
            }
          }
        }
      }
    }

    @Test("all parameters zero: the identity", arguments: splines)
    func identity(_ bins: Int, _ lanes: Int) {
      let transformer = Transformer(
        kind: .spline(bound: 4, minBin: 1e-3, minSlope: 1e-3, bins: bins), features: 3, tiles: 1, lanes: lanes)
      var random = SeededGenerator(seed: 22)
      let x = random.values(transformer.count, in: -5...5)
      let p = [Double](repeating: 0, count: transformer.count * transformer.rows)
      forEachInstructionSet { isa in
        for inverse in [false, true] {
          let (y, logDet) = transformer.map(inverse: inverse, x, p)
          #expect(largestDifference(y, x) < 1e-13 && logDet.allSatisfy { abs($0) < 1e-13 }, "instruction set \(isa)")
        }
      }
    }

    @Test("what is not finite stays visible", arguments: [64, 1])
    func nonFinite(_ lanes: Int) {
      let kinds: [Transformer.Kind] = [
        .spline(bound: 4, minBin: 1e-3, minSlope: 1e-3, bins: 4), .affine(bound: 2),
        .polynomial(degree: 1, bound: 4, minBin: 1e-3, minSlope: 1e-3, bins: 4),
        .polynomial(degree: 2, bound: 4, minBin: 1e-3, minSlope: 1e-3, bins: 4),
      ]
      forEachInstructionSet { isa in
        for kind in kinds {
          let transformer = Transformer(kind: kind, features: 2, tiles: 1, lanes: lanes)
          let zero = [Float](repeating: 0, count: transformer.count * transformer.rows)
          for bad in [Float.nan, .infinity, -.infinity] {
            for inverse in [false, true] {
              let comment = Comment(rawValue: "\(kind), \(bad), inverse \(inverse), instruction set \(isa)")
              let x = [Float](repeating: bad, count: transformer.count)
              #expect(transformer.map(inverse: inverse, x, zero).y.allSatisfy { !$0.isFinite }, comment)
              let inside = [Float](repeating: 0.3, count: transformer.count)
              var p = zero
              for c in 0..<transformer.columns {
                p[transformer.parameterIndex(1, 1, c)] = bad == .infinity ? .infinity : .nan
              }
              let (y, logDet) = transformer.map(inverse: inverse, inside, p)
              for c in 0..<transformer.columns {
                #expect(!y[transformer.index(1, c)].isFinite && !logDet[c].isFinite, comment)
                #expect(y[transformer.index(0, c)].isFinite, comment)
              }
            }
          }
        }
      }
    }

    @Test("a shape that cannot be answers NaN and reads no parameters") func invalidShapes() {
      let valid = pf_spline_shape(bound: 3, min_bin: 1e-3, min_slope: 1e-3, bins: 8)
      #expect(pf_spline_shape_is_valid([valid]) == 1)
      let changes: [(inout pf_spline_shape) -> Void] = [
        { $0.bins = 0 }, { $0.bins = -1 }, { $0.bins = Int(PF_SPLINE_MAX_BINS) + 1 }, { $0.bins = .max },
        { $0.bound = 0 }, { $0.bound = .infinity }, { $0.bound = .nan }, { $0.min_bin = 0 }, { $0.min_bin = 0.125 },
        { $0.min_slope = 0 }, { $0.min_slope = 1 }, { $0.min_slope = .nan },
      ]
      let x: [Float] = [1, 2]
      forEachInstructionSet { isa in
        for (number, change) in changes.enumerated() {
          let comment = Comment(rawValue: "change \(number), instruction set \(isa)")
          var shape = valid
          change(&shape)
          #expect(pf_spline_shape_is_valid(&shape) == 0, comment)
          var (y, back, logDet) = (x, x, [0 as Float])
          pf_spline_forward_f32(&shape, x, [], &y, &logDet, 2, 1, 1)
          pf_spline_inverse_f32(&shape, x, [], &back, &logDet, 2, 1, 1)
          #expect((y + back + logDet).allSatisfy { $0.isNaN }, comment)
          pf_spline_backward_f32(&shape, x, x, [], x, [1], &y, &back, 2, 1, 1)
          #expect(y.allSatisfy { $0.isNaN }, comment)
        }
      }
    }

    @Test("an affine layer's scale is bounded, its gradients finite, for any parameter", arguments: [64, 1])
    func affine(_ lanes: Int) {
      let transformer = Transformer(kind: .affine(bound: 3), features: 4, tiles: 1, lanes: lanes)
      let huge = Float.greatestFiniteMagnitude
      let one = [Float](repeating: 1, count: transformer.count)
      forEachInstructionSet { isa in
        for a in [0, 1, -1, 1e6, -1e6, 1e30, -1e30, huge, -huge] as [Float] {
          var p = [Float](repeating: 0.5, count: 2 * transformer.count)
          for c in 0..<transformer.columns { for f in 0..<4 { p[transformer.parameterIndex(1, f, c)] = a } }
          for inverse in [false, true] {
            let (y, logDet) = transformer.map(inverse: inverse, one, p)
            var (dx, dp) = (one, p)
            transformer.backward(
              inverse: inverse, one, y, p, dy: one, dLogDet: [Float](repeating: 1, count: transformer.columns), dx: &dx,
              dp: &dp)
            #expect(logDet.allSatisfy { abs($0) <= 12.0001 }, "a \(a), instruction set \(isa)")
            #expect((y + dx + dp).allSatisfy { $0.isFinite }, "a \(a), instruction set \(isa)")
            if abs(a) >= 1e6 { #expect(logDet.allSatisfy { abs($0) > 11.99 }, "a \(a), instruction set \(isa)") }
          }
        }
      }
    }
  }
}
