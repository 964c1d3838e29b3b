import PushforwardCore
import PushforwardModels
import Testing

import PushforwardTraining

/// Two interleaved arcs with noise: a density that a flow must bend for.
func arcs(rows: Int, seed: UInt64) -> Matrix<Float> {
  let uniform: Matrix<Double> = RandomStream(seed: seed, purpose: .test).uniform(rows: rows, columns: 2)
  let noise: Matrix<Double> = RandomStream(seed: seed, purpose: .test).normal(rows: rows, columns: 2, firstRow: 1 << 32)
  var values: [Float] = []
  for row in 0..<rows {
    let angle = Double.pi * uniform[row, 0]
    let upper = uniform[row, 1] < 0.5
    let (c, s) = (UnitCircle.cosine(angle), UnitCircle.sine(angle))
    values.append(Float((upper ? c : 1 - c) + 0.1 * noise[row, 0]))
    values.append(Float((upper ? s : 0.5 - s) + 0.1 * noise[row, 1]))
  }
  return Matrix(rows: rows, columns: 2, values: values)
}

enum UnitCircle {
  static func cosine(_ x: Double) -> Double { evaluate(.cosine, x) }
  static func sine(_ x: Double) -> Double { evaluate(.sine, x) }
  private static func evaluate(_ function: UnaryFunction, _ x: Double) -> Double {
    let tape = Tape<Double>()
    tape.begin(rows: 1, parameters: nil)
    return withUnsafePointer(to: x) {
      tape.matrix(tape.apply(function, tape.input(rowMajor: $0, features: 1, stride: 1)))
    }
    .values[0]
  }
}

private func smallFlow(_ family: FlowFamily = .nsf, seed: UInt64 = 1, dropout: Double = 0) throws -> Flow<Float> {
  let size = FlowFamily.Size(
    transforms: 3, network: NetworkSettings(hidden: [32, 32], activation: .relu, dropout: dropout), bins: 8, bound: 4)
  return try Flow(family.specification(features: 2, size: size), seed: seed)
}

private func settings(epochs: Int) -> TrainingSettings {
  var settings = TrainingSettings()
  settings.batchSize = 256
  settings.maximumEpochs = epochs
  settings.learningRate = 3e-3
  settings.seed = 7
  return settings
}

@Suite struct TrainerTests {
  @Test func likelihoodTrainingImprovesAndReportsWhyItStopped() throws {
    let flow = try smallFlow()
    let trainer = try Trainer(
      objective: MaximumLikelihood(flow.network), training: MatrixSource(arcs(rows: 2000, seed: 1)),
      heldOut: MatrixSource(arcs(rows: 500, seed: 2)), settings: settings(epochs: 30))
    let result = try trainer.run(from: flow.parameters, workers: WorkerPool(workers: 2))
    #expect(result.reason == .finished)
    #expect(result.history.count == 30)
    // A normal of this cloud's variance scores about -1.9. The most possible is minus the entropy of the arcs, about
    // log(2 pi) + log(2 pi e 0.01) / 2 = 0.95.
    #expect(result.bestHeldOut > -1.25)
    #expect(result.recoveries.isEmpty)
    let trained = Flow(network: flow.network, parameters: result.parameters)
    let scores = try trained.logProb(arcs(rows: 500, seed: 2))
    let mean = scores.reduce(0) { $0 + Double($1) } / 500
    #expect(abs(mean - result.bestHeldOut) < 1e-4, "the returned weights are the best ones")
  }

  @Test(arguments: [0.0, 0.2]) func sameBitsForAnyNumberOfWorkers(dropout: Double) throws {
    var fingerprints: Set<UInt64> = []
    for workers in [1, 2, 5] {
      let flow = try smallFlow(dropout: dropout)
      let trainer = try Trainer(
        objective: MaximumLikelihood(flow.network), training: MatrixSource(arcs(rows: 1500, seed: 1)),
        heldOut: MatrixSource(arcs(rows: 300, seed: 2)), settings: settings(epochs: 2))
      let result = try trainer.run(from: flow.parameters, workers: WorkerPool(workers: workers))
      fingerprints.insert(result.parameters.fingerprint)
      #expect(result.parameters != flow.parameters)
    }
    #expect(fingerprints.count == 1)
  }

  @Test func stopsWhenHeldOutRowsNoLongerImprove() throws {
    let flow = try smallFlow()
    var plan = settings(epochs: 400)
    plan.patience = 5
    let trainer = try Trainer(
      objective: MaximumLikelihood(flow.network), training: MatrixSource(arcs(rows: 60, seed: 1)),
      heldOut: MatrixSource(arcs(rows: 60, seed: 2)), settings: plan)
    let result = try trainer.run(from: flow.parameters)
    #expect(result.reason == .noImprovement)
    #expect(result.history.last!.heldOut < result.bestHeldOut)
    #expect(result.bestHeldOut == result.history.map(\.heldOut).max())
  }

  @Test func interruptionKeepsTheBestSoFar() throws {
    let flow = try smallFlow()
    let trainer = try Trainer(
      objective: MaximumLikelihood(flow.network), training: MatrixSource(arcs(rows: 1000, seed: 1)),
      heldOut: MatrixSource(arcs(rows: 200, seed: 2)), settings: settings(epochs: 1000))
    var asked = 0
    let result = try trainer.run(from: flow.parameters) {
      asked += 1
      return asked > 20
    }
    #expect(result.reason == .interrupted)
    #expect(result.bestHeldOut.isFinite)
  }

  @Test func cancellationOfTheTaskEndsTraining() async throws {
    let flow = try smallFlow()
    let trainer = try Trainer(
      objective: MaximumLikelihood(flow.network), training: MatrixSource(arcs(rows: 1000, seed: 1)),
      heldOut: MatrixSource(arcs(rows: 200, seed: 2)), settings: settings(epochs: 100_000))
    let task = Task { try await trainer.run(from: flow.parameters) { _ in } }
    try await Task.sleep(for: .milliseconds(200))
    task.cancel()
    #expect(try await task.value.reason == .interrupted)
  }

  @Test func weightTwoIsTheRowTwice() throws {
    let rows = arcs(rows: 256, seed: 3)
    let weights = (0..<256).map { Float($0 % 3) }
    let repeated = rows.selectingRows((0..<256).flatMap { row in Array(repeating: row, count: row % 3) })
    let flow = try smallFlow(.maf)
    func mean(_ source: MatrixSource<Float>) throws -> Double {
      let runner = ShardRunner(
        objective: MaximumLikelihood(flow.network), source: source, batchSize: 256, workers: WorkerPool(workers: 1))
      return try flow.parameters.withUnsafePointer {
        try runner.mean(of: source, parameters: $0, stream: RandomStream(seed: 0, purpose: .dropout))
      }
    }
    let weighted = try mean(MatrixSource(rows, weights: weights))
    #expect(abs(weighted - (try mean(MatrixSource(repeated)))) < 1e-6)
  }

  @Test func aSteadyStepAllocatesNothing() throws {
    let flow = try smallFlow()
    let source = try MatrixSource(arcs(rows: 1024, seed: 1))
    let workers = WorkerPool(workers: 1)
    let runner = ShardRunner(
      objective: MaximumLikelihood(flow.network), source: source, batchSize: 256, workers: workers)
    let gradients = GradientStep<Float>(layout: flow.network.layout, shardCount: runner.shardCount)
    let order = (0..<Int32(256)).map { $0 }
    func step() throws {
      try flow.parameters.withUnsafePointer { parameters in
        try order.withUnsafeBufferPointer {
          let outcome = try runner.step(
            rows: $0, epoch: 0, stream: RandomStream(seed: 0, purpose: .dropout), firstRow: 0, parameters: parameters,
            gradients: gradients)
          #expect(gradients.reduce(shards: outcome.shards, workers: workers).isFinite)
        }
      }
    }
    try step()
    let before = runner.allocationCount
    for _ in 0..<5 { try step() }
    #expect(runner.allocationCount == before)
  }

  @Test func settingsOutsideTheirRangeAreRefused() throws {
    let flow = try smallFlow()
    var bad = TrainingSettings()
    bad.learningRate = -1
    #expect(throws: EngineError.self) {
      try Trainer(
        objective: MaximumLikelihood(flow.network), training: MatrixSource(arcs(rows: 10, seed: 1)), settings: bad)
    }
    #expect(throws: TrainingError.self) {
      try Trainer(
        objective: MaximumLikelihood(flow.network), training: MatrixSource(Matrix<Float>(rows: 0, columns: 2)),
        settings: TrainingSettings())
    }
  }

  @Test func theRateWarmsUpThenFallsAlongACosine() {
    var plan = TrainingSettings()
    plan.learningRate = 1
    plan.warmUp = 0.1
    plan.finalRate = 0.01
    #expect(abs(plan.rate(progress: 0.05) - 0.5) < 1e-12)
    #expect(abs(plan.rate(progress: 0.1) - 1) < 1e-12)
    #expect(abs(plan.rate(progress: 0.55) - 0.505) < 1e-12)
    #expect(abs(plan.rate(progress: 1) - 0.01) < 1e-12)
  }
}
