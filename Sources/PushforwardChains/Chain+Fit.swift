import PushforwardCore
import PushforwardTraining

/// How a chain is fitted: the network's shape and the training's settings, by the size of the table.
public struct ChainFitSettings: Sendable, Equatable {
  /// The network's shape.
  public var network: ChainSettings
  /// The training's settings.
  public var training: TrainingSettings

  /// Settings of one's own.
  public init(network: ChainSettings, training: TrainingSettings) {
    self.network = network
    self.training = training
  }

  /// Settings for a table of that many rows and modelled columns: few rows, a small network with much dropout.
  public static func suggested(rows: Int, columns: Int) -> ChainFitSettings {
    var network = ChainSettings()
    var training = TrainingSettings()
    training.learningRate = 1e-3
    training.clipNorm = 5
    training.averageDecay = 0.995
    training.weightDecay = 1e-4
    training.warmUp = 0.1
    training.finalRate = 0.01
    switch rows {
    case ..<2_000: (network.hidden, network.blocks, network.dropout) = (128, 1, 0.3)
    case ..<10_000: (network.hidden, network.blocks, network.dropout) = (256, 2, 0.25)
    default: (network.hidden, network.blocks, network.dropout) = (512, 2, 0.2)
    }
    // Fewer rows do not pay for as many weights.
    network.direct = rows >= 20_000
    training.batchSize = rows < 2_000 ? 128 : rows < 10_000 ? 256 : 512
    training.maximumEpochs = rows < 2_000 ? 200 : rows < 10_000 ? 80 : 30
    training.patience = max(8, training.maximumEpochs / 4)
    return ChainFitSettings(network: network, training: training)
  }
}

extension Chain {
  /// Fits a chain by maximum likelihood.
  ///
  /// Same rows, settings and seed: the same bits for any number of workers.
  ///
  /// - Parameters:
  ///   - rows: Training rows.
  ///   - heldOut: Rows that choose the epoch; `nil` trains to the end of the plan.
  ///   - specification: Columns, order, shape.
  ///   - training: How.
  ///   - start: Numbers to start from, of a chain of this layout; `nil`: random ones, heads at the marginals.
  ///   - hints: Where the hints of columns that have them come from.
  ///   - workers: Threads.
  ///   - shouldStop: Asked before every step; `true` ends training with the best numbers so far.
  ///   - progress: Told after each validation; nats a row on the scale z.
  /// - Returns: The chain, and how its numbers came about.
  /// - Throws: `ChainError`, `TrainingError`, `EngineError.invalidSetting`.
  public static func fit(
    _ rows: ChainRows, heldOut: ChainRows?, specification: ChainSpecification, training: TrainingSettings,
    from start: Parameters<Float>? = nil, hints: ChainHints? = nil, workers: WorkerPool = WorkerPool(),
    shouldStop: () -> Bool = { false },
    progress: (TrainingProgress) -> Void = { _ in }
  ) throws -> (chain: Chain, training: TrainingResult<Float>) {
    let network = ChainNetwork<Float>(specification)
    let source = try ChainSource<Float>(rows, specification: specification, hints: hints, seed: training.seed)
    let validation = try heldOut.map { try ChainSource<Float>($0, specification: specification, hints: hints) }
    let trainer = try Trainer(
      objective: ChainObjective(network: network), training: source, heldOut: validation, settings: training)
    let result = try trainer.run(
      from: start ?? network.start(from: rows, seed: training.seed), workers: workers, shouldStop: shouldStop,
      progress: progress)
    return (Chain(network: network, parameters: result.parameters, hints: hints), result)
  }

  /// Bytes that a fit takes at its highest, about: numbers with their gradients, moments and copies, the rows, and the
  /// tapes of the workers.
  ///
  /// - Parameters:
  ///   - specification: Of the chain.
  ///   - rows: Training and held-out rows.
  ///   - batchSize: Rows a step.
  ///   - workers: Threads.
  /// - Returns: Bytes.
  public static func fitMemory(
    _ specification: ChainSpecification, rows: Int, batchSize: Int, workers: Int
  ) -> Int {
    let network = ChainNetwork<Float>(specification)
    let plan = network.plan
    let shards = max(1, min(8, batchSize / 128))
    // Weights, their average, the best, the last good ones, two moments, and a gradient for each shard.
    let copies = 6 + shards
    let rowsPerShard = (batchSize + shards - 1) / shards
    let expanded = network.lowRankHeads.reduce(0) { $0 + $1.expand.weight.rows }
    let units = specification.settings.hidden * (3 + 7 * specification.settings.blocks)
    // Each value on the tape with its gradient, and the heads' derivatives.
    let perRow = 3 * plan.cellFeatures + 2 * plan.inputRows + 2 * units + 3 * (plan.outputRows + expanded)
    let numbers = network.layout.count * copies + rows * plan.cellFeatures + workers * rowsPerShard * perRow
    return numbers * MemoryLayout<Float>.stride
  }
}
