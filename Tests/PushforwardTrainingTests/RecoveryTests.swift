import PushforwardCore
import PushforwardModels
import Testing

import PushforwardTraining

/// Rows of which one column is infinite in some epochs.
private struct PoisonedSource: RowSource {
  let base: MatrixSource<Float>
  let isPoisoned: @Sendable (Int) -> Bool
  var rowCount: Int { base.rowCount }
  var features: Int { base.features }
  var contextFeatures: Int { 0 }
  var featureNames: [String] { ["left", "right"] }
  var isWeighted: Bool { false }

  func load(
    _ rows: UnsafeBufferPointer<Int32>, epoch: Int?, x: UnsafeMutablePointer<Float>,
    context: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>
  ) {
    base.load(rows, epoch: epoch, x: x, context: context, weights: weights)
    if let epoch, isPoisoned(epoch) { x[3] = .infinity }
  }
}

@Suite struct RecoveryTests {
  private func run(isPoisoned: @escaping @Sendable (Int) -> Bool) throws -> (TrainingResult<Float>, Parameters<Float>) {
    let size = FlowFamily.Size(transforms: 2, network: NetworkSettings(hidden: [16, 16]))
    let flow = try Flow<Float>(FlowFamily.maf.specification(features: 2, size: size), seed: 1)
    let rows = try MatrixSource(arcs(rows: 256, seed: 1))
    var settings = TrainingSettings()
    settings.maximumEpochs = 12
    settings.batchSize = 256
    let trainer = try Trainer(
      objective: MaximumLikelihood(flow.network), training: PoisonedSource(base: rows, isPoisoned: isPoisoned),
      heldOut: PoisonedSource(base: rows, isPoisoned: { _ in false }), settings: settings)
    return (try trainer.run(from: flow.parameters), flow.parameters)
  }

  @Test func aPoisonedBatchIsNamedAndTrainingGoesOn() throws {
    let (result, start) = try run { $0 == 4 }
    #expect(result.recoveries.count == 1)
    let note = try #require(result.recoveries.first)
    #expect(note.contains("epoch 5, batch 1"))
    #expect(note.contains("column 'right'"))
    #expect(note.contains("layer 'flow."))
    #expect(result.reason == .finished)
    #expect(result.parameters.nonFiniteCount == 0)
    #expect(result.history.last!.heldOut > result.history.first!.heldOut)
    #expect(result.parameters != start)
  }

  @Test func endlessPoisonGivesUpWithAClearError() throws {
    do {
      _ = try run { _ in true }
      Issue.record("training on infinite rows must give up")
    } catch let error as TrainingError {
      #expect("\(error)".contains("gave up after 11 recoveries"))
      #expect("\(error)".contains("column 'right'"))
    }
  }
}
