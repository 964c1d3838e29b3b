import Foundation
import PushforwardCore
import PushforwardLatent
import PushforwardModels
import Testing

/// Derivatives of the bound, for every kind of posterior and prior.
@Suite struct EvidenceBoundTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var posterior: PosteriorFlow.Family?
    var prior: FlowFamily?
    var draws = 1
    var testDescription: String {
      "posterior \(posterior?.rawValue ?? "normal"), prior \(prior?.rawValue ?? "normal"), \(draws) draws"
    }
  }

  static let cases: [Case] =
    [
      Case(), Case(draws: 3), Case(prior: .maf), Case(prior: .nsf, draws: 2), Case(prior: .realNVP),
      Case(prior: .planar),
    ]
    + PosteriorFlow.Family.allCases.map { Case(posterior: $0) } + [Case(posterior: .iaf, prior: .nsfCoupling, draws: 2)]

  static let columns: [ColumnLikelihood] = [
    .gaussian(center: 1, scale: 2), .bernoulli, .categorical(levels: 3),
    .discretized(lower: 0, upper: 4, step: 1, center: 2, scale: 2),
  ]
  static let rows = Matrix<Double>([
    [0.3, 1, 2, 3], [-2, 0, 0, 0], [1.4, .nan, 1, 4], [.nan, 1, .nan, 2], [2.2, 0, 2, .nan],
  ])

  static func specification(_ test: Case, context: Int) -> LatentSpecification {
    let small = NetworkSettings(hidden: [5], activation: .tanh)
    var posterior = test.posterior.map { PosteriorFlow($0, transforms: 2, bins: 3, contextFeatures: 2) }
    if test.posterior != .planar && test.posterior != .radial { posterior?.network = small }
    return LatentSpecification(
      columns: columns, contextFeatures: context, latentFeatures: 3, encoder: small, decoder: small,
      prior: test.prior.map {
        $0.specification(
          features: 3, contextFeatures: context, size: .init(transforms: 2, network: small, bins: 3, bound: 4))
      }, posterior: posterior, flagsMissing: true)
  }

  @Test(arguments: cases, [0, 2]) func gradientsAgreeWithDifferences(_ test: Case, _ contextFeatures: Int) throws {
    var model = try VariationalAutoencoder<Double>(Self.specification(test, context: contextFeatures), seed: 3)
    // Away from the identity that flows start at.
    for (number, slice) in model.network.layout.slices.enumerated() {
      let noise: Matrix<Double> = RandomStream(seed: UInt64(number), purpose: .test).normal(
        rows: slice.rows, columns: slice.columns)
      var values = model.parameters[slice]
      for index in values.indices {
        // Masked weights stay zero.
        if case .fanIn(_, let extents?) = slice.initializer, index % slice.columns >= extents[index / slice.columns] {
          continue
        }
        values[index] += 0.3 * noise.values[index]
      }
      model.parameters[slice] = values
    }
    let cells = try model.code(Self.rows)
    let context: Matrix<Double>? =
      contextFeatures == 0
      ? nil : RandomStream(seed: 2, purpose: .test).normal(rows: Self.rows.rows, columns: contextFeatures)
    let objective = try EvidenceBound(model.network, draws: test.draws)
    let tape = Tape<Double>(recordsGradients: true)
    var gradient = Parameters<Double>.zeros(layout: model.network.layout)
    let value = try tape.mean(rows: cells.rows, parameters: model.parameters, gradient: &gradient) { tape in
      try objective.value(of: tape.input(cells), context: context.map { try tape.input($0) }, on: tape)
    }
    // Recording or not, the bound is the same (unrolled and incremental inverses agree).
    #expect(abs(value - (try mean(of: objective, rows: cells, context: context, model.parameters))) < 1e-9)
    for slice in model.network.layout.slices where slice.role == .weight || slice.role == .bias {
      let analytic = gradient[slice]
      for index in stride(from: 0, to: slice.count, by: max(1, slice.count / 3)) {
        func moved(_ h: Double) throws -> Double {
          var parameters = model.parameters
          var values = parameters[slice]
          values[index] += h
          parameters[slice] = values
          return try mean(of: objective, rows: cells, context: context, parameters)
        }
        if case .fanIn(_, let extents?) = slice.initializer, index % slice.columns >= extents[index / slice.columns] {
          continue
        }
        let h = 1e-4
        let numeric = (8 * (try moved(h) - moved(-h)) - (try moved(2 * h) - moved(-2 * h))) / (12 * h)
        #expect(
          abs(analytic[index] - numeric) < 1e-6 * max(1, abs(numeric)),
          "\(slice.name)[\(index)]: gradient \(analytic[index]), by differences \(numeric)")
      }
    }
  }

  @Test func theDivergenceIsWeighedOnlyWhileTraining() throws {
    let model = try VariationalAutoencoder<Double>(Self.specification(Case(), context: 0), seed: 3)
    let cells = try model.code(Self.rows)
    func value(training: Bool, firstRow: UInt64, warmUp: Double, free: Double) throws -> Double {
      let objective = try EvidenceBound(model.network, warmUpRows: warmUp, freeBits: free, batchSize: 5)
      let tape = Tape<Double>()
      tape.isTraining = training
      tape.firstRow = 0
      let values = try tape.matrix(rows: 5, parameters: model.parameters) { tape in
        // The same noise, told to be later.
        tape.firstRow = firstRow
        return try objective.value(of: tape.input(cells), context: nil, on: tape)
      }
      return values.values.reduce(0, +) / 5
    }
    let plain = try value(training: false, firstRow: 0, warmUp: 0, free: 0)
    #expect(try value(training: false, firstRow: 0, warmUp: 50, free: 3) == plain)
    #expect(try value(training: true, firstRow: 0, warmUp: 0, free: 0) == plain)
    let early = try value(training: true, firstRow: 0, warmUp: 50, free: 0)
    #expect(early > plain)
    let late = try value(training: true, firstRow: 50, warmUp: 50, free: 0)
    #expect(try late == value(training: true, firstRow: 50, warmUp: 0, free: 0))
    #expect(try value(training: true, firstRow: 0, warmUp: 0, free: 3) < plain)
  }

  @Test func cellsAreHiddenOnlyWhileTraining() throws {
    let model = try VariationalAutoencoder<Double>(Self.specification(Case(), context: 0), seed: 3)
    let cells = try model.code(Self.rows)
    func values(training: Bool, share: Double) throws -> [Double] {
      let objective = try EvidenceBound(model.network, hiddenShare: share, batchSize: 5)
      let tape = Tape<Double>()
      return try tape.matrix(rows: 5, parameters: model.parameters) { tape in
        tape.isTraining = training
        return try objective.value(of: tape.input(cells), context: nil, on: tape)
      }.values
    }
    let plain = try values(training: false, share: 0)
    #expect(try values(training: false, share: 1) == plain)
    #expect(try values(training: true, share: 0) == plain)
    let hidden = try values(training: true, share: 1)
    #expect(hidden != plain && hidden.allSatisfy(\.isFinite))
    // Fewer cells, so less is lost.
    #expect(hidden.reduce(0, +) > plain.reduce(0, +))
    #expect(throws: EngineError.self) { try EvidenceBound(model.network, hiddenShare: 1.5) }
  }

  @Test func settingsThatCannotBeAreRefused() throws {
    let model = try VariationalAutoencoder<Double>(Self.specification(Case(), context: 0))
    #expect(throws: EngineError.self) { try EvidenceBound(model.network, draws: 0) }
    #expect(throws: EngineError.self) { try EvidenceBound(model.network, freeBits: -1) }
    var bad = Self.specification(Case(prior: .maf), context: 0)
    bad.latentFeatures = 2
    #expect(throws: EngineError.self) { try LatentNetwork<Float>(bad) }
    bad = Self.specification(Case(), context: 0)
    bad.columns[0] = .gaussian(center: 0, scale: 0)
    #expect(throws: EngineError.self) { try LatentNetwork<Float>(bad) }
    bad = Self.specification(Case(), context: 0)
    bad.prior = FlowSpecification(
      features: 3, bijection: .inverted(.autoregressive(transformer: .affine, network: NetworkSettings())))
    #expect(throws: EngineError.self) { try LatentNetwork<Float>(bad) }
  }
}
