import PushforwardCore
import Testing

@Suite struct TapeBehaviour {
  /// A small network with every kind of buffer: scratch, saved values, accumulators, gradients.
  private func step(
    _ tape: Tape<Float>, _ x: Matrix<Float>, _ parameters: Parameters<Float>, _ gradients: inout Parameters<Float>
  ) throws {
    let slices = parameters.layout.slices
    try parameters.withUnsafePointer { pointer in
      try gradients.withUnsafeMutablePointer { out in
        tape.begin(rows: x.rows, parameters: pointer, gradients: out)
        let input = try tape.input(x, needsGradient: true)
        let layer = LinearOperation<Float>(weight: slices[0], bias: slices[1], activation: .silu)
        let hidden = tape.record(
          DropoutOperation<Float>(rate: 0.2), tape.record(layer, input, outputFeatures: 8), outputFeatures: 8)
        let total = tape.makeZeros(features: 1)
        let y = tape.record(
          TransformerOperation(.affine, inverse: false), input, hidden, outputFeatures: 4, accumulator: total)
        tape.accumulateStandardNormalLogDensity(y, into: total)
        tape.backward(from: total)
      }
    }
  }

  private func parameters() -> Parameters<Float> {
    var layout = ParameterLayout()
    layout.add("weight", rows: 8, columns: 4, initializer: .fanIn(gain: 1, extents: nil))
    layout.add("bias", rows: 8, role: .bias)
    return Parameters(layout: layout, seed: 1)
  }

  @Test(arguments: [true, false]) func steadyStateAllocatesNothing(_ recordsGradients: Bool) throws {
    let tape = Tape<Float>(recordsGradients: recordsGradients)
    let x = normalRows(2000, 4).converted(to: Float.self)
    let parameters = parameters()
    var gradients = Parameters<Float>.zeros(layout: parameters.layout)
    func once(_ rows: Int) throws {
      let batch = x.selectingRows(0..<rows)
      if recordsGradients { return try step(tape, batch, parameters, &gradients) }
      try parameters.withUnsafePointer { pointer in
        tape.begin(rows: rows, parameters: pointer)
        _ = try tape.scope { tape.exp(tape.exp(try tape.input(batch))) }
      }
    }
    for _ in 0..<2 { try once(2000) }
    let allocated = tape.allocationCount
    #expect(allocated > 0)
    for _ in 0..<50 { try once(2000) }
    #expect(tape.allocationCount == allocated)
  }

  @Test func dropoutDependsOnSeedLayerAndRowOnly() throws {
    let x = Matrix<Double>(rows: 300, columns: 5, repeating: 1)
    func masks(_ rows: Range<Int>, seed: UInt64, wide: Bool = false) throws -> [Matrix<Double>] {
      let tape = Tape<Double>()
      tape.random = RandomStream(seed: seed, purpose: .dropout)
      tape.firstRow = UInt64(rows.lowerBound)
      tape.begin(rows: rows.count, parameters: nil, wide: wide)
      let input = try tape.input(x.selectingRows(rows))
      let layer = DropoutOperation<Double>(rate: 0.25)
      return (0..<2).map { _ in tape.matrix(tape.record(layer, input, outputFeatures: 5)) }
    }
    let whole = try masks(0..<300, seed: 4)
    #expect(try masks(0..<300, seed: 4) == whole)
    #expect(try masks(0..<300, seed: 5) != whole)
    #expect(whole[0] != whole[1], "two layers of a pass share a mask")
    for rows in [70..<200, 12..<13, 64..<128] {
      for wide in [false, true] {
        let part = try masks(rows, seed: 4, wide: wide)
        #expect(part[0] == whole[0].selectingRows(rows) && part[1] == whole[1].selectingRows(rows))
      }
    }
    // Kept values are divided by the probability of being kept, so the mean stays.
    #expect(Set(whole[0].values) == [0, 1 / 0.75])
    let mean = whole[0].values.reduce(0, +) / 1500
    #expect(abs(mean - 1) < 4 * (0.25 / 0.75 / 1500).squareRoot())
  }

  @Test func scopeKeepsTheResultAndFreesTheRest() throws {
    let tape = Tape<Double>()
    tape.begin(rows: 65, parameters: nil)
    let x = try tape.input(normalRows(65, 3))
    let expected = tape.matrix(tape.exp(tape.affine(x, scale: 2)))
    let result = tape.scope { tape.exp(tape.affine(x, scale: 2)) }
    let after = tape.makeZeros(features: 3)
    #expect(tape.matrix(result) == expected)
    #expect(tape.matrix(after).values.allSatisfy { $0 == 0 })
    #expect(tape.scope { x } == x)
  }

  @Test func paddingLanesStayOutOfTheGradient() throws {
    // Parameters' gradients of 65 rows are the sum of those of 64 rows and of one.
    let parameters = parameters()
    let x = normalRows(65, 4).converted(to: Float.self)
    func gradient(_ rows: Range<Int>) throws -> [Float] {
      var gradients = Parameters<Float>.zeros(layout: parameters.layout)
      let tape = Tape<Float>(recordsGradients: true)
      tape.firstRow = UInt64(rows.lowerBound)
      try step(tape, x.selectingRows(rows), parameters, &gradients)
      return gradients.layout.slices.flatMap { gradients[$0] }
    }
    let parts = zip(try gradient(0..<64), try gradient(64..<65)).map(+)
    for (whole, sum) in zip(try gradient(0..<65), parts) { #expect(abs(whole - sum) <= 1e-5 * max(1, abs(sum))) }
  }

  @Test func wrongRowCountThrows() throws {
    let tape = Tape<Double>()
    tape.begin(rows: 3, parameters: nil)
    #expect(throws: EngineError.rowCount(operation: "input", expected: 3, found: 4)) {
      try tape.input(Matrix<Double>(rows: 4, columns: 2))
    }
  }
}
