import PushforwardCore
import PushforwardModels
import PushforwardTraining
import Synchronization
import Testing

/// Numbered rows of which only some are at hand at a time; counts how often each is trained on.
private final class Window: RowSource, @unchecked Sendable {
  typealias Scalar = Float

  let rowCount: Int
  let size: Int
  private(set) var used: [Int: Int] = [:]
  private(set) var parts = 0
  private var hand: [Int] = []
  private var next = 0
  private let lock = Mutex(())

  var features: Int { 2 }
  var contextFeatures: Int { 0 }
  var featureNames: [String] { ["a", "b"] }
  var isWeighted: Bool { false }

  init(rows: Int, size: Int) { (rowCount, self.size) = (rows, size) }

  func beginEpoch(_ epoch: Int?, workers: WorkerPool) { (hand, next) = ([], 0) }

  func advance(keeping kept: ArraySlice<Int32>, workers: WorkerPool) throws -> Int {
    parts += 1
    hand = kept.map { hand[Int($0)] } + (next..<min(next + size, rowCount))
    next = min(next + size, rowCount)
    return hand.count
  }

  func load(
    _ rows: UnsafeBufferPointer<Int32>, epoch: Int?, x: UnsafeMutablePointer<Float>,
    context: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>
  ) {
    lock.withLock { _ in
      for (position, row) in rows.enumerated() {
        let number = hand[Int(row)]
        used[number, default: 0] += 1
        x[2 * position] = Float(number % 7) - 3
        x[2 * position + 1] = Float(number % 11) - 5
      }
    }
  }
}

@Suite struct WindowTests {
  @Test(arguments: [(1000, 300), (1024, 128), (999, 2000)]) func everyRowOfAPassIsUsedOnce(rows: Int, size: Int) throws
  {
    let source = Window(rows: rows, size: size)
    let flow = try Flow<Float>(
      FlowFamily.maf.specification(
        features: 2, size: .init(transforms: 1, network: NetworkSettings(hidden: [8]), bins: 4, bound: 3)), seed: 1)
    var settings = TrainingSettings()
    settings.batchSize = 64
    settings.maximumEpochs = 1
    settings.startsFromData = false
    let trainer = try Trainer(objective: MaximumLikelihood(flow.network), training: source, settings: settings)
    let result = try trainer.run(from: flow.parameters, workers: WorkerPool(workers: 2))
    #expect(result.history.last?.step == rows / 64)
    #expect(source.used.count == rows / 64 * 64 && source.used.values.allSatisfy { $0 == 1 })
    #expect(source.parts == (rows / 64 * 64 + size - 1) / size || source.parts == (rows + size - 1) / size)
  }

  @Test func aTimeLimitIsKept() throws {
    let flow = try Flow<Float>(
      FlowFamily.maf.specification(
        features: 2, size: .init(transforms: 3, network: NetworkSettings(hidden: [64, 64]), bins: 4, bound: 3)), seed: 1
    )
    var settings = TrainingSettings()
    settings.batchSize = 128
    settings.maximumEpochs = 100_000
    settings.maximumSeconds = 0.5
    let trainer = try Trainer(
      objective: MaximumLikelihood(flow.network), training: MatrixSource(arcs(rows: 20_000, seed: 1)),
      heldOut: MatrixSource(arcs(rows: 20_000, seed: 2)), settings: settings)
    let result = try trainer.run(from: flow.parameters)
    #expect(result.reason == .timeLimit)
    // A step and the last validation fit in; the rest is the machine's unsteadiness.
    #expect(result.seconds < 0.7)
    #expect(result.bestHeldOut.isFinite)
  }
}
