import PushforwardCore

/// A mixture chosen among several by the likelihood of rows that it was not fitted to.
public struct MixtureSelection: Sendable {
  /// One mixture that was tried.
  public struct Trial: Sendable {
    /// Number of components.
    public let components: Int
    /// Kind of the covariances.
    public let kind: CovarianceKind
    /// The prior.
    public let prior: MixturePrior?
    /// Mean log-likelihood of the judging rows, nats a row.
    public let heldOut: Double
    /// Bayesian information criterion on the training rows.
    public let bic: Double
    /// The fit.
    public let fit: MixtureFit
  }

  /// Everything that was tried, in order.
  public let trials: [Trial]
  /// Number of the trial that explains the judging rows best.
  public let best: Int
  /// The fit of that trial, carried on to the tolerance asked for.
  public let final: MixtureFit
  /// Its mixture with a small share of a wide background, for rows like none fitted to; this is what the judging rows judge.
  public let mixture: GaussianMixture

  /// Tries more and more components of each kind until the judging rows are explained no better.
  ///
  /// - Parameters:
  ///   - rows: Rows to fit to.
  ///   - judging: Rows that choose; `nil`: too few, so the Bayesian information criterion on `rows` chooses.
  ///   - kinds: Kinds of covariance, tried in this order.
  ///   - components: Numbers of components, ascending; a search ends after two that are no better.
  ///   - options: Everything else of the fits.
  ///   - searchRows: Of more rows, so many (evenly spaced) are searched on; the mixture chosen is then fitted to all.
  ///   - workers: Threads.
  ///   - shouldStop: `true` ends the search with the best so far; at least one mixture is fitted.
  ///   - progress: Told of each trial.
  /// - Throws: `MixtureError`.
  public init(
    _ rows: MixtureRows, judging: MixtureRows?, kinds: [CovarianceKind], components: [Int],
    options: MixtureFitOptions = MixtureFitOptions(), searchRows: Int = 30_000, workers: WorkerPool? = nil,
    shouldStop: () -> Bool = { false }, progress: (Trial) -> Void = { _ in }
  ) throws(MixtureError) {
    var trials: [Trial] = []
    let isLarge = rows.count > max(searchRows, 1)
    let searched =
      isLarge
      ? rows.selecting(
        (0..<max(searchRows, 1)).map { Int(Double($0) * Double(rows.count) / Double(max(searchRows, 1))) }) : rows
    let weight = searched.weights?.reduce(0, +) ?? Double(searched.count)
    var winner: MixtureTrainer?
    func value(_ trial: Trial) -> Double { judging == nil ? -trial.bic : trial.heldOut }
    let single = try GaussianMixture.fit(
      searched, options: MixtureFitOptions(components: 1, kind: .diagonal), workers: workers)
    let background = try GaussianMixture.background(single.mixture)
    func complete(_ mixture: GaussianMixture) throws(MixtureError) -> GaussianMixture {
      let share = GaussianMixture.backgroundShare(components: mixture.components, rows: weight)
      return try mixture.withBackground(background, share: share)
    }
    func tried(_ own: MixtureFitOptions, _ trainer: MixtureTrainer) throws(MixtureError) -> Trial {
      let fit = try trainer.fit(own, start: nil, shouldStop: shouldStop)
      let heldOut = try judging.map { rows throws(MixtureError) in
        try Self.mean(complete(fit.mixture).logProb(rows, workers: workers), rows.weights)
      }
      return Trial(
        components: own.components, kind: own.kind, prior: own.prior, heldOut: heldOut ?? .nan,
        bic: fit.mixture.bic(logLikelihood: fit.logLikelihood * weight, rows: weight), fit: fit)
    }
    for kind in kinds {
      let trainer = try MixtureTrainer(searched, isotropic: kind == .spherical, workers: workers)
      var (bestOfKind, failures) = (-Double.infinity, 0)
      for count in components {
        if !trials.isEmpty && shouldStop() { break }
        var own = options
        own.components = count
        own.kind = kind
        // Trials need not be exact to the last digit; the one that wins goes on.
        own.tolerance = 10 * options.tolerance
        own.restarts = count > 8 ? 1 : options.restarts
        let trial = try tried(own, trainer)
        trials.append(trial)
        if winner == nil { winner = trainer }
        progress(trial)
        if value(trial) > bestOfKind {
          if trials.indices.allSatisfy({ value(trials[$0]) <= value(trial) }) { winner = trainer }
          // A gain of a hundredth of a nat is no reason to go on for long.
          failures = judging == nil || value(trial) > bestOfKind + 0.01 ? 0 : failures + 1
          bestOfKind = value(trial)
        } else {
          failures += 1
        }
        if failures == 2 { break }
      }
    }
    var best = trials.indices.max { value(trials[$0]) < value(trials[$1]) } ?? 0
    var own = options
    (own.components, own.kind) = (trials[best].components, trials[best].kind)
    // Components may be far narrower, in some direction, than the rows that the prior is worth: held-out rows say.
    while judging != nil, own.components > 1, let prior = trials[best].prior, prior.covarianceRows > Self.weakestPrior,
      !shouldStop(), let winner
    {
      own.prior?.covarianceRows = prior.covarianceRows / 10
      own.tolerance = 10 * options.tolerance
      let trial = try tried(own, winner)
      trials.append(trial)
      progress(trial)
      if value(trial) <= value(trials[best]) { break }
      best = trials.count - 1
    }
    self.trials = trials
    self.best = best
    (own.prior, own.tolerance) = (trials[best].prior, options.tolerance)
    if isLarge { winner = try MixtureTrainer(rows, isotropic: own.kind == .spherical, workers: workers) }
    final = try winner!.fit(own, start: trials[best].fit.mixture, shouldStop: shouldStop)
    mixture = try complete(final.mixture)
  }

  /// Rows that a covariance's prior is worth, at least.
  private static let weakestPrior = 0.005

  /// The usual numbers of components, at most one for every few rows.
  public static func usualComponents(rows: Int, columns: Int) -> [Int] {
    let most = max(1, rows / (columns + 2))
    return [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256].filter { $0 <= most }
  }

  private static func mean(_ logProb: [Double], _ weights: [Double]?) -> Double {
    guard let weights else { return logProb.reduce(0, +) / Double(max(logProb.count, 1)) }
    let total = weights.reduce(0, +)
    return zip(logProb, weights).reduce(0) { $0 + ($1.1 > 0 ? $1.0 * $1.1 : 0) } / max(total, 1e-300)
  }
}
