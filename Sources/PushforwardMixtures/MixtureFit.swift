import PushforwardCore

/// What a fit of a mixture may be told; everything has a default.
public struct MixtureFitOptions: Sendable {
  /// Number of components, at least 1; may exceed the number of rows.
  public var components: Int
  /// What the covariances may be.
  public var kind: CovarianceKind
  /// The prior; `nil` for maximum likelihood.
  public var prior: MixturePrior?
  /// Added to each variance, in units of the column's own variance; by default 1e-6 without a prior, 0 with one.
  public var floor: Double?
  /// Starts, of which the best after a few rounds goes on.
  public var restarts: Int
  /// Rounds at most.
  public var maximumRounds: Int
  /// Ends when a round gains less, in nats a row.
  public var tolerance: Double
  /// Seed of the starts.
  public var seed: UInt64

  /// Options; by default one component with a full covariance.
  public init(
    components: Int = 1, kind: CovarianceKind = .full, prior: MixturePrior? = MixturePrior(), floor: Double? = nil,
    restarts: Int = 2, maximumRounds: Int = 500, tolerance: Double = 1e-5, seed: UInt64 = 0
  ) {
    self.components = components
    self.kind = kind
    self.prior = prior
    self.floor = floor
    self.restarts = restarts
    self.maximumRounds = maximumRounds
    self.tolerance = tolerance
    self.seed = seed
  }
}

/// A fitted mixture and how it came about.
public struct MixtureFit: Sendable {
  /// The mixture, in the units of the rows.
  public let mixture: GaussianMixture
  /// Mean log-likelihood of the rows it was fitted to, weights counted, in nats a row.
  public let logLikelihood: Double
  /// Rounds of expectation and maximisation.
  public let rounds: Int
  /// Whether the last round gained less than the tolerance.
  public let converged: Bool
  /// Objective after each round, in nats a row: log-likelihood and the prior's part.
  public let history: [Double]
}

extension GaussianMixture {
  /// Fits a mixture by expectation and maximisation in log space, missing cells exactly marginalised, errors of measurement
  /// deconvolved.
  ///
  /// - Parameters:
  ///   - rows: At least one of positive weight.
  ///   - options: What is fixed.
  ///   - start: Where to start instead of k-means++; its sizes must be those of the rows and the options.
  ///   - workers: Threads; the same result for any number.
  ///   - shouldStop: Asked after each round; `true` ends the fit with what there is.
  /// - Returns: The mixture; never singular, whatever the rows.
  /// - Throws: `MixtureError`.
  /// - SeeAlso: Dempster, Laird & Rubin (1977), "Maximum likelihood from incomplete data via the EM algorithm"; Bovy, Hogg &
  ///   Roweis (2011), "Extreme deconvolution", arXiv:0905.2979.
  public static func fit(
    _ rows: MixtureRows, options: MixtureFitOptions = MixtureFitOptions(), start: GaussianMixture? = nil,
    workers: WorkerPool? = nil, shouldStop: () -> Bool = { false }
  ) throws(MixtureError) -> MixtureFit {
    try MixtureTrainer(rows, isotropic: options.kind == .spherical, workers: workers).fit(
      options, start: start, shouldStop: shouldStop)
  }
}

/// Fits mixtures to rows that are arranged once.
final class MixtureTrainer {
  private let rows: MixtureRows
  let pass: MixturePass
  let scale: [Double]
  let shift: [Double]
  private let workers: WorkerPool?
  /// One component fitted to all rows without a prior.
  let single: GaussianMixture
  private let sample: ClusterSample
  /// Mean over the rows of the logarithms of the scales of the present cells.
  private let logScale: Double

  /// Arranges the rows; `isotropic`: one scale for all columns, as spherical covariances need.
  ///
  /// - Throws: `MixtureError.noRows`.
  init(_ rows: MixtureRows, isotropic: Bool, workers: WorkerPool?) throws(MixtureError) {
    self.rows = rows
    self.workers = workers
    let moments = rows.moments()
    shift = moments.map(\.mean)
    // A constant column gets a scale of its own: its distribution is a narrow peak.
    let own = moments.map { mean, deviation in
      deviation > 1e-13 * abs(mean) && deviation > 0 ? deviation : max(abs(mean), 1) * 1e-3
    }
    let largest = own.max() ?? 1
    scale = isotropic ? own.map { _ in largest } : own
    let tiles = PatternTiles(rows, shift: shift, scale: scale)
    if !(tiles.totalWeight > 0) { throw .noRows }
    pass = MixturePass(tiles)
    sample = ClusterSample(rows, shift: shift, scale: scale)
    let (weights, logarithms) = (tiles.weights.pointer, scale.map { PatternFactors.logarithm($0) })
    logScale =
      tiles.segments.reduce(0.0) { sum, segment in
        let lanes = segment.firstTile * PatternTiles.lanes..<(segment.firstTile + segment.tiles) * PatternTiles.lanes
        let mass = lanes.reduce(0.0) { $0 + weights[$1] }
        return sum + mass * segment.observed.reduce(0.0) { $0 + logarithms[$1] }
      } / tiles.totalWeight
    let d = rows.numbers.columns
    var first = GaussianMixture(
      unchecked: d, weights: [1], means: [Double](repeating: 0, count: d), kind: .full,
      covariances: (0..<d * d).map { $0 / d == $0 % d ? 1 : 0 }, levels: rows.levels,
      probabilities: rows.levels.map { [Double](repeating: 1 / Double($0), count: $0) })
    let rule = Maximisation(
      layout: StatisticsLayout(first), kind: .full, levels: rows.levels, prior: nil, centre: nil, floor: 1e-4)
    // Without missing cells and errors the first round is the answer.
    for _ in 0..<(rows.errors != nil ? 30 : tiles.segments.count > 1 ? 10 : 1) {
      first = rule(pass.sums(first, workers: workers).sums, first)
    }
    single = first
  }

  func fit(
    _ options: MixtureFitOptions, start: GaussianMixture?, shouldStop: () -> Bool
  ) throws(MixtureError) -> MixtureFit {
    if options.components < 1 {
      throw .value(what: "components", expected: "at least 1", found: "\(options.components)")
    }
    let centre = options.prior.map { priorCentre(options.components, $0) }
    var run: Run
    if let start {
      try check(start, options)
      run = Run(start.mapped(scale: scale.map { 1 / $0 }, shift: zip(scale, shift).map { -$1 / $0 }))
    } else {
      run = best(options, centre, shouldStop: shouldStop)
    }
    let rule = self.rule(options, run.mixture, centre)
    advance(&run, options, rule, centre, until: options.maximumRounds, shouldStop: shouldStop)
    let logLikelihood = pass.sums(run.mixture, workers: workers).logLikelihood / pass.tiles.totalWeight
    return MixtureFit(
      mixture: run.mixture.mapped(scale: scale, shift: shift),
      logLikelihood: logLikelihood - logScale,
      rounds: run.rounds, converged: run.converged, history: run.history)
  }

  /// A fit in progress.
  private struct Run {
    var mixture: GaussianMixture
    var rounds = 0
    var converged = false
    var history: [Double] = []

    init(_ mixture: GaussianMixture) { self.mixture = mixture }
  }

  private func best(_ options: MixtureFitOptions, _ centre: PriorCentre?, shouldStop: () -> Bool) -> Run {
    let restarts = options.components == 1 ? 1 : max(options.restarts, 1)
    var best: Run?
    for restart in 0..<restarts {
      let seed = RandomStream(seed: options.seed, purpose: .initialization).split(UInt64(restart)).seed
      var run = Run(
        sample.start(
          options.components, kind: options.kind, seed: seed, around: single, prior: options.prior, centre: centre))
      if restarts > 1 {
        let rule = self.rule(options, run.mixture, centre)
        advance(&run, options, rule, centre, until: min(15, options.maximumRounds), shouldStop: shouldStop)
      }
      if best == nil || run.history.last ?? 0 > best?.history.last ?? 0 { best = run }
      if shouldStop() { break }
    }
    return best!
  }

  private func rule(_ options: MixtureFitOptions, _ mixture: GaussianMixture, _ centre: PriorCentre?) -> Maximisation {
    Maximisation(
      layout: StatisticsLayout(mixture), kind: options.kind, levels: rows.levels, prior: options.prior, centre: centre,
      floor: options.floor ?? (options.prior == nil ? 1e-6 : 0))
  }

  private func advance(
    _ run: inout Run, _ options: MixtureFitOptions, _ rule: Maximisation, _ centre: PriorCentre?, until rounds: Int,
    shouldStop: () -> Bool
  ) {
    while run.rounds < rounds && !run.converged {
      let (sums, logLikelihood) = pass.sums(run.mixture, workers: workers)
      var objective = logLikelihood
      if let prior = options.prior, let centre { objective += prior.penalty(run.mixture, centre) }
      objective /= pass.tiles.totalWeight
      if let last = run.history.last, objective - last < options.tolerance, run.rounds > 1 { run.converged = true }
      run.history.append(objective)
      if run.converged { break }
      run.mixture = rule(sums, run.mixture)
      run.rounds += 1
      if shouldStop() { break }
    }
  }

  func priorCentre(_ components: Int, _ prior: MixturePrior) -> PriorCentre {
    let d = rows.numbers.columns
    let shrink = d == 0 ? 1 : PatternFactors.power(Double(components), -2 / Double(d))
    return PriorCentre(
      scale: single.covariances.map { $0 * shrink },
      shares: zip(rows.levels, single.probabilities).map { levels, shares in
        // A level that no row has stays possible.
        shares.map { ($0 * pass.tiles.totalWeight + 1) / (pass.tiles.totalWeight + Double(levels)) }
      }, rowWeight: pass.tiles.totalWeight)
  }

  private func check(_ start: GaussianMixture, _ options: MixtureFitOptions) throws(MixtureError) {
    if start.components != options.components {
      throw .size(what: "components of the start", expected: options.components, found: start.components)
    }
    if start.features != rows.numbers.columns {
      throw .size(what: "columns of the start", expected: rows.numbers.columns, found: start.features)
    }
    if start.levels != rows.levels {
      throw .value(what: "levels of the start", expected: "\(rows.levels)", found: "\(start.levels)")
    }
  }
}

extension MixturePass {
  /// Expected sums over all rows and the log-likelihood, both weighted.
  func sums(_ mixture: GaussianMixture, workers: WorkerPool?) -> (sums: [Double], logLikelihood: Double) {
    let layout = StatisticsLayout(mixture)
    let partial = AlignedBuffer<Double>(count: chunkCount * layout.count)
    var likelihoods = [Double](repeating: 0, count: chunkCount)
    likelihoods.withUnsafeMutableBufferPointer { likelihoods in
      let likelihoods = likelihoods.baseAddress!
      run(
        mixture, completing: true, denoising: true, workers: workers,
        begin: { chunk in (chunk, SegmentMoments(layout)) },
        body: { context, evaluator, segment, first, count, factors in
          likelihoods[context.0] += evaluator.weigh(segment, first: first, count: count)
          evaluator.accumulate(
            segment, first: first, count: count, factors, into: partial.pointer + context.0 * layout.count,
            moments: context.1, layout: layout)
        },
        end: { context, factors in
          context.1.expand(factors, into: partial.pointer + context.0 * layout.count)
          context.1.reset()
        })
    }
    var sums = [Double](repeating: 0, count: layout.count)
    for chunk in 0..<chunkCount {
      let part = partial.pointer + chunk * layout.count
      for place in 0..<layout.count { sums[place] += part[place] }
    }
    return (sums, likelihoods.reduce(0, +))
  }
}
