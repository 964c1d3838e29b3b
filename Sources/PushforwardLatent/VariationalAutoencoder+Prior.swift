import PushforwardCore
import PushforwardModels
import PushforwardTraining

/// A prior fitted after the rest: the encoder's draws of all rows are modelled by a flow, which takes the prior's place.
///
/// What the posterior as a whole looks like is what the prior should be; the bound can only gain by it.
/// - SeeAlso: Tomczak and Welling (2018), "VAE with a VampPrior", arXiv:1705.07120, section 2; Ghosh et al. (2020), "From
///   Variational to Deterministic Autoencoders", arXiv:1903.12436 (a density fitted afterwards).
extension VariationalAutoencoder where Scalar == Float {
  /// Draws of each row's latent value from the encoder's distribution.
  ///
  /// - Throws: `EngineError`, `LatentError`.
  public func drawCodes(
    _ rows: Matrix<Double>, context: Matrix<Float>? = nil, seed: UInt64, workers: WorkerPool? = nil
  ) throws -> Matrix<Float> {
    let cells = try code(rows)
    let stream = RandomStream(seed: seed, purpose: .base)
    let features = specification.latentFeatures
    return try run(rows: rows.rows, context: context, workers: workers, outputs: features) { tape, context, start in
      let encoding = try network.encode(Self.input(cells, start, tape), context: context, on: tape)
      let noise = network.noise(stream: stream, firstRow: UInt64(start), on: tape)
      return try network.latent(encoding, noise: noise, on: tape).z
    }
  }

  /// This model with another prior, whose parameters are initial ones; encoder and decoder stay as they are.
  ///
  /// - Throws: `EngineError` for a prior that does not fit.
  public func replacingPrior(_ prior: FlowSpecification, seed: UInt64) throws -> VariationalAutoencoder {
    var specification = specification
    specification.prior = prior
    var model = try VariationalAutoencoder(specification, seed: seed)
    for slice in model.network.layout.slices where !slice.name.hasPrefix(Self.priorPrefix) {
      if let values = parameters[slice.name] { try model.parameters.set(slice.name, to: values) }
    }
    return model
  }

  private static var priorPrefix: String { "prior." }

  /// Fits the prior, a flow, to draws of the encoder; everything else stays as it is.
  ///
  /// - Parameters:
  ///   - rows: Rows to train on.
  ///   - heldOut: Rows that decide when to stop.
  ///   - settings: How.
  ///   - workers: Threads to use.
  ///   - shouldStop: Asked before every step; `true` ends training with the best weights so far.
  ///   - progress: Told after each validation; its values are the flow's log-likelihoods of the draws.
  /// - Throws: `EngineError.invalidSetting` for a model whose prior is no flow; `LatentError`, `TrainingError`.
  public mutating func fitPrior(
    to rows: LatentRows, heldOut: LatentRows?, settings: TrainingSettings, workers: WorkerPool = WorkerPool(),
    shouldStop: () -> Bool = { false }, progress: (TrainingProgress) -> Void = { _ in }
  ) throws {
    guard let specification = specification.prior else {
      throw EngineError.invalidSetting(name: "prior", expected: "a flow", found: "a normal distribution")
    }
    func source(_ rows: LatentRows, seed: UInt64) throws -> MatrixSource<Float> {
      try MatrixSource(
        drawCodes(rows.cells, context: rows.context, seed: seed, workers: workers),
        context: specification.contextFeatures > 0 ? rows.context : nil, weights: rows.weights,
        featureNames: (0..<specification.features).map { "latent feature \($0 + 1)" })
    }
    var flow = try Flow<Float>(specification, seed: settings.seed)
    let training = try source(rows, seed: settings.seed)
    let trainer = try Trainer(
      objective: MaximumLikelihood(flow.network), training: training,
      heldOut: heldOut.map { try source($0, seed: settings.seed &+ 1) }, settings: settings)
    flow.parameters = try trainer.run(
      from: flow.parameters, workers: workers, shouldStop: shouldStop, progress: progress
    ).parameters
    for slice in flow.network.layout.slices {
      try parameters.set(Self.priorPrefix + slice.name, to: flow.parameters[slice])
    }
  }
}
