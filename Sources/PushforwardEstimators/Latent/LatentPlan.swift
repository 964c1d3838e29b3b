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
    let network = NetworkSettings(
      hidden: options.hidden ?? [width, width], activation: .silu,
      dropout: options.dropout ?? (count < 2_000 ? 0.1 : 0))
    let context = rows.context?.columns ?? 0
    var decoder = network
    // Noise in the decoder is noise in the likelihood.
    decoder.dropout = options.dropout ?? 0
    var specification = LatentSpecification(
      columns: columns.kinds.enumerated().map { ColumnLikelihood($1, cells: rows.cells.column($0)) },
      contextFeatures: context, latentFeatures: asked.features, encoder: network, decoder: decoder, flagsMissing: true)
    let features = specification.latentFeatures
    let small = NetworkSettings(hidden: [64, 64], activation: .silu)
    if let prior = asked.prior {
      specification.prior = prior.specification(
        features: features, contextFeatures: context,
        size: .init(
          transforms: options.transforms ?? (prior == .planar || prior == .radial ? 16 : 4), network: small,
          bins: options.bins ?? 8, bound: 5))
    } else if context > 0 {
      specification.prior = LatentSpecification.conditionalNormalPrior(features: features, contextFeatures: context)
    }
    specification.posterior = asked.posterior.map {
      PosteriorFlow($0, transforms: options.transforms ?? 4, bins: options.bins ?? 8)
    }
    try specification.validate()
    self.specification = specification
    fit = Self.training(rows: count, options: options)
  }

  private static func training(rows: Int, options: FitOptions) -> LatentFitOptions {
    var plan = LatentFitOptions()
    let batch = options.batchSize ?? (rows < 2_000 ? 64 : rows < 100_000 ? 128 : 512)
    plan.training.batchSize = batch
    plan.training.learningRate = options.learningRate ?? 2e-3
    plan.training.weightDecay = options.weightDecay ?? 1e-4
    // About 10,000 steps.
    plan.training.maximumEpochs = options.maximumEpochs ?? min(300, max(10, 10_000 / max(1, rows / batch)))
    plan.training.patience = options.patience ?? max(10, plan.training.maximumEpochs / 6)
    plan.training.maximumSeconds = options.maximumSeconds
    plan.training.seed = options.seed
    plan.warmUpEpochs = options.latent.warmUpEpochs ?? min(10, Double(plan.training.maximumEpochs) / 5)
    plan.freeBits = options.latent.freeBits
    plan.draws = options.latent.trainingDraws
    plan.hiddenShare = options.latent.hiddenShare ?? 0.2
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
