import PushforwardCore
import PushforwardEvaluation
import PushforwardMixtures
import PushforwardTables
import PushforwardTraining

extension MixtureModel {
  /// Fits mixtures with more and more components on both scalings of the columns; held-out rows choose.
  ///
  /// - Parameters:
  ///   - table: The rows; cells may be missing.
  ///   - options: What is fixed.
  ///   - shouldStop: `true` ends the fit with the best mixture so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `MixtureError`.
  public static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> MixtureModel {
    let start = ContinuousClock().now
    let ready = try MixturePreparation(table, options: options)
    let workers = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    func isOver() -> Bool {
      shouldStop() || options.maximumSeconds.map { (ContinuousClock().now - start).inSeconds > $0 } ?? false
    }
    progress(
      .stage(
        "\(ready.training.rowCount) rows to fit, \(ready.heldOut.rowCount) held out; "
          + "\(ready.choice.modelled.count) columns"))
    var best: (candidate: Candidate, scaling: EncoderOptions.Transform)?
    for scaling in ready.scalings {
      if best != nil && isOver() { break }
      let candidate = try Candidate(ready, scaling: scaling, workers: workers, isOver: isOver, progress: progress)
      if candidate.value > best?.candidate.value ?? -.infinity || best == nil {
        best = (candidate, scaling.transform)
      }
    }
    let (chosen, scaling) = best!
    let (gaussian, independent) = try MixturePart.baselines(ready, workers: workers)
    let part = MixturePart(encoding: chosen.encoding, mixture: chosen.mixture)
    let summary = try ready.likelihood { try part.logProb($0, workers: workers) }
    var hash = NumberHash()
    for numbers in [part.mixture.weights, part.mixture.means, part.mixture.covariances] + part.mixture.probabilities {
      hash.add(numbers)
    }
    let own = chosen.fit.mixture
    let components = own.components == 1 ? "1 component" : "\(own.components) components"
    let why = ready.heldOut.rowCount > 0 ? "held-out rows" : "the Bayesian information criterion"
    let record = FitRecord(
      model: .gmm,
      choice: "\(components), \(own.kind.rawValue) covariances\(Candidate.words(chosen.prior)), "
        + (scaling == .marginal ? "each column on its own normal scale" : "columns scaled alone")
        + ": the choice of \(why) among \(chosen.tried) mixtures" + (chosen.fit.converged ? "" : "; not yet converged"),
      tableRows: table.rowCount, trainingRows: ready.training.rowCount, heldOutRows: ready.heldOut.rowCount,
      leftOutNote: nil, plan: nil, parameterCount: own.freeParameters, stopReason: nil,
      epochs: Double(chosen.fit.rounds), bestEpoch: Double(chosen.fit.rounds), recoveries: [], heldOut: summary.mean,
      heldOutStandardError: summary.standardError,
      heldOutIndependent: try ready.likelihood { try independent.logProb($0, workers: workers) }.mean,
      heldOutGaussian: try ready.likelihood { try gaussian.logProb($0, workers: workers) }.mean,
      seconds: (ContinuousClock().now - start).inSeconds, fingerprint: hash.text, seed: options.seed,
      heldOutScores: try ready.scores { try part.logProb($0, workers: workers) })
    return MixtureModel(
      schema: ready.schema, record: record, leftOut: ready.choice.leftOut, part: part, gaussian: gaussian,
      independent: independent)
  }

  /// The best mixture on one scaling.
  private struct Candidate {
    let encoding: MixedEncoding
    let fit: MixtureFit
    /// With a background.
    let mixture: GaussianMixture
    /// Held-out likelihood in data units (numbers spread over their cells), or minus BIC.
    let value: Double
    let tried: Int
    let prior: MixturePrior?

    /// How strong the prior is, where that was chosen too.
    static func words(_ prior: MixturePrior?) -> String {
      guard let prior, prior.covarianceRows != MixturePrior().covarianceRows else { return "" }
      return ", a prior of \(Nats.text(prior.covarianceRows)) rows a component"
    }

    init(
      _ ready: MixturePreparation, scaling: EncoderOptions, workers: WorkerPool, isOver: () -> Bool,
      progress: (FitEvent) -> Void
    ) throws {
      encoding = try MixedEncoding(
        fitting: ready.training, weights: ready.trainingWeights, choice: ready.choice, options: scaling)
      let seed = ready.options.seed
      let rows = try encoding.rows(ready.training, jitterSeed: seed, weights: ready.trainingWeights)
      let judging =
        ready.heldOut.rowCount > 0
        ? try encoding.rows(ready.heldOut, jitterSeed: seed &+ 1, weights: ready.heldOutWeights) : nil
      let (count, d) = (rows.mixture.count, encoding.numbers.count)
      // Full matrices have the numbers to fit anything; where rows are few, simpler ones may do better.
      var kinds: [CovarianceKind] = [.full]
      if d > 1 && count < 20 * d * d { kinds.append(.diagonal) }
      if d > 1 && count < 5 * d * d { kinds.append(.tied) }
      if let kind = ready.options.covariance { kinds = [kind] }
      let name = scaling.transform == .marginal ? "own scales" : "plain scales"
      let shift = LikelihoodSummary((judging ?? rows).logDet, weights: ready.judging.weights).mean
      let selection = try MixtureSelection(
        rows.mixture, judging: judging?.mixture, kinds: kinds,
        components: ready.options.components.map { [$0] }
          ?? MixtureSelection.usualComponents(rows: count, columns: d + encoding.categories.count),
        options: MixtureFitOptions(seed: seed), workers: workers, shouldStop: isOver
      ) { trial in
        let held = trial.heldOut + shift
        progress(
          .stage(
            "\(name), \(trial.components) \(trial.kind.rawValue)\(Self.words(trial.prior)): "
              + (held.isFinite ? "\(Nats.text(held)) nats a row" : "BIC \(Nats.text(trial.bic))")))
      }
      let best = selection.trials[selection.best]
      prior = best.prior
      fit = selection.final
      mixture = selection.mixture
      tried = selection.trials.count
      let total = rows.mixture.weights?.reduce(0, +) ?? Double(count)
      value = judging == nil ? -best.bic + 2 * shift * total : best.heldOut + shift
    }
  }
}

extension MixturePart {
  /// One component with all correlations, and independent columns on their own scales: what other models are compared with.
  static func baselines(
    _ ready: MixturePreparation, workers: WorkerPool
  ) throws -> (gaussian: MixturePart, independent: MixturePart) {
    func one(_ transform: EncoderOptions.Transform, _ kind: CovarianceKind) throws -> MixturePart {
      var options = ready.options.encoder
      options.transform = transform
      if transform == .standard { options.allowsLog = false }
      let encoding = try MixedEncoding(
        fitting: ready.training, weights: ready.trainingWeights, choice: ready.choice, options: options)
      let rows = try encoding.rows(ready.training, weights: ready.trainingWeights)
      let fit = try GaussianMixture.fit(rows.mixture, options: MixtureFitOptions(kind: kind), workers: workers)
      return MixturePart(encoding: encoding, mixture: fit.mixture)
    }
    return (try one(.standard, .full), try one(ready.options.encoder.transform, .diagonal))
  }
}
