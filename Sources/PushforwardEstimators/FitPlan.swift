import PushforwardCore
import PushforwardModels
import PushforwardTraining

/// Sizes and settings chosen from the number of rows and columns.
public struct FitPlan: Codable, Sendable, Equatable {
  /// The flow's sizes.
  public var size: FlowFamily.Size
  /// How it is trained.
  public var training: TrainingSettings

  /// A plan that was made elsewhere.
  init(size: FlowFamily.Size, training: TrainingSettings) { (self.size, self.training) = (size, training) }

  /// Chooses.
  ///
  /// - Parameters:
  ///   - rows: Training rows.
  ///   - features: Modelled columns.
  ///   - contextFeatures: Width of the conditions.
  ///   - options: What the user has fixed.
  public init(rows: Int, features: Int, contextFeatures: Int, options: FitOptions) {
    // Few rows: much dropout rather than a narrow network, and many passes. Many rows: a wide one, which needs a lower rate.
    let width = rows < 20_000 ? 128 : 256
    let network = NetworkSettings(
      hidden: options.hidden ?? [width, width], activation: .silu, residual: false,
      dropout: options.dropout ?? (rows < 500 ? 0.2 : rows < 20_000 ? 0.1 : 0))
    // A planar or radial layer is a single bend, and cheap.
    let isSimple = options.model == .planar || options.model == .radial
    size = FlowFamily.Size(
      transforms: options.transforms
        ?? (isSimple ? 16 : features == 1 && contextFeatures == 0 ? 2 : rows < 2_000 ? 3 : 5),
      network: network, bins: options.bins ?? 8, bound: 5)
    var settings = TrainingSettings()
    let batch = rows < 2_000 ? 64 : rows < 5_000 ? 128 : rows < 100_000 ? 256 : rows < 1_000_000 ? 512 : 1024
    settings.batchSize = options.batchSize ?? batch
    settings.learningRate = options.learningRate ?? (network.hidden.max() ?? 0 > 128 ? 2e-3 : 3e-3)
    settings.weightDecay = options.weightDecay ?? 1e-4
    // About 10,000 steps: some hundred passes over a small table, though not so many that the fewest rows are learned by
    // heart, and a few over a very large one.
    let stepsPerEpoch = max(1, rows / settings.batchSize)
    let most = rows < 500 ? 150 : rows < 5_000 ? 400 : 300
    settings.maximumEpochs =
      options.maximumEpochs ?? min(most, max(5, (rows < 20_000 ? 10_000 : 8_000) / stepsPerEpoch))
    settings.patience = options.patience ?? max(8, settings.maximumEpochs / 6)
    settings.maximumSeconds = options.maximumSeconds
    settings.seed = options.seed
    training = settings
  }
}
