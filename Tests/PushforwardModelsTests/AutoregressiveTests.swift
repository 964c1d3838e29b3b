import Foundation
import PushforwardCore
import PushforwardModels
import Testing

@Suite struct AutoregressiveStructure {
  static let networks: [NetworkSettings] = [
    NetworkSettings(hidden: [14, 11], activation: .relu), NetworkSettings(hidden: [], activation: .relu),
    NetworkSettings(hidden: [13], activation: .tanh),
    NetworkSettings(hidden: [12, 12, 12, 12, 12], activation: .elu, residual: true),
    NetworkSettings(hidden: [10], activation: .silu, residual: true),
  ]
  static let transformers: [Transformer] = [.affine, .additive, .spline(bins: 4, bound: 2)]

  private func layer(
    _ features: Int, _ contextFeatures: Int, _ transformer: Transformer, _ network: NetworkSettings,
    hiddenDegrees: [[Int]]? = nil
  ) -> (Autoregressive<Double>, Parameters<Double>) {
    var layout = ParameterLayout()
    let layer = Autoregressive<Double>(
      features: features, contextFeatures: contextFeatures, transformer: transformer, network: network,
      hiddenDegrees: hiddenDegrees, layout: &layout, name: "layer")
    return (layer, randomParameters(layout, seed: 5))
  }

  /// D passes of the whole network, each fixing one more feature.
  private func invertedPassByPass(
    _ z: Matrix<Double>, context: Matrix<Double>?, _ layer: Autoregressive<Double>, _ parameters: Parameters<Double>
  ) throws -> (x: Matrix<Double>, logAbsDet: [Double]) {
    var x = Matrix<Double>(rows: z.rows, columns: z.columns)
    var logAbsDet: [Double] = []
    try parameters.withUnsafePointer { pointer in
      let tape = Tape<Double>()
      for _ in 0..<layer.features {
        tape.begin(rows: z.rows, parameters: pointer)
        let total = tape.makeZeros(features: 1)
        let given = try context.map { try tape.input($0) }
        let made = try layer.made(try tape.input(x), context: given, on: tape)
        let next = tape.record(
          TransformerOperation(layer.transformer, inverse: true), try tape.input(z), made,
          outputFeatures: layer.features, accumulator: total)
        x = tape.matrix(next)
        logAbsDet = tape.matrix(total).values
      }
    }
    return (x, logAbsDet)
  }

  @Test(arguments: networks, transformers)
  func onePassInverseIsTheInversePassByPass(_ network: NetworkSettings, _ transformer: Transformer) throws {
    for (features, contextFeatures) in [(1, 0), (1, 3), (2, 0), (7, 0), (7, 3)] {
      let (layer, parameters) = layer(features, contextFeatures, transformer, network)
      for rows in [1, 70] {
        let z = randomRows(rows, features, in: BijectionCase.reals, seed: 6)
        let context = contextFeatures > 0 ? randomRows(rows, contextFeatures, in: BijectionCase.reals, seed: 7) : nil
        let slow = try invertedPassByPass(z, context: context, layer, parameters)
        let fast = try Subject(bijection: layer, parameters: parameters).apply(.inverse, z, context: context)
        #expect(relativeError(fast.value.values, slow.x.values) < 1e-11, "\(features) features, \(rows) rows")
        #expect(relativeError(fast.logAbsDet, slow.logAbsDet) < 1e-11, "\(features) features, \(rows) rows")
      }
    }
  }

  @Test func unevenDegreesInvertInOnePassToo() throws {
    // Repeated, missing and context-only degrees.
    let degrees = [[0, 0, 1, 1, 1, 4], [0, 1, 3, 3, 4, 4]]
    let (layer, parameters) = layer(
      5, 2, .affine, NetworkSettings(hidden: [6, 6], activation: .tanh), hiddenDegrees: degrees)
    let z = randomRows(66, 5, in: BijectionCase.reals, seed: 8)
    let context = randomRows(66, 2, in: BijectionCase.reals, seed: 9)
    let slow = try invertedPassByPass(z, context: context, layer, parameters)
    let fast = try Subject(bijection: layer, parameters: parameters).apply(.inverse, z, context: context)
    #expect(relativeError(fast.value.values, slow.x.values) < 1e-11)
  }

  @Test(arguments: networks) func jacobianIsTriangular(_ network: NetworkSettings) throws {
    let (features, rows) = (6, 60)
    let (layer, parameters) = layer(features, 2, .affine, network)
    let subject = Subject(bijection: layer, parameters: parameters)
    let x = randomRows(rows, features, in: BijectionCase.reals, seed: 10)
    let context = randomRows(rows, 2, in: BijectionCase.reals, seed: 11)
    for output in 0..<features {
      var weights = Matrix<Double>(rows: rows, columns: features)
      for row in 0..<rows { weights[row, output] = 1 }
      let found = try subject.gradients(
        .forward, x, context: context, weights: weights, logDetWeights: [Double](repeating: 0, count: rows))
      for input in output + 1..<max(features, output + 1) {
        #expect(found.input.column(input).allSatisfy { $0 == 0 }, "z\(output) depends on x\(input)")
      }
      // Enough hidden units and rows: everything that may be seen is seen.
      for input in 0...output {
        #expect(found.input.column(input).contains { $0 != 0 }, "z\(output) ignores x\(input)")
      }
      #expect(found.context!.values.contains { $0 != 0 }, "z\(output) ignores the context")
    }
  }

  @Test func maskedWeightsGetNoGradient() throws {
    let (layer, parameters) = layer(5, 2, .affine, Self.networks[0])
    let x = randomRows(70, 5, in: BijectionCase.reals, seed: 12)
    let context = randomRows(70, 2, in: BijectionCase.reals, seed: 13)
    let found = try Subject(bijection: layer, parameters: parameters).gradients(
      .forward, x, context: context, weights: Matrix(rows: 70, columns: 5, repeating: 1),
      logDetWeights: [Double](repeating: 1, count: 70))
    for slice in parameters.layout.slices where slice.role == .weight {
      let gradient = found.parameters[slice]
      for row in 0..<slice.rows {
        for column in usedColumns(slice, row: row)..<max(slice.columns, usedColumns(slice, row: row)) {
          #expect(gradient[row * slice.columns + column] == 0, "\(slice.name)[\(row), \(column)]")
        }
      }
    }
  }

  @Test func networkIsWhatItsDocumentationSays() throws {
    // A residual MLP by hand: h = W0 x + b0; h += W2 tanh(W1 tanh(h) + b1) + b2; y = W3 tanh(h) + b3.
    var layout = ParameterLayout()
    let settings = NetworkSettings(hidden: [4, 4, 4], activation: .tanh, residual: true)
    let network = MLP<Double>(
      inputs: 3, contextFeatures: 2, outputs: 2, settings: settings, layout: &layout, name: "net")
    let parameters = randomParameters(layout, seed: 14)
    let (x, context) = (
      randomRows(1, 3, in: BijectionCase.reals, seed: 15), randomRows(1, 2, in: BijectionCase.reals, seed: 16)
    )
    func linear(_ name: String, _ input: [Double]) -> [Double] {
      let (weight, bias) = (parameters["net.\(name).weight"]!, parameters["net.\(name).bias"]!)
      return bias.indices.map { row in
        input.indices.reduce(bias[row]) { $0 + weight[row * input.count + $1] * input[$1] }
      }
    }
    func tanh(_ values: [Double]) -> [Double] {
      values.map { value in
        let e = exp(2 * value)
        return (e - 1) / (e + 1)
      }
    }
    var h = linear("hidden.0", context.values + x.values)
    h = zip(h, linear("hidden.2", tanh(linear("hidden.1", tanh(h))))).map(+)
    let expected = linear("output", tanh(h))
    let found = try parameters.withUnsafePointer { pointer in
      let tape = Tape<Double>()
      tape.begin(rows: 1, parameters: pointer)
      return tape.matrix(try network(try tape.input(x), context: try tape.input(context), on: tape)).values
    }
    #expect(relativeError(found, expected) < 1e-13)
  }
}
