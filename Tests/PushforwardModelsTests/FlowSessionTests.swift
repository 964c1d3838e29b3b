import PushforwardCore
import PushforwardModels
import Testing

/// A session answers as the flow does, whichever way it computes.
@Suite struct FlowSessionTests {
  /// Families with and without a packed form; several blocks of degrees, one, and none.
  static let flows: [FlowSpecification] = {
    let wide = NetworkSettings(hidden: [40, 31])
    let residual = NetworkSettings(hidden: [12, 12, 12], activation: .tanh, residual: true)
    var flows: [FlowSpecification] = []
    for (family, features, context, network) in [
      (FlowFamily.maf, 23, 0, wide), (.maf, 3, 2, wide), (.nsf, 5, 1, NetworkSettings(hidden: [])),
      (.nsf, 19, 0, NetworkSettings(hidden: [33], activation: .silu)), (.maf, 1, 0, wide), (.nsf, 4, 0, residual),
      (.realNVP, 5, 2, wide),
    ] {
      let size = FlowFamily.Size(transforms: 3, network: network, bins: 5, bound: 3)
      flows.append(family.specification(features: features, contextFeatures: context, size: size))
    }
    flows[0].base = .logistic
    flows.append(FlowFamily.maf.specification(features: 23, size: .init(transforms: 2, network: wide)))
    // A transformer that the kernels call back for.
    flows.append(
      FlowSpecification(
        features: 7,
        bijection: .autoregressive(
          transformer: .afterAffine(
            logScaleBound: 5, .quadraticSpline(bins: 4, bound: 3, minimumBin: 1e-3, minimumSlope: 1e-3)),
          network: wide)))
    return flows
  }()

  private func check<Scalar: TileScalar>(_ flow: Flow<Scalar>, tolerance: Double) throws {
    let (features, contextFeatures) = (flow.specification.features, flow.specification.contextFeatures)
    let rows: Matrix<Scalar> = randomRows(5, features, in: BijectionCase.reals, seed: 3, scale: 4).converted()
    let given: Matrix<Scalar>? =
      contextFeatures == 0
      ? nil : randomRows(5, contextFeatures, in: BijectionCase.reals, seed: 4, scale: 6).converted()
    let session = FlowSession(flow)
    let scores = try flow.logProb(rows, context: given)
    let encoded = try flow.encode(rows, context: given)
    let decoded = try flow.decode(rows, context: given)
    let drawn = try flow.sample(count: 5, context: given, seed: 9)
    for row in 0..<5 {
      let context = given?.row(row)
      let score = try session.logProb(rows.row(row), context: context)
      #expect(relativeError([score], [Double(scores[row])]) < tolerance)
      let z = try session.encode(rows.row(row), context: context)
      #expect(relativeError(z, encoded.row(row).map(Double.init)) < tolerance)
      let x = try session.decode(rows.row(row), context: context)
      #expect(relativeError(x, decoded.row(row).map(Double.init)) < tolerance)
      let draw = try session.sample(seed: 9, row: UInt64(row), context: context)
      #expect(relativeError(draw, drawn.row(row).map(Double.init)) < tolerance)
    }
    #expect(throws: EngineError.self) { try session.logProb([Scalar](repeating: 0, count: features + 1)) }
    #expect(throws: EngineError.self) { try session.logProb(rows.row(0), context: [0, 0, 0]) }
  }

  @Test(arguments: flows) func sessionAnswersAsTheFlowDoes(_ specification: FlowSpecification) throws {
    var flow = try Flow<Double>(specification, seed: 1)
    flow.parameters = randomParameters(flow.network.layout, seed: 2, spread: 0.7)
    try check(flow, tolerance: 1e-10)
    try check(try flow.converted(to: Float.self), tolerance: 2e-3)
  }
}
