import CKernels
import Foundation
import Testing

extension KernelTests {
  @Suite struct Linear {
    @Test(arguments: LinearCase.all) func float(_ item: LinearCase) { check(item, Float.self) }
    @Test(arguments: LinearCase.all) func double(_ item: LinearCase) { check(item, Double.self) }

    private func check<Scalar: LinearScalar>(_ item: LinearCase, _ type: Scalar.Type) {
      let tolerance = 4 * Double(Scalar.ulpOfOne)
      let dwStart = (0..<item.out * item.ldw).map { noise(9, $0) }.map { Double(Float($0)) }
      let forward = item.forward(), backwardInput = item.backwardInput(start: 1)
      let backwardInputFresh = item.backwardInput(start: 0), backwardWeight = item.backwardWeight(start: dwStart)
      let extent = item.isMasked ? item.extent : nil, firstRow = item.isMasked ? item.firstRow : nil
      let (out, inputs, tiles, lanes, ldw) = (item.out, item.inputs, item.tiles, item.lanes, item.ldw)
      let w = GuardedBuffer<Scalar>(item.weights.map { Scalar($0) }), bias = GuardedBuffer(item.bias.map { Scalar($0) })
      let x = GuardedBuffer(item.x.map { Scalar($0) }), residual = GuardedBuffer(item.y.map { Scalar($0) })

      forEachInstructionSet { isa in
        let note = Comment(rawValue: "instruction set \(isa), \(item.testDescription)")
        let y = GuardedBuffer<Scalar>(count: residual.count), pre = GuardedBuffer<Scalar>(count: residual.count)
        Scalar.linearForward(
          w.start, ldw, bias.start, x.start, residual.start, y.start, pre.start, out, inputs, extent, tiles, lanes,
          Int32(PF_RELU.rawValue))
        #expect(forward.firstMismatch(pre.values, tolerance: tolerance) == nil, note)
        #expect(zip(y.values, pre.values).allSatisfy { $0 == max($1, 0) }, note)

        let inPlace = GuardedBuffer(residual.values)
        Scalar.linearForward(
          w.start, ldw, bias.start, x.start, inPlace.start, inPlace.start, nil, out, inputs, extent, tiles, lanes,
          Int32(PF_IDENTITY.rawValue))
        #expect(inPlace.values == pre.values, note)

        let dx = GuardedBuffer<Scalar>(count: x.count, filledWith: 1)
        Scalar.linearBackwardInput(w.start, ldw, residual.start, nil, dx.start, out, inputs, firstRow, tiles, lanes, 1)
        #expect(backwardInput.firstMismatch(dx.values, tolerance: tolerance) == nil, note)
        let fresh = GuardedBuffer<Scalar>(count: x.count, filledWith: .nan)
        Scalar.linearBackwardInput(
          w.start, ldw, residual.start, nil, fresh.start, out, inputs, firstRow, tiles, lanes, 0)
        #expect(backwardInputFresh.firstMismatch(fresh.values, tolerance: tolerance) == nil, note)
        let cut = GuardedBuffer<Scalar>(count: x.count, filledWith: .nan)
        Scalar.linearBackwardInput(
          w.start, ldw, residual.start, x.start, cut.start, out, inputs, firstRow, tiles, lanes, 0)
        #expect(cut.values == zip(x.values, fresh.values).map { $0 > 0 ? $1 : 0 }, note)

        let dw = GuardedBuffer(dwStart.map { Scalar($0) }), dbias = GuardedBuffer<Scalar>(count: out, filledWith: 1)
        let scratch = GuardedBuffer<Scalar>(count: pf_linear_scratch(inputs, tiles), filledWith: .nan)
        Scalar.linearBackwardWeight(
          residual.start, x.start, dw.start, ldw, dbias.start, out, inputs, extent, tiles, lanes, scratch.start)
        #expect(backwardWeight.firstMismatch(dw.values, tolerance: 2 * tolerance) == nil, note)
        let isUntouched = (0..<out * ldw).allSatisfy { index in
          index % ldw < Int(extent?[index / ldw] ?? Int32(inputs)) || dw[index] == Scalar(dwStart[index])
        }
        #expect(isUntouched, note)
        let sums = (0..<out).map { row in
          1 + (0..<tiles * lanes).reduce(0.0) { $0 + Double(residual[($1 / lanes * out + row) * lanes + $1 % lanes]) }
        }
        #expect(zip(sums, dbias.values).allSatisfy { abs($0 - Double($1)) <= 16 * tolerance }, note)
        for buffer in [w, bias, x, residual, y, pre, inPlace, dx, fresh, dw, dbias, scratch] {
          #expect(buffer.isIntact, note)
        }
      }
    }

    @Test("fused activations are those of the pre-activation", arguments: [1, 64]) func activations(lanes: Int) {
      check(activationsOf: Float.self, lanes: lanes)
      check(activationsOf: Double.self, lanes: lanes)
    }

    private func check<Scalar: LinearScalar>(activationsOf type: Scalar.Type, lanes: Int) {
      let functions: [(pf_activation, (Double) -> Double)] = [
        (PF_IDENTITY, { $0 }), (PF_RELU, { max($0, 0) }), (PF_TANH, { tanh($0) }), (PF_SILU, { $0 / (1 + exp(-$0)) }),
        (PF_ELU, { $0 > 0 ? $0 : expm1($0) }), (PF_SOFTPLUS, { max($0, 0) + log1p(exp(-abs($0))) }),
        (PF_SIGMOID, { 1 / (1 + exp(-$0)) }),
      ]
      let (out, inputs) = (9, 3)
      let w = (0..<out * inputs).map { Scalar(5 * noise(1, $0)) }, x = (0..<inputs * lanes).map { Scalar(noise(2, $0)) }
      forEachInstructionSet { isa in
        for (activation, function) in functions {
          let y = GuardedBuffer<Scalar>(count: out * lanes), pre = GuardedBuffer<Scalar>(count: out * lanes)
          Scalar.linearForward(
            w, inputs, nil, x, nil, y.start, pre.start, out, inputs, nil, 1, lanes, Int32(activation.rawValue))
          let worst = (0..<y.count).map { abs(function(Double(pre[$0])) - Double(y[$0])) / (1 + abs(Double(y[$0]))) }
            .max()!
          #expect(worst <= 4 * Double(Scalar.ulpOfOne), "activation \(activation.rawValue), instruction set \(isa)")
          #expect(y.isIntact && pre.isIntact)
        }
      }
    }

    @Test("NaN in the data stays visible through ReLU") func nanStaysVisible() {
      forEachInstructionSet { isa in
        for lanes in [1, 64] {
          var y = [Float](repeating: 0, count: 2 * lanes)
          Float.linearForward(
            [1, 1], 1, nil, [Float](repeating: .nan, count: lanes), nil, &y, nil, 2, 1, nil, 1, lanes,
            Int32(PF_RELU.rawValue))
          #expect(y.allSatisfy { $0.isNaN }, "instruction set \(isa)")
        }
      }
    }
  }
}
