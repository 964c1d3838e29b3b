import CKernels
import Testing

extension KernelTests {
  @Suite struct ElementwiseDerivatives {
    /// Every function with an interval inside its domain and clear of its kinks.
    static let intervals: [(op: pf_unary_op, range: ClosedRange<Double>)] = [
      (PF_OP_EXP, -4...4), (PF_OP_LOG, 0.05...5), (PF_OP_LOG1P, -0.9...5), (PF_OP_EXPM1, -4...4), (PF_OP_TANH, -3...3),
      (PF_OP_SIGMOID, -6...6), (PF_OP_SOFTPLUS, -6...6), (PF_OP_SILU, -6...6), (PF_OP_RELU, 0.01...3),
      (PF_OP_RELU, -3...(-0.01)), (PF_OP_ELU, -4...(-0.01)), (PF_OP_ELU, 0.01...3), (PF_OP_SQRT, 0.1...5),
      (PF_OP_SQUARE, -3...3), (PF_OP_RECIPROCAL, 0.2...4), (PF_OP_RECIPROCAL, -4...(-0.2)), (PF_OP_NEGATE, -2...2),
      (PF_OP_ABS, 0.01...3), (PF_OP_ABS, -3...(-0.01)), (PF_OP_NORMAL_CDF, -4...4),
      (PF_OP_NORMAL_QUANTILE, 0.02...0.98),
      (PF_OP_LGAMMA, 0.1...12), (PF_OP_LGAMMA, -0.9...(-0.1)), (PF_OP_SIN, -7...7), (PF_OP_COS, -7...7),
      (PF_OP_LOG_SIGMOID, -6...6), (PF_OP_LOGIT, 0.02...0.98), (PF_OP_SOFT_LIMIT, -9.9...9.9),
      (PF_OP_SOFT_LIMIT, 10.1...50), (PF_OP_SOFT_LIMIT, -50...(-10.1)),
    ]

    @Test("slopes are central differences and are added, times dy") func slopes() {
      let h = 1e-6
      forEachInstructionSet { isa in
        var random = SeededGenerator(seed: 3)
        for (op, range) in Self.intervals {
          let inner = (range.lowerBound + 2 * h)...(range.upperBound - 2 * h)
          let x = random.values(67, in: inner)
          let (dy, start) = (random.values(67, in: -2...2), random.values(67, in: -1...1))
          let (above, below) = (apply(op, x.map { $0 + h }), apply(op, x.map { $0 - h }))
          let expected = x.indices.map { start[$0] + dy[$0] * (above[$0] - below[$0]) / (2 * h) }

          var dx = start
          pf_unary_backward_f64(Int32(op.rawValue), x, apply(op, x), dy, &dx, x.count)
          #expect(largestDifference(dx, expected) < 2e-8, "op \(op.rawValue), f64, instruction set \(isa)")

          let xf = x.map { Float($0) }
          var dxf = start.map { Float($0) }
          pf_unary_backward_f32(Int32(op.rawValue), xf, apply(op, xf), dy.map { Float($0) }, &dxf, x.count)
          #expect(largestDifference(dxf, expected) < 1e-4, "op \(op.rawValue), f32, instruction set \(isa)")
        }
      }
    }

    @Test("slopes stay finite where they mathematically are") func extremes() {
      let everywhere = [
        PF_OP_TANH, PF_OP_SIGMOID, PF_OP_SOFTPLUS, PF_OP_SILU, PF_OP_RELU, PF_OP_ELU, PF_OP_SQUARE, PF_OP_NEGATE,
        PF_OP_ABS, PF_OP_NORMAL_CDF, PF_OP_SIN, PF_OP_COS, PF_OP_LOG_SIGMOID,
      ]
      let x: [Float] = [0, -0, 1e-40, -1e-40, 50, -50, 90, -90, 110, -110, 1e6, -1e6, 1e30, -1e30]
      let one = [Float](repeating: 1, count: x.count)
      forEachInstructionSet { isa in
        for op in everywhere {
          var dx = [Float](repeating: 0, count: x.count)
          pf_unary_backward_f32(Int32(op.rawValue), x, apply(op, x), one, &dx, x.count)
          #expect(dx.allSatisfy { $0.isFinite }, "op \(op.rawValue): \(dx), instruction set \(isa)")
        }
        let p: [Float] = [1e-36, 1e-20, 1e-7, 0.5, 1 - 6e-8]
        for op in [PF_OP_NORMAL_QUANTILE, PF_OP_LOGIT, PF_OP_LOG] {
          var dx = [Float](repeating: 0, count: p.count)
          pf_unary_backward_f32(Int32(op.rawValue), p, apply(op, p), one, &dx, p.count)
          #expect(dx.allSatisfy { $0.isFinite && $0 > 0 }, "op \(op.rawValue): \(dx), instruction set \(isa)")
        }
      }
    }

    @Test("binary functions, their slopes, and absent gradients") func binary() {
      typealias Plain = (Double, Double) -> Double
      let cases: [(pf_binary_op, Plain, Plain, Plain)] = [
        (PF_OP_ADD, { $0 + $1 }, { _, _ in 1 }, { _, _ in 1 }), (PF_OP_SUB, { $0 - $1 }, { _, _ in 1 }, { _, _ in -1 }),
        (PF_OP_MUL, { $0 * $1 }, { $1 }, { a, _ in a }), (PF_OP_DIV, { $0 / $1 }, { 1 / $1 }, { -$0 / ($1 * $1) }),
        (PF_OP_MAX, { max($0, $1) }, { $0 >= $1 ? 1 : 0 }, { $0 < $1 ? 1 : 0 }),
        (PF_OP_MIN, { min($0, $1) }, { $0 <= $1 ? 1 : 0 }, { $0 > $1 ? 1 : 0 }),
      ]
      forEachInstructionSet { isa in
        var random = SeededGenerator(seed: 4)
        for (op, value, slopeA, slopeB) in cases {
          let n = 53
          let (a, b) = (random.values(n, in: -2...2), random.values(n, in: 0.5...2))
          let (dy, start) = (random.values(n, in: -2...2), random.values(n, in: -1...1))
          var y = [Double](repeating: 0, count: n)
          pf_binary_f64(Int32(op.rawValue), a, b, &y, n)
          #expect(largestDifference(y, zip(a, b).map(value)) < 1e-15, "op \(op.rawValue), instruction set \(isa)")
          var (da, db) = (start, start)
          pf_binary_backward_f64(Int32(op.rawValue), a, b, dy, &da, &db, n)
          let expectedA = (0..<n).map { start[$0] + dy[$0] * slopeA(a[$0], b[$0]) }
          let expectedB = (0..<n).map { start[$0] + dy[$0] * slopeB(a[$0], b[$0]) }
          #expect(largestDifference(da, expectedA) < 1e-14, "op \(op.rawValue), instruction set \(isa)")
          #expect(largestDifference(db, expectedB) < 1e-14, "op \(op.rawValue), instruction set \(isa)")
          (da, db) = (start, start)
          pf_binary_backward_f64(Int32(op.rawValue), a, b, dy, &da, nil, n)
          pf_binary_backward_f64(Int32(op.rawValue), a, b, dy, nil, &db, n)
          #expect(largestDifference(da, expectedA) < 1e-14 && largestDifference(db, expectedB) < 1e-14)
        }
        for op in [PF_OP_MAX, PF_OP_MIN] {
          var y: [Float] = [0, 0]
          pf_binary_f32(Int32(op.rawValue), [.nan, 1], [1, .nan], &y, 2)
          #expect(y.allSatisfy { $0.isNaN }, "instruction set \(isa)")
        }
      }
    }
  }
}
