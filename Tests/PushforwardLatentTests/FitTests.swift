import Foundation
import PushforwardCore
import PushforwardLatent
import PushforwardModels
import PushforwardTraining
import Testing

/// Mixed rows: a real that depends on a category, a flag that depends on the real, a count.
func mixedRows(_ count: Int, seed: UInt64, missing: Double = 0) -> Matrix<Double> {
  let stream = RandomStream(seed: seed, purpose: .test)
  var rows = Matrix<Double>(rows: count, columns: 4)
  for row in 0..<count {
    func uniform(_ index: UInt32) -> Double { stream.uniform(row: UInt64(row), index: index) }
    let group = Double(Int(3 * uniform(0)))
    let real = 5 * group + Normal.standard.quantile(uniform(1))
    rows[row, 0] = real
    rows[row, 1] = uniform(2) < 1 / (1 + exp(5 - real)) ? 1 : 0
    rows[row, 2] = group
    rows[row, 3] = min(8, (0.5 * real + 2 * uniform(3)).rounded())
    for column in 0..<4 where uniform(UInt32(10 + column)) < missing { rows[row, column] = .nan }
  }
  return rows
}

@Suite struct FitTests {
  private static let kinds: [ColumnLikelihood.Kind] = [
    .real, .binary, .categories(3), .lattice(lower: nil, upper: 8, step: 1),
  ]

  private func specification(
    _ rows: Matrix<Double>, kinds: [ColumnLikelihood.Kind] = kinds, context: Int = 0
  ) -> LatentSpecification {
    LatentSpecification(
      columns: kinds.indices.map { ColumnLikelihood(kinds[$0], cells: rows.column($0)) }, contextFeatures: context,
      encoder: NetworkSettings(hidden: [32]), decoder: NetworkSettings(hidden: [32]))
  }

  private func options(epochs: Int, seed: UInt64 = 5) -> LatentFitOptions {
    var options = LatentFitOptions()
    options.training.maximumEpochs = epochs
    options.training.batchSize = 128
    options.training.learningRate = 5e-3
    options.training.seed = seed
    options.warmUpEpochs = 3
    return options
  }

  private func meanScore(_ model: VariationalAutoencoder<Float>, _ rows: Matrix<Double>) throws -> Double {
    try model.score(rows, draws: 64).reduce(0) { $0 + $1.logProb } / Double(rows.rows)
  }

  @Test func aFitLearnsHowColumnsDepend() throws {
    let (rows, fresh) = (mixedRows(1500, seed: 1), mixedRows(400, seed: 2))
    let specification = specification(rows)
    let (model, training) = try VariationalAutoencoder.fit(
      specification, to: LatentRows(rows), heldOut: LatentRows(mixedRows(300, seed: 3)), options: options(epochs: 40))
    // The columns one by one: what the model starts from.
    let start = try VariationalAutoencoder<Float>(specification)
    var parameters = start.parameters
    try EvidenceBound(start.network).initialize(&parameters, from: start.code(rows), context: nil)
    let apart = try meanScore(VariationalAutoencoder(network: start.network, parameters: parameters), fresh)
    let fitted = try meanScore(model, fresh)
    #expect(fitted > apart + 1)
    #expect(training.recoveries.isEmpty)
    // Given the category, the real is known to about one.
    var holes = mixedRows(60, seed: 4)
    let truth = holes
    for row in 0..<60 { for column in [0, 1, 3] { holes[row, column] = .nan } }
    let drawn = try model.complete(holes, draws: 20, candidates: 400, seed: 1).copies
    let errors = (0..<60).map { row in drawn.reduce(0) { $0 + $1[row, 0] } / 20 - 5 * truth[row, 2] }
    #expect((errors.reduce(0) { $0 + $1 * $1 } / 60).squareRoot() < 3)
    // Samples are cells that the columns can hold.
    let sample = try model.sample(count: 500, seed: 1)
    #expect(sample.column(1).allSatisfy { $0 == 0 || $0 == 1 })
    #expect(sample.column(2).allSatisfy { [0, 1, 2].contains($0) })
    #expect(sample.column(3).allSatisfy { $0 <= 8 && $0 == $0.rounded() })
  }

  @Test func sameBitsForAnyNumberOfWorkers() throws {
    let rows = mixedRows(500, seed: 1, missing: 0.1)
    var prints: Set<UInt64> = []
    var scores: Set<[Double]> = []
    for workers in [1, 2, 5] {
      var specification = specification(rows)
      specification.posterior = PosteriorFlow(.iaf, transforms: 2, contextFeatures: 8)
      let pool = WorkerPool(workers: workers)
      let (model, _) = try VariationalAutoencoder.fit(
        specification, to: LatentRows(rows), heldOut: LatentRows(mixedRows(100, seed: 2)),
        options: options(epochs: 2), workers: pool)
      prints.insert(model.parameters.fingerprint)
      scores.insert(try model.score(rows, draws: 4, seed: 1, workers: pool).map(\.logProb))
    }
    #expect(prints.count == 1)
    #expect(scores.count == 1)
    // A row's score is its own, whichever rows stand beside it.
    let model = try VariationalAutoencoder<Float>(specification(rows), seed: 1)
    let whole = try model.score(rows, draws: 3, seed: 2)
    let part = try model.score(rows.selectingRows(300..<500), draws: 3, seed: 2)
    #expect(Array(whole[300...]) == part)
  }

  @Test func specificationAndParametersAreTheWholeModel() throws {
    let rows = mixedRows(50, seed: 1)
    var specification = specification(rows)
    specification.prior = FlowFamily.nsf.specification(features: specification.latentFeatures)
    specification.posterior = PosteriorFlow(.planar)
    let model = try VariationalAutoencoder<Float>(specification, seed: 4)
    let text = try JSONEncoder().encode(specification)
    let again = VariationalAutoencoder<Float>(
      network: try LatentNetwork(JSONDecoder().decode(LatentSpecification.self, from: text)),
      parameters: model.parameters)
    #expect(try again.score(rows, draws: 3) == model.score(rows, draws: 3))
    #expect(try again.sample(count: 5, seed: 1) == model.sample(count: 5, seed: 1))
  }

  @Test(arguments: [
    [[1.5]], [[2.0], [2.0]], [[1.0, 2], [1, 2], [1, 2]], [[.nan, 1], [.nan, 2]], [[1e12, -1e-9], [2e12, 3e-9]],
  ])
  func fewRowsAndConstantColumnsGiveAUsableModel(_ values: [[Double]]) throws {
    let rows = Matrix<Double>(values)
    for kind in [ColumnLikelihood.Kind.real, .lattice(lower: nil, upper: nil, step: 1e-9)] {
      let specification = specification(rows, kinds: [ColumnLikelihood.Kind](repeating: kind, count: rows.columns))
      let (model, _) = try VariationalAutoencoder.fit(specification, to: LatentRows(rows), options: options(epochs: 3))
      #expect(try model.score(rows, draws: 8).allSatisfy { $0.logProb.isFinite && $0.evidenceBound.isFinite })
      #expect(try model.sample(count: 10, seed: 1).values.allSatisfy(\.isFinite))
      #expect(try model.reconstruct(rows).values.allSatisfy(\.isFinite))
    }
  }

  @Test func aConditionalModelFollowsWhatIsGiven() throws {
    let all = mixedRows(1200, seed: 7)
    let kinds: [ColumnLikelihood.Kind] = [.real, .binary]
    let rows = Matrix<Double>((0..<1200).map { Array(all.row($0).prefix(2)) })
    func oneHot(_ group: Double) -> [Float] { (0..<3).map { Double($0) == group ? 1 : 0 } }
    let context = Matrix<Float>((0..<1200).map { oneHot(all[$0, 2]) })
    var specification = specification(rows, kinds: kinds, context: 3)
    specification.prior = LatentSpecification.conditionalNormalPrior(
      features: specification.latentFeatures, contextFeatures: 3)
    let (model, _) = try VariationalAutoencoder.fit(
      specification, to: LatentRows(rows, context: context), options: options(epochs: 15))
    for group in 0..<3 {
      let sample = try model.sample(count: 400, context: Matrix([oneHot(Double(group))]), seed: 1)
      let mean = sample.column(0).reduce(0, +) / 400
      #expect(abs(mean - 5 * Double(group)) < 0.7)
    }
    #expect(throws: EngineError.self) { try model.sample(count: 1, seed: 1) }
    #expect(throws: EngineError.self) { try model.score(rows) }
  }

  @Test func wrongCellsAreNamed() throws {
    let rows = mixedRows(20, seed: 1)
    let model = try VariationalAutoencoder<Float>(specification(rows))
    for (column, cell) in [(0, Double.infinity), (1, 0.5), (2, 3), (2, -1), (3, 0.5)] {
      var wrong = rows
      wrong[7, column] = cell
      #expect(throws: LatentError.self) { try model.score(wrong) }
      do { _ = try model.score(wrong) } catch let error as LatentError {
        #expect(error.description.hasPrefix("row 8, column \(column + 1): expected"))
      }
    }
    #expect(throws: EngineError.self) { try model.score(Matrix(rows: 1, columns: 2)) }
    #expect(throws: LatentError.self) {
      try VariationalAutoencoder.fit(specification(rows), to: LatentRows(Matrix(rows: 0, columns: 4)))
    }
  }
}
