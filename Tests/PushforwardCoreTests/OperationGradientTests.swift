import PushforwardCore
import Testing

/// Every operation of the tape without parameters, against central differences.
@Suite struct OperationGradients {
  /// Where each function is smooth.
  private static func domain(_ function: UnaryFunction) -> ClosedRange<Double> {
    switch function {
    case .log, .squareRoot, .reciprocal: 0.3...3
    case .log1p: -0.6...3
    case .normalQuantile, .logit: 0.05...0.95
    // Away from the kink at zero.
    case .relu, .absolute, .elu: 0.1...3
    default: -3...3
    }
  }

  @Test(arguments: UnaryFunction.allCases, GradientCheck.rowCounts)
  func unary(_ function: UnaryFunction, _ rows: Int) throws {
    var ranges = [Self.domain(function)]
    if [.relu, .absolute, .elu].contains(function) { ranges.append(-3 ... -0.1) }
    for range in ranges {
      let check = GradientCheck(inputs: [uniformRows(rows, 3, in: range)]) { tape, x in tape.apply(function, x[0]) }
      #expect(try check.failures() == [])
    }
  }

  @Test(arguments: BinaryFunction.allCases, GradientCheck.rowCounts)
  func binary(_ function: BinaryFunction, _ rows: Int) throws {
    let (a, b) = (uniformRows(rows, 3, in: 0.5...2, seed: 1), uniformRows(rows, 3, in: 0.5...2, seed: 2))
    let both = GradientCheck(inputs: [a, b]) { tape, x in tape.apply(function, x[0], x[1]) }
    #expect(try both.failures() == [])
    // One feature against many, on either side, and one value twice.
    let one = uniformRows(rows, 1, in: 0.5...2, seed: 3)
    let left = GradientCheck(inputs: [one, b]) { tape, x in tape.apply(function, x[0], x[1]) }
    #expect(try left.failures() == [])
    let right = GradientCheck(inputs: [a, one]) { tape, x in tape.apply(function, x[0], x[1]) }
    #expect(try right.failures() == [])
    if function != .maximum && function != .minimum {
      let twice = GradientCheck(inputs: [a]) { tape, x in tape.apply(function, x[0], x[0]) }
      #expect(try twice.failures() == [])
    }
  }

  @Test(arguments: GradientCheck.rowCounts) func reductionsAndShapes(_ rows: Int) throws {
    let (a, b) = (normalRows(rows, 4, seed: 1), normalRows(rows, 2, seed: 2))
    let functions: [(String, (Tape<Double>, [Variable]) -> Variable)] = [
      ("affine", { tape, x in tape.affine(x[0], scale: -1.7, shift: 0.4) }),
      ("sumFeatures", { tape, x in tape.square(tape.sumFeatures(x[0])) }),
      ("logSumExpFeatures", { tape, x in tape.logSumExpFeatures(x[0]) }),
      ("broadcast", { tape, x in tape.square(tape.broadcast(tape.sumFeatures(x[0]), features: 3)) }),
      ("concatenate", { tape, x in tape.square(tape.concatenate(x[0], x[1])) }),
      ("select", { tape, x in tape.square(tape.select(x[0], features: [2, 0, 0, 3, 2])) }),
      ("a value used three times", { tape, x in tape.multiply(tape.add(x[0], x[0]), tape.exp(x[0])) }),
      (
        "fixed affine",
        { tape, x in
          let map = FixedAffineOperation<Double>(
            scale: [2, -1, 0.5, 3], origin: [1, 2, -1, 0], offset: [0, 1, 5, -2])
          return tape.square(tape.record(map, x[0], outputFeatures: 4))
        }
      ),
      (
        "accumulators",
        { tape, x in
          let total = tape.makeZeros(features: 1)
          tape.accumulate(tape.sumFeatures(tape.square(x[0])), into: total, scale: -0.3)
          tape.accumulateStandardNormalLogDensity(x[1], into: total)
          tape.addConstant(2, to: total)
          tape.accumulate(tape.sumFeatures(x[1]), into: total)
          return tape.square(total)
        }
      ),
      (
        "root of a + (s - 1) tanh a",
        { tape, x in
          let s = tape.apply(.softplus, tape.sumFeatures(x[1]))
          return tape.record(TanhRootOperation<Double>(), tape.sumFeatures(x[0]), s, outputFeatures: 1)
        }
      ),
    ]
    for (name, function) in functions {
      let check = GradientCheck(inputs: [a, b], function: function)
      #expect(try check.failures() == [], "\(name)")
    }
  }

  @Test(arguments: GradientCheck.rowCounts) func transformers(_ rows: Int) throws {
    for transformer in [Transformer.additive, .affine, .affine(logScaleBound: 1.5), .spline(bins: 5, bound: 2)] {
      for inverse in [false, true] {
        let x = normalRows(rows, 3, seed: 3, scale: 1.3)
        let p = normalRows(rows, 3 * transformer.parameterCount, seed: 4)
        let check = GradientCheck(inputs: [x, p]) { tape, v in
          let logAbsDet = tape.makeZeros(features: 1)
          let y = tape.record(
            TransformerOperation(transformer, inverse: inverse), v[0], v[1], outputFeatures: 3,
            accumulator: logAbsDet)
          return tape.concatenate(y, logAbsDet)
        }
        #expect(try check.failures() == [], "\(transformer), inverse: \(inverse)")
      }
    }
  }

  @Test func gradientOfOneInputOnly() throws {
    // The other input's gradient is not wanted: nothing must be written for it.
    for transformer in [Transformer.additive, .affine, .spline(bins: 4, bound: 2)] {
      let (x, p) = (normalRows(5, 2, seed: 5), normalRows(5, 2 * transformer.parameterCount, seed: 6))
      for wanted in [0, 1] {
        let tape = Tape<Double>(recordsGradients: true)
        tape.begin(rows: 5, parameters: nil)
        let a = try tape.input(x, needsGradient: wanted == 0)
        let b = try tape.input(p, needsGradient: wanted == 1)
        let total = tape.makeZeros(features: 1)
        let y = tape.record(
          TransformerOperation(transformer, inverse: false), a, b, outputFeatures: 2, accumulator: total)
        tape.backward(from: tape.add(tape.sumFeatures(y), total))
        #expect((tape.gradient(a) != nil) == (wanted == 0))
        #expect((tape.gradient(b) != nil) == (wanted == 1))
      }
    }
  }
}
