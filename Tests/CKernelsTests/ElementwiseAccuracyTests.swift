import CKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One elementwise function: its reference, where its interesting arguments lie, and the errors promised in the header.
struct ElementwiseCase: CustomTestStringConvertible, Sendable {
  let name: String
  let op: pf_unary_op
  let range: ClosedRange<Double>
  let floatUlps: Double
  let doubleUlps: Double
  let reference: @Sendable (Reference) -> Reference

  init(
    _ name: String, _ op: pf_unary_op, _ range: ClosedRange<Double>, _ floatUlps: Double, _ doubleUlps: Double,
    _ reference: @escaping @Sendable (Reference) -> Reference
  ) {
    (self.name, self.op, self.range, self.reference) = (name, op, range, reference)
    (self.floatUlps, self.doubleUlps) = (floatUlps, doubleUlps)
  }

  var testDescription: String { name }

  static let all: [ElementwiseCase] = [
    .init("exp", PF_OP_EXP, -750...710, 1, 1) { exp($0) },
    .init("log", PF_OP_LOG, 0...10, 1, 1) { log($0) },
    .init("log1p", PF_OP_LOG1P, -1...4, 1, 1) { log1p($0) },
    .init("expm1", PF_OP_EXPM1, -40...4, 1.5, 1.5) { expm1($0) },
    .init("tanh", PF_OP_TANH, -3...3, 1.5, 1.5) { tanh($0) },
    .init("sigmoid", PF_OP_SIGMOID, -40...40, 2.5, 2.5) { ReferenceFunctions.sigmoid($0) },
    .init("softplus", PF_OP_SOFTPLUS, -40...40, 2, 2) { ReferenceFunctions.softplus($0) },
    .init("silu", PF_OP_SILU, -40...40, 3, 3) { $0 == -.infinity ? 0 : $0 * ReferenceFunctions.sigmoid($0) },
    .init("normal cdf", PF_OP_NORMAL_CDF, -39...9, 5, 6) { ReferenceFunctions.normalCDF($0) },
    .init("normal quantile", PF_OP_NORMAL_QUANTILE, 0...1, 3, 7) { ReferenceFunctions.normalQuantile($0) },
    .init("log sigmoid", PF_OP_LOG_SIGMOID, -40...40, 2, 2) { -ReferenceFunctions.softplus(-$0) },
    .init("logit", PF_OP_LOGIT, 0...1, 3, 3) { ReferenceFunctions.logit($0) },
    .init("sqrt", PF_OP_SQRT, 0...10, 0.5, 0.5) { $0.squareRoot() },
    .init("reciprocal", PF_OP_RECIPROCAL, -2...2, 0.5, 0.5) { 1 / $0 },
  ]
}

extension KernelTests {
  @Suite struct ElementwiseAccuracy {
    @Test("float, every exponent and sign", arguments: ElementwiseCase.all)
    func float(_ item: ElementwiseCase) {
      let patterns = stride(from: UInt32(0), to: .max, by: 30_011).map { Float(bitPattern: $0) }
      var random = SeededGenerator(seed: 1)
      let x = patterns + random.values(20_000, in: item.range).map { Float($0) }
      check(item, x, x.map { item.reference(Reference($0)) }, limit: item.floatUlps)
    }

    @Test("double, every exponent and sign", arguments: ElementwiseCase.all)
    func double(_ item: ElementwiseCase) {
      var random = SeededGenerator(seed: 2)
      let patterns = (0..<30_000).map { _ in Double(bitPattern: random.next()) }
      let tiny = random.values(5_000, in: -744...0).map { exp($0) }
      let x = patterns + tiny + random.values(30_000, in: item.range)
      check(item, x, x.map { item.reference(Reference($0)) }, limit: item.doubleUlps)
    }

    private func check<Scalar: KernelScalar>(
      _ item: ElementwiseCase, _ x: [Scalar], _ exact: [Reference], limit: Double
    ) {
      forEachInstructionSet { isa in
        let y = apply(item.op, x)
        var worst = (error: 0.0, index: 0)
        for i in x.indices {
          let error = ulps(y[i], from: exact[i])
          if error > worst.error { worst = (error, i) }
        }
        let (at, got) = (x[worst.index], y[worst.index])
        #expect(
          worst.error <= limit + referenceSlack,
          "\(item.name)(\(at)) = \(got), exact \(exact[worst.index]), \(worst.error) ulps, instruction set \(isa)")
      }
    }

    @Test("zeros, infinities, NaN and limits") func specialValues() {
      let infinity = Double.infinity
      let expected: [(pf_unary_op, Double, Double)] = [
        (PF_OP_EXP, infinity, infinity), (PF_OP_EXP, -infinity, 0), (PF_OP_EXP, 0, 1), (PF_OP_EXP, -1e30, 0),
        (PF_OP_LOG, 0, -infinity), (PF_OP_LOG, infinity, infinity), (PF_OP_LOG, -1, .nan), (PF_OP_LOG, 1, 0),
        (PF_OP_LOG1P, -1, -infinity), (PF_OP_LOG1P, infinity, infinity), (PF_OP_LOG1P, -2, .nan), (PF_OP_LOG1P, 0, 0),
        (PF_OP_EXPM1, infinity, infinity), (PF_OP_EXPM1, -infinity, -1), (PF_OP_EXPM1, -1e30, -1),
        (PF_OP_TANH, infinity, 1), (PF_OP_TANH, -infinity, -1), (PF_OP_TANH, 1e30, 1),
        (PF_OP_SIGMOID, infinity, 1), (PF_OP_SIGMOID, -infinity, 0), (PF_OP_SIGMOID, 0, 0.5),
        (PF_OP_SOFTPLUS, infinity, infinity), (PF_OP_SOFTPLUS, -infinity, 0), (PF_OP_SOFTPLUS, 1e30, 1e30),
        (PF_OP_SILU, infinity, infinity), (PF_OP_SILU, -infinity, 0), (PF_OP_SILU, -1e30, 0),
        (PF_OP_RELU, -infinity, 0), (PF_OP_RELU, infinity, infinity), (PF_OP_RELU, -3, 0), (PF_OP_RELU, 3, 3),
        (PF_OP_ELU, -infinity, -1), (PF_OP_ELU, infinity, infinity), (PF_OP_ELU, 2, 2),
        (PF_OP_SQRT, 0, 0), (PF_OP_SQRT, -1, .nan), (PF_OP_SQRT, infinity, infinity), (PF_OP_SQUARE, -3, 9),
        (PF_OP_RECIPROCAL, 0, infinity), (PF_OP_NEGATE, 2, -2), (PF_OP_ABS, -infinity, infinity), (PF_OP_ABS, -2, 2),
        (PF_OP_NORMAL_CDF, -infinity, 0), (PF_OP_NORMAL_CDF, infinity, 1), (PF_OP_NORMAL_CDF, 0, 0.5),
        (PF_OP_NORMAL_CDF, -1e30, 0), (PF_OP_NORMAL_CDF, 1e30, 1),
        (PF_OP_NORMAL_QUANTILE, 0, -infinity), (PF_OP_NORMAL_QUANTILE, 1, infinity), (PF_OP_NORMAL_QUANTILE, 0.5, 0),
        (PF_OP_NORMAL_QUANTILE, -0.1, .nan), (PF_OP_NORMAL_QUANTILE, 1.1, .nan),
        (PF_OP_LGAMMA, 1, 0), (PF_OP_LGAMMA, 2, 0), (PF_OP_LGAMMA, 0, infinity), (PF_OP_LGAMMA, infinity, infinity),
        (PF_OP_SIN, 0, 0), (PF_OP_COS, 0, 1), (PF_OP_SIN, infinity, .nan), (PF_OP_COS, infinity, .nan),
        (PF_OP_LOG_SIGMOID, infinity, 0), (PF_OP_LOG_SIGMOID, -infinity, -infinity), (PF_OP_LOG_SIGMOID, -1e30, -1e30),
        (PF_OP_LOGIT, 0, -infinity), (PF_OP_LOGIT, 1, infinity), (PF_OP_LOGIT, 0.5, 0), (PF_OP_LOGIT, 2, .nan),
        (PF_OP_LOGIT, -1, .nan), (PF_OP_SOFT_LIMIT, -7.5, -7.5), (PF_OP_SOFT_LIMIT, 20, 15),
        (PF_OP_SOFT_LIMIT, -40, -17.5), (PF_OP_SOFT_LIMIT, infinity, 20), (PF_OP_SOFT_LIMIT, -infinity, -20),
      ]
      forEachInstructionSet { isa in
        for (op, x, y) in expected {
          let (single, double) = (apply(op, [Float(x)])[0], apply(op, [x])[0])
          #expect(single == Float(y) || (single.isNaN && y.isNaN), "op \(op.rawValue), x \(x), f32, set \(isa)")
          #expect(double == y || (double.isNaN && y.isNaN), "op \(op.rawValue), x \(x), f64, set \(isa)")
        }
        for op in PF_OP_EXP.rawValue...PF_OP_LOGIT.rawValue {
          #expect(apply(pf_unary_op(op), [Float.nan])[0].isNaN, "op \(op), f32, set \(isa)")
          #expect(apply(pf_unary_op(op), [Double.nan])[0].isNaN, "op \(op), f64, set \(isa)")
        }
      }
    }

    @Test("a short end neither reads nor writes past n and agrees with whole vectors") func tails() {
      forEachInstructionSet { isa in
        for op in [PF_OP_EXP, PF_OP_LOGIT, PF_OP_LGAMMA] {
          let x = (0..<80).map { 0.01 + 0.98 * Float($0) / 80 }
          let whole = apply(op, x)
          for n in 0...67 {
            var y = [Float](repeating: -7, count: 80)
            x.withUnsafeBufferPointer { source in
              y.withUnsafeMutableBufferPointer {
                pf_unary_f32(Int32(op.rawValue), source.baseAddress! + 3, $0.baseAddress! + 5, n)
              }
            }
            let expected = [Float](repeating: -7, count: 5) + whole[3..<(3 + n)] + [Float](repeating: -7, count: 75 - n)
            #expect(y == expected, "op \(op.rawValue), n \(n), instruction set \(isa)")
          }
        }
      }
    }
  }
}
