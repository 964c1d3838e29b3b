import PushforwardCore
import PushforwardLatent
import PushforwardModels

/// Sizes and settings of an autoencoder, chosen from its rows and columns where nothing was said.
struct LatentPlan {
  let specification: LatentSpecification
  let fit: LatentFitOptions

  /// - Throws: `EngineError.invalidSetting`.
  init(_ columns: LatentColumns, rows: LatentColumns.Rows, options: FitOptions) throws {
    let asked = options.latent
    let count = rows.keptRows.count
    let width = count < 400 ? 32 : count < 2_000 ? 64 : count < 20_000 ? 128 : 256
    // No dropout: the noise of the latent value is enough, and more of it is noise in the likelihood.
    let network = NetworkSettings(
      hidden: options.hidden ?? [width, width], activation: .silu, dropout: options.dropout ?? 0)
    let context = rows.context?.columns ?? 0
    // Pictures are seldom asked for parts, and flags would double the encoder's widest layer.
    let hidden = asked.hiddenShare ?? (columns.entries.count <= 128 ? 0.2 : 0)
    var specification = LatentSpecification(
      columns: columns.kinds.enumerated().map { ColumnLikelihood($1, cells: rows.cells.column($0)) },
      contextFeatures: context, latentFeatures: asked.features, encoder: network, decoder: network,
      flagsMissing: hidden > 0 || rows.cells.values.contains(where: \.isNaN))
    let features = specification.latentFeatures
    if let prior = asked.prior {
      specification.prior = Self.prior(prior, features: features, contextFeatures: context, options: options)
    } else if context > 0 {
      specification.prior = LatentSpecification.conditionalNormalPrior(features: features, contextFeatures: context)
    }
    specification.posterior = asked.posterior.map {
      PosteriorFlow($0, transforms: options.transforms ?? 4, bins: options.bins ?? 8)
    }
    try specification.validate()
    self.specification = specification
    var fit = Self.training(rows: count, options: options)
    fit.hiddenShare = hidden
    self.fit = fit
  }

  /// A flow as a prior.
  static func prior(
    _ family: FlowFamily, features: Int, contextFeatures: Int, options: FitOptions
  ) -> FlowSpecification {
    let isSimple = family == .planar || family == .radial
    return family.specification(
      features: features, contextFeatures: contextFeatures,
      size: .init(
        transforms: options.transforms ?? (isSimple ? 16 : 4),
        network: NetworkSettings(hidden: [64, 64], activation: .silu), bins: options.bins ?? 8, bound: 5))
  }

  /// How to train.
  static func training(rows: Int, options: FitOptions) -> LatentFitOptions {
    var plan = LatentFitOptions()
    let batch = options.batchSize ?? (rows < 2_000 ? 64 : rows < 100_000 ? 128 : 512)
    plan.training.batchSize = batch
    plan.training.learningRate = options.learningRate ?? 2e-3
    plan.training.weightDecay = options.weightDecay ?? 1e-4
    // About 20,000 steps.
    plan.training.maximumEpochs = options.maximumEpochs ?? min(1_500, max(10, 20_000 / max(1, rows / batch)))
    plan.training.patience = options.patience ?? max(10, plan.training.maximumEpochs / 12)
    plan.training.maximumSeconds = options.maximumSeconds
    plan.training.seed = options.seed
    plan.warmUpEpochs = options.latent.warmUpEpochs ?? min(20, Double(plan.training.maximumEpochs) / 5)
    plan.freeBits = options.latent.freeBits
    plan.draws = options.latent.trainingDraws
    return plan
  }

  /// In words.
  var text: String {
    let widths = specification.encoder.hidden.map { "\($0)" }.joined(separator: ", ")
    let prior =
      specification.prior.map { $0.family == "normal" ? "normal given the conditions" : "a flow (\($0.family))" }
      ?? "normal"
    let posterior = specification.posterior.map { "a flow (\($0.family.rawValue))" } ?? "normal"
    return "\(specification.latentFeatures) latent features, prior \(prior), posterior \(posterior); hidden layers of "
      + "\(widths); batches of \(fit.training.batchSize), at most "
      + "\(fit.training.maximumEpochs) epochs"
  }
}
