import PushforwardCore
import Testing

/// Every operation with parameters, against central differences.
@Suite struct ParameterGradients {
  private func random(_ layout: ParameterLayout, used: (ParameterSlice, Int) -> Int = { s, _ in s.columns })
    -> Parameters<Double>
  {
    var parameters = Parameters<Double>(layout: layout)
    for (index, slice) in layout.slices.enumerated() {
      var values = normalRows(slice.rows, slice.columns, seed: 100 + UInt64(index), scale: 0.5).values
      for at in values.indices {
        if at % slice.columns >= used(slice, at / slice.columns) { values[at] = 0 }
        if slice.name == "variance" { values[at] = 1 + values[at] * values[at] }
      }
      parameters[slice] = values
    }
    return parameters
  }

  @Test(arguments: Activation.allCases, GradientCheck.rowCounts)
  func linear(_ activation: Activation, _ rows: Int) throws {
    let mask = TriangularMask(extents: [0, 1, 1, 3, 5, 5], columns: 5)
    for isMasked in [false, true] {
      for hasResidual in [false, true] {
        var layout = ParameterLayout()
        let weight = layout.add("weight", rows: 6, columns: 5)
        let bias = layout.add("bias", rows: 6, role: .bias)
        let used: (ParameterSlice, Int) -> Int = { slice, row in
          isMasked && slice.name == "weight" ? Int(mask.extents[row]) : slice.columns
        }
        let layer = LinearOperation<Double>(
          weight: weight, bias: bias, mask: isMasked ? mask : nil, activation: activation)
        var check = GradientCheck(inputs: [normalRows(rows, 5, seed: 7), normalRows(rows, 6, seed: 8)]) { tape, x in
          tape.record(layer, x[0], hasResidual ? x[1] : nil, outputFeatures: 6)
        }
        check.parameters = random(layout, used: used)
        check.used = used
        #expect(try check.failures() == [], "masked: \(isMasked), residual: \(hasResidual)")
      }
    }
  }

  @Test(arguments: GradientCheck.rowCounts) func linearWithItsInputAsResidual(_ rows: Int) throws {
    var layout = ParameterLayout()
    let weight = layout.add("weight", rows: 4, columns: 4)
    let layer = LinearOperation<Double>(weight: weight, bias: nil, activation: .tanh)
    var check = GradientCheck(inputs: [normalRows(rows, 4)]) { tape, x in
      tape.record(layer, x[0], x[0], outputFeatures: 4)
    }
    check.parameters = random(layout)
    #expect(try check.failures() == [])
  }

  @Test(arguments: GradientCheck.rowCounts) func featureAffine(_ rows: Int) throws {
    for inverse in [false, true] {
      var layout = ParameterLayout()
      let logScale = layout.add("scale", rows: 3, role: .bias)
      let shift = layout.add("shift", rows: 3, role: .bias)
      let operation = FeatureAffineOperation<Double>(logScale: logScale, shift: shift, inverse: inverse)
      var check = GradientCheck(inputs: [normalRows(rows, 3)]) { tape, x in
        let total = tape.makeZeros(features: 1)
        let y = tape.record(operation, x[0], outputFeatures: 3, accumulator: total)
        return tape.concatenate(y, total)
      }
      check.parameters = random(layout)
      #expect(try check.failures() == [], "inverse: \(inverse)")
    }
  }

  @Test(arguments: GradientCheck.rowCounts) func triangularFactors(_ rows: Int) throws {
    for inverse in [false, true] {
      for n in [1, 2, 6] {
        var layout = ParameterLayout()
        let lower = layout.add("lower", rows: n, columns: n)
        let upper = layout.add("upper", rows: n, columns: n)
        let diagonal = layout.add("diagonal", rows: n, role: .bias)
        let bias = layout.add("bias", rows: n, role: .bias)
        let used: (ParameterSlice, Int) -> Int = { slice, row in slice.columns == 1 ? 1 : row }
        let operation = LUOperation<Double>(
          lower: lower, upper: upper, logDiagonal: diagonal, bias: bias, inverse: inverse)
        var check = GradientCheck(inputs: [normalRows(rows, n)]) { tape, x in
          let total = tape.makeZeros(features: 1)
          let y = tape.record(operation, x[0], outputFeatures: n, accumulator: total)
          return tape.concatenate(y, total)
        }
        // A 1 x 1 factor is a column of one: its only entry is on the diagonal.
        check.used = n == 1 ? { slice, _ in slice.name == "lower" || slice.name == "upper" ? 0 : 1 } : used
        check.parameters = random(layout, used: check.used)
        #expect(try check.failures() == [], "n \(n), inverse: \(inverse)")
      }
    }
  }

  @Test(arguments: GradientCheck.rowCounts) func batchNormalization(_ rows: Int) throws {
    for (inverse, isTraining) in [(false, false), (true, false), (false, true), (true, true)] {
      var layout = ParameterLayout()
      let operation = BatchNormalizationOperation<Double>(
        logScale: layout.add("scale", rows: 3, role: .bias), shift: layout.add("shift", rows: 3, role: .bias),
        mean: layout.add("mean", rows: 3, role: .statistic),
        variance: layout.add("variance", rows: 3, role: .statistic),
        epsilon: 1e-2, inverse: inverse)
      var check = GradientCheck(inputs: [normalRows(rows, 3, seed: 9, scale: 2)]) { tape, x in
        let total = tape.makeZeros(features: 1)
        let y = tape.record(operation, x[0], outputFeatures: 3, accumulator: total)
        return tape.concatenate(y, total)
      }
      check.parameters = random(layout)
      check.isTraining = isTraining
      #expect(try check.failures() == [], "inverse: \(inverse), training: \(isTraining)")
    }
  }

  @Test(arguments: GradientCheck.rowCounts) func repeatedParameters(_ rows: Int) throws {
    var layout = ParameterLayout()
    let slice = layout.add("numbers", rows: 3, role: .bias)
    var check = GradientCheck(inputs: [normalRows(rows, 3)]) { tape, x in
      tape.multiply(x[0], tape.square(tape.record(ParameterBroadcastOperation(slice), x[0], outputFeatures: 3)))
    }
    check.parameters = random(layout)
    #expect(try check.failures() == [])
  }

  @Test(arguments: GradientCheck.rowCounts) func dropout(_ rows: Int) throws {
    // The mask is a function of the row alone, so differences see the same one.
    let check = GradientCheck(inputs: [normalRows(rows, 6)]) { tape, x in
      tape.square(tape.record(DropoutOperation<Double>(rate: 0.4), x[0], outputFeatures: 6))
    }
    #expect(try check.failures() == [])
  }
}
