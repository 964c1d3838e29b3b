import CKernels
import Testing

extension KernelTests {
  @Suite struct Transformers {
    /// Parameters, and arguments spread over each feature's bins (clear of the knots, where log-det has kinks).
    private func inputs(_ transformer: Transformer, seed: UInt64) -> (x: [Double], p: [Double]) {
      var random = SeededGenerator(seed: seed)
      let p = random.values(transformer.count * transformer.rows, in: -1.5...1.5)
      var x = random.values(transformer.count, in: -4...4)
      if case .affine = transformer.kind { return (x, p) }
      for c in 0..<transformer.columns {
        for f in 0..<transformer.features {
          let knots = transformer.knots(of: f, column: c, in: p)
          let bin = Int.random(in: -1..<knots.count, using: &random)
          let (left, right) =
            bin < 0
            ? (knots[0] - 2, knots[0])
            : bin == knots.count - 1 ? (knots[bin], knots[bin] + 2) : (knots[bin], knots[bin + 1])
          x[transformer.index(f, c)] = left + (right - left) * Double.random(in: 0.1...0.9, using: &random)
        }
      }
      return (x, p)
    }

    @Test("the spline is the paper's, log-det added", arguments: Transformer.all)
    func reference(_ transformer: Transformer) {
      if case .affine = transformer.kind { return }
      let (x, p) = inputs(transformer, seed: 11)
      var expected = (y: x, logDet: [Double](repeating: 0.5, count: transformer.columns))
      for c in 0..<transformer.columns {
        for f in 0..<transformer.features {
          let (y, logDet) = transformer.reference(x[transformer.index(f, c)], of: f, column: c, in: p)
          expected.y[transformer.index(f, c)] = y
          expected.logDet[c] += logDet
        }
      }
      forEachInstructionSet { isa in
        let start = [Double](repeating: 0.5, count: transformer.columns)
        let got = transformer.map(inverse: false, x, p, addedTo: start)
        #expect(largestDifference(got.y, expected.y) < 1e-13, "instruction set \(isa)")
        #expect(largestDifference(got.logDet, expected.logDet) < 1e-11, "instruction set \(isa)")
      }
    }

    @Test("inverse and forward undo each other, log-dets cancel", arguments: Transformer.all)
    func roundTrip(_ transformer: Transformer) {
      let (x, p) = inputs(transformer, seed: 12)
      forEachInstructionSet { isa in
        let forward = transformer.map(inverse: false, x, p)
        let back = transformer.map(inverse: true, forward.y, p)
        #expect(largestDifference(back.y, x) < 1e-11, "instruction set \(isa)")
        #expect(largestDifference(back.logDet, forward.logDet.map { -$0 }) < 1e-10, "instruction set \(isa)")
        let again = transformer.map(inverse: false, transformer.map(inverse: true, x, p).y, p)
        #expect(largestDifference(again.y, x) < 1e-11, "instruction set \(isa)")

        let (xf, pf) = (x.map { Float($0) }, p.map { Float($0) })
        let single = transformer.map(inverse: false, xf, pf)
        #expect(largestDifference(single.y, forward.y) < 3e-5, "instruction set \(isa)")
        #expect(largestDifference(single.logDet, forward.logDet) < 1e-3, "instruction set \(isa)")
        #expect(largestDifference(transformer.map(inverse: true, single.y, pf).y, xf) < 1e-3, "instruction set \(isa)")
      }
    }

    @Test("log-det is the logarithm of the slope", arguments: Transformer.all, [false, true])
    func logDet(_ transformer: Transformer, inverse: Bool) {
      let (h, (x, p)) = (1e-6, inputs(transformer, seed: 13))
      let at = inverse ? transformer.map(inverse: false, x, p).y : x
      let (above, below) = (
        transformer.map(inverse: inverse, at.map { $0 + h }, p).y,
        transformer.map(inverse: inverse, at.map { $0 - h }, p).y
      )
      var slopes = [Double](repeating: 1, count: transformer.columns)
      for c in 0..<transformer.columns {
        for f in 0..<transformer.features {
          let i = transformer.index(f, c)
          slopes[c] *= (above[i] - below[i]) / (2 * h)
        }
      }
      let logDet = transformer.map(inverse: inverse, at, p).logDet
      #expect(largestDifference(apply(PF_OP_EXP, logDet).map { $0 }, slopes) < 1e-4)
    }

    @Test(
      "gradients of every argument and parameter are central differences", arguments: Transformer.all, [false, true])
    func gradients(_ transformer: Transformer, inverse: Bool) {
      let (x, p) = inputs(transformer, seed: 14)
      let at = inverse ? transformer.map(inverse: false, x, p).y : x
      var random = SeededGenerator(seed: 15)
      let dy = random.values(transformer.count, in: -1...1), dLogDet = random.values(transformer.columns, in: -1...1)
      let startX = random.values(transformer.count, in: -1...1), startP = random.values(p.count, in: -1...1)

      /// Every column and feature is independent, so one row of parameters moves in all of them at once.
      func differences(_ move: (Double) -> (x: [Double], p: [Double])) -> [Double] {
        let h = 1e-6
        let (above, below) = (move(h), move(-h))
        let ends = [above, below].map { transformer.map(inverse: inverse, $0.x, $0.p) }
        return (0..<transformer.count).map { dy[$0] * (ends[0].y[$0] - ends[1].y[$0]) / (2 * h) }
      }
      /// Moves feature `f` alone so that the log-det's share of it can be told.
      func logDetDifferences(_ move: (Double) -> (x: [Double], p: [Double])) -> [Double] {
        let h = 1e-6
        let (above, below) = (move(h), move(-h))
        let ends = [above, below].map { transformer.map(inverse: inverse, $0.x, $0.p) }
        return (0..<transformer.columns).map { dLogDet[$0] * (ends[0].logDet[$0] - ends[1].logDet[$0]) / (2 * h) }
      }

      var (expectedX, expectedP) = (startX, startP)
      for f in 0..<transformer.features {
        for row in -1..<transformer.rows {
          func move(_ h: Double) -> (x: [Double], p: [Double]) {
            var (x, p) = (at, p)
            for c in 0..<transformer.columns {
              if row < 0 { x[transformer.index(f, c)] += h } else { p[transformer.parameterIndex(row, f, c)] += h }
            }
            return (x, p)
          }
          let (values, logDets) = (differences(move), logDetDifferences(move))
          for c in 0..<transformer.columns {
            let change = values[transformer.index(f, c)] + logDets[c]
            if row < 0 {
              expectedX[transformer.index(f, c)] += change
            } else {
              expectedP[transformer.parameterIndex(row, f, c)] += change
            }
          }
        }
      }
      forEachInstructionSet { isa in
        let y = transformer.map(inverse: inverse, at, p).y
        var (dx, dp) = (startX, startP)
        transformer.backward(inverse: inverse, at, y, p, dy: dy, dLogDet: dLogDet, dx: &dx, dp: &dp)
        #expect(largestDifference(dx, expectedX) < 1e-5, "instruction set \(isa)")
        #expect(largestDifference(dp, expectedP) < 1e-5, "instruction set \(isa)")

        var (dxf, dpf) = (startX.map { Float($0) }, startP.map { Float($0) })
        transformer.backward(
          inverse: inverse, at.map { Float($0) }, y.map { Float($0) }, p.map { Float($0) }, dy: dy.map { Float($0) },
          dLogDet: dLogDet.map { Float($0) }, dx: &dxf, dp: &dpf)
        #expect(largestDifference(dxf, dx) < 5e-3, "instruction set \(isa)")
        #expect(largestDifference(dpf, dp) < 5e-3, "instruction set \(isa)")
      }
    }

    @Test("a spline that keeps its exponentials has the same value, log-det and gradients", arguments: Transformer.all)
    func kept(_ transformer: Transformer) {
      guard case .spline = transformer.kind, transformer.lanes == Int(PF_LANES) else { return }
      let (x, p) = inputs(transformer, seed: 16)
      var random = SeededGenerator(seed: 17)
      let dy = random.values(transformer.count, in: -1...1), dLogDet = random.values(transformer.columns, in: -1...1)
      let (features, tiles) = (transformer.features, transformer.tiles)
      forEachInstructionSet { isa in
        let expected = transformer.map(inverse: false, x, p)
        var (expectedX, expectedP) = (x, [Double](repeating: 0, count: p.count))
        transformer.backward(
          inverse: false, x, expected.y, p, dy: dy, dLogDet: dLogDet, dx: &expectedX, dp: &expectedP)
        var (shape, kept, dx) = (transformer.splineShape, p, x)
        var (y, logDet) = (x, [Double](repeating: 0, count: transformer.columns))
        pf_spline_forward_keeping_f64(&shape, x, &kept, &y, &logDet, features, tiles)
        pf_spline_backward_kept_f64(&shape, x, &kept, dy, dLogDet, &dx, features, tiles)
        #expect(y == expected.y && logDet == expected.logDet, "instruction set \(isa)")
        #expect(largestDifference(dx, expectedX) < 1e-12, "instruction set \(isa)")
        #expect(largestDifference(kept, expectedP) < 1e-12, "instruction set \(isa)")

        var (keptF, dxF) = (p.map { Float($0) }, x.map { Float($0) })
        var (yF, logDetF) = (dxF, [Float](repeating: 0, count: transformer.columns))
        let xF = dxF
        pf_spline_forward_keeping_f32(&shape, xF, &keptF, &yF, &logDetF, features, tiles)
        pf_spline_backward_kept_f32(
          &shape, xF, &keptF, dy.map { Float($0) }, dLogDet.map { Float($0) }, &dxF, features, tiles)
        #expect(yF == transformer.map(inverse: false, xF, p.map { Float($0) }).y, "instruction set \(isa)")
        #expect(largestDifference(dxF, dx) < 5e-3, "instruction set \(isa)")
        #expect(largestDifference(keptF, kept) < 5e-3, "instruction set \(isa)")
      }
    }
  }
}
