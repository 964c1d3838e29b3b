import PushforwardCore
import PushforwardModels
import PushforwardTraining
import Testing

/// Layers that look at the data: what training makes of them.
@Suite struct NormalizationInTraining {
  /// Means 100 and -2, deviations 20 and 0.1.
  private func rows(_ count: Int) -> Matrix<Float> {
    var x: Matrix<Float> = RandomStream(seed: 5, purpose: .test).normal(rows: count, columns: 2)
    for row in 0..<count {
      x[row, 0] = 100 + 20 * x[row, 0]
      x[row, 1] = -2 + 0.1 * x[row, 1]
    }
    return x
  }

  private func train(
    _ bijection: BijectionSpecification, workers: Int = 1, _ change: (inout TrainingSettings) -> Void = { _ in }
  ) throws -> Flow<Float> {
    let flow = try Flow<Float>(FlowSpecification(features: 2, bijection: bijection), seed: 1)
    var settings = TrainingSettings()
    settings.maximumEpochs = 3
    settings.learningRate = 1e-4
    change(&settings)
    let trainer = try Trainer(
      objective: MaximumLikelihood(flow.network), training: MatrixSource(rows(2000)), settings: settings)
    let result = try trainer.run(from: flow.parameters, workers: WorkerPool(workers: workers))
    return Flow(network: flow.network, parameters: result.parameters)
  }

  /// log p of the true distribution, averaged.
  private var best: Float { -0.5 - 1.8378771 / 2 * 1 - 0.5 - 1.8378771 / 2 - 2.9957323 + 2.3025851 }

  private func mean(_ flow: Flow<Float>) throws -> Float {
    try flow.logProb(rows(2000)).reduce(0, +) / 2000
  }

  @Test func actNormStartsFromTheFirstRows() throws {
    #expect(abs(try mean(train(.actNorm)) - best) < 0.1)
    let blind = try train(.actNorm) { $0.startsFromData = false }
    #expect(try mean(blind) < best - 10)
  }

  @Test func batchNormalizationKeepsRunningStatistics() throws {
    let flow = try train(.batchNormalization(epsilon: 1e-6)) {
      $0.startsFromData = false; $0.maximumEpochs = 40
    }
    let (mean, variance) = (try #require(flow.parameters["flow.mean"]), try #require(flow.parameters["flow.variance"]))
    #expect(abs(mean[0] - 100) < 2 && abs(mean[1] + 2) < 0.02)
    #expect(abs(variance[0] - 400) < 60 && abs(variance[1] - 0.01) < 0.002)
    #expect(abs(try self.mean(flow) - best) < 0.1)
    // The frozen layer inverts.
    let x = rows(100)
    let back = try flow.decode(flow.encode(x))
    for (a, b) in zip(back.values, x.values) { #expect(abs(a - b) < 1e-4 * max(1, abs(b))) }
  }

  @Test func sameBitsWithAnyNumberOfThreads() throws {
    let parts = BijectionSpecification.composition([
      .actNorm, .autoregressive(transformer: .affine, network: NetworkSettings(hidden: [16])),
      .batchNormalization(epsilon: 1e-5), .luLinear(order: [1, 0]), .planar(network: nil), .radial(network: nil),
    ])
    let one = try train(parts, workers: 1).parameters.fingerprint
    #expect(try train(parts, workers: 2).parameters.fingerprint == one)
    #expect(try train(parts, workers: 5).parameters.fingerprint == one)
  }
}
