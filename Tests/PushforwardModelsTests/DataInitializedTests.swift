import Foundation
import PushforwardCore
import PushforwardModels
import Testing

@Suite struct DataInitialization {
  private func moments(_ x: Matrix<Double>) -> [(mean: Double, deviation: Double)] {
    (0..<x.columns).map { column in
      let values = x.column(column)
      let mean = values.reduce(0, +) / Double(x.rows)
      return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.rows)).squareRoot())
    }
  }

  private func rows() -> Matrix<Double> {
    var x = randomRows(500, 3, in: BijectionCase.reals, seed: 41)
    for row in 0..<x.rows {
      x[row, 0] = 100 + 20 * x[row, 0]
      x[row, 1] = -3 + 0.01 * x[row, 1]
    }
    return x
  }

  private func check(_ specification: BijectionSpecification, context: Matrix<Double>? = nil) throws {
    let x = rows()
    let network = try FlowNetwork<Double>(
      FlowSpecification(features: 3, contextFeatures: context?.columns ?? 0, bijection: specification))
    var parameters = Parameters<Double>(layout: network.layout, seed: 1)
    try network.initialize(&parameters, from: x, context: context)
    let z = try Flow(network: network, parameters: parameters).encode(x, context: context)
    for (mean, deviation) in moments(z) {
      #expect(abs(mean) < 1e-6, "\(specification)")
      #expect(abs(deviation - 1) < 1e-3, "\(specification)")
    }
  }

  @Test func theFirstBatchComesOutStandardised() throws {
    try check(.actNorm)
    try check(.inverted(.actNorm))
    try check(.batchNormalization(epsilon: 1e-9))
    // Each sees what those before it hand on.
    try check(.composition([.actNorm, .luLinear(order: [2, 0, 1]), .reversal, .composition([.actNorm])]))
    let coupling = BijectionSpecification.coupling(
      isTransformed: [true, false, true], transformer: .affine, network: NetworkSettings(hidden: [5]))
    try check(.inverted(.composition([.actNorm, coupling, .actNorm])))
    let context = randomRows(500, 2, in: BijectionCase.reals, seed: 42)
    try check(.composition([.actNorm, coupling, .actNorm]), context: context)
  }

  @Test func constantColumnsStayFinite() throws {
    var x = rows()
    for row in 0..<x.rows { x[row, 2] = 7 }
    let network = try FlowNetwork<Double>(FlowSpecification(features: 3, bijection: .actNorm))
    var parameters = Parameters<Double>(layout: network.layout)
    try network.initialize(&parameters, from: x)
    #expect(parameters.nonFiniteCount == 0)
    #expect(try Flow(network: network, parameters: parameters).encode(x).column(2).allSatisfy { $0 == 0 })
  }

  @Test func flowsWithoutSuchPartsAndEmptyBatchesChangeNothing() throws {
    let network = try FlowNetwork<Double>(FlowFamily.maf.specification(features: 3))
    var parameters = Parameters<Double>(layout: network.layout, seed: 3)
    let before = parameters.fingerprint
    try network.initialize(&parameters, from: rows())
    try network.initialize(&parameters, from: Matrix(rows: 0, columns: 3))
    #expect(parameters.fingerprint == before)
  }

  @Test func wrongContextThrows() throws {
    let network = try FlowNetwork<Double>(FlowSpecification(features: 3, contextFeatures: 2, bijection: .actNorm))
    var parameters = Parameters<Double>(layout: network.layout)
    #expect(throws: EngineError.self) { try network.initialize(&parameters, from: rows()) }
  }
}

@Suite struct Specifications {
  @Test(arguments: Registry.cases) func surviveJSON(_ item: BijectionCase) throws {
    let data = try JSONEncoder().encode(item.specification)
    #expect(try JSONDecoder().decode(BijectionSpecification.self, from: data) == item.specification)
  }

  @Test func contradictionsThrow() {
    let bad: [BijectionSpecification] = [
      .permutation(order: [0, 0, 1]), .permutation(order: [0, 1]), .luLinear(order: [1, 2, 3]),
      .batchNormalization(epsilon: 0), .batchNormalization(epsilon: .nan),
      .logit(lower: [0, 0], upper: [1], alpha: 0), .logit(lower: [0], upper: [0], alpha: 0),
      .logit(lower: [0], upper: [.infinity], alpha: 0), .logit(lower: [0], upper: [1], alpha: 0.5),
      .logit(lower: [.nan], upper: [1], alpha: 0),
      .coupling(isTransformed: [true], transformer: .affine, network: NetworkSettings()),
      .autoregressive(transformer: .affine, network: NetworkSettings(hidden: [0])),
      .planar(network: NetworkSettings(dropout: 1)), .radial(network: NetworkSettings(hidden: [3, 3], residual: true)),
      .composition([.reversal, .permutation(order: [5, 1, 2])]),
    ]
    for specification in bad {
      #expect(throws: EngineError.self, "\(specification)") {
        var layout = ParameterLayout()
        _ = try specification.make(features: 3, as: Double.self, layout: &layout, name: "bad")
      }
    }
  }
}
