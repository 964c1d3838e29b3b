import PushforwardCore
import PushforwardEvaluation
import PushforwardTables

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The choice of a model where rows are few: every row judges, and none is lost to judging.
///
/// The rows are dealt into folds. Each kind of model is fitted once for each fold, to the rows outside it, and the rows in it
/// end its training. The kinds are weighted by the likelihood of all rows, each under the fits that have not seen it, and
/// a kind's fits share its weight. So a small table's model is a mixture whose members were trained on different rows, and
/// a network that overfits loses its weight to a model that does not.
///
/// - SeeAlso: Smyth and Wolpert (1999), "Linearly Combining Density Estimators via Stacking", Machine Learning 36.
struct FoldedFit {
  let table: Table
  let options: FitOptions
  let shouldStop: () -> Bool
  let progress: (FitEvent) -> Void

  /// Tables with more rows have enough of them to hold some out.
  static var mostRows: Int { 1_000 }
  /// Fewer rows cannot be dealt into folds.
  static var fewestRows: Int { 10 }
  /// A network of several layers needs as many rows.
  private static var fewestRowsOfFlow: Int { 100 }
  private static var folds: Int { 5 }
  /// Weight of a kind, at least.
  private static var smallestWeight: Double { 0.03 }

  /// A kind of model, its fits, and each row's log-likelihood under the fit that has not seen it.
  private struct Kind {
    let name: String
    let options: FitOptions
    var fits: [any TableModel] = []
    var logProb: [Double] = []
  }

  /// One fit to do.
  private struct Task: Sendable {
    let kind: Int
    let options: FitOptions
    let heldOut: Table
  }

  /// A fit done, and its held-out rows' log-likelihood under it and under what was fitted beside it.
  private struct Fit: Sendable {
    let kind: Int
    let model: any TableModel
    let logProb: [Double]
    let gaussian: [Double]
    let independent: [Double]
  }

  /// - Parameters:
  ///   - usable: Numbers of the rows that say something.
  ///   - isComplete: Whether all cells are present numbers, so that flows can be tried.
  /// - Returns: A mixture of all fits that count.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `ChainError`, `TrainingError`.
  func run(usable: [Int], isComplete: Bool) throws -> any TableModel {
    let start = ContinuousClock().now
    var kinds = kinds(rows: usable.count, isComplete: isComplete)
    let count = min(Self.folds, usable.count / 2)
    progress(
      .stage(
        "few rows: \(listed(kinds.map(\.name))), each fitted \(count) times, to judge every row by fits without it"))
    let folds = folds(usable, count: count)
    let threads = options.workers ?? WorkerPool.processorCount
    let seconds = options.maximumSeconds.map { $0 * Double(min(threads, count)) / Double(count * kinds.count) }
    let table = table
    let isOver = SharedQuestion(shouldStop)
    var (judged, gaussian, independent): ([Int], [Double], [Double]) = ([], [], [])
    var (next, done) = (0, 0)
    try OrderedPipeline.run(workers: threads) { [kinds] () -> Task? in
      let (fold, kind) = next.quotientAndRemainder(dividingBy: kinds.count)
      // A fold that was begun is ended, since every kind must judge the same rows.
      if fold == count || kind == 0 && fold > 0 && isOver.ask() { return nil }
      next += 1
      var own = kinds[kind].options
      (own.heldOutRows, own.maximumSeconds, own.workers) = (folds[fold], seconds, 1)
      return Task(kind: kind, options: own, heldOut: table.selecting(rows: folds[fold]))
    } work: { task in
      let model = try Models.fit(table, options: task.options, shouldStop: isOver.ask)
      // The baselines do not depend on the kind.
      let beside = task.kind == 0 ? try model.baselines(task.heldOut) : []
      return Fit(
        kind: task.kind, model: model, logProb: try model.score(task.heldOut, workers: nil).logProb,
        gaussian: Self.logProb("gaussian", beside), independent: Self.logProb("independent", beside))
    } write: { [progress] fit in
      let fold = done / kinds.count
      if fit.kind == 0 {
        judged += folds[fold]
        gaussian += fit.gaussian
        independent += fit.independent
      }
      kinds[fit.kind].fits.append(fit.model)
      kinds[fit.kind].logProb += fit.logProb
      done += 1
      if done == 1 {
        for column in fit.model.leftOut { progress(.stage("left out: \(column.name), \(column.reason)")) }
      }
      if done % kinds.count == 0 { progress(.stage("fold \(done / kinds.count) of \(count)")) }
    }
    return try stacked(kinds, judged: judged, gaussian: gaussian, independent: independent, start: start)
  }

  /// Numbers of the rows of each fold.
  private func folds(_ usable: [Int], count: Int) -> [[Int]] {
    let order = RandomStream(seed: options.seed, purpose: .split).permutation(count: usable.count).map { Int($0) }
    return (0..<count).map { fold in stride(from: fold, to: usable.count, by: count).map { usable[order[$0]] }.sorted()
    }
  }

  private func kinds(rows: Int, isComplete: Bool) -> [Kind] {
    func kind(_ model: ModelKind, _ name: String? = nil, _ change: (inout FitOptions) -> Void = { _ in }) -> Kind {
      var own = options
      own.model = model
      change(&own)
      return Kind(name: name ?? model.rawValue, options: own)
    }
    var kinds = [
      kind(.mixed), kind(.gmm),
      kind(.gmm, "gaussian") {
        ($0.components, $0.covariance) = (1, .full)
        $0.encoder.transform = .standard
      },
      kind(.gmm, "independent") { ($0.components, $0.covariance) = (1, .diagonal) },
    ]
    guard isComplete, rows >= Self.fewestRowsOfFlow else { return kinds }
    kinds.append(kind(.nsf))
    if options.encoder.transform == .marginal {
      kinds.append(kind(.nsf, "nsf on plain scaling") { $0.encoder.transform = .standard })
    }
    if options.dropout == nil {
      // Dropout blurs densities as sharp as those of simulators.
      kinds.append(
        kind(.nsf, "nsf on plain scaling without dropout") { ($0.encoder.transform, $0.dropout) = (.standard, 0) })
    }
    return kinds
  }

  private static func logProb(_ key: String, _ baselines: [Baseline]) -> [Double] {
    baselines.first { $0.key == key }?.logProb ?? []
  }

  private func stacked(
    _ kinds: [Kind], judged: [Int], gaussian: [Double], independent: [Double], start: ContinuousClock.Instant
  ) throws -> any TableModel {
    let rowWeights = try MixturePreparation.weights(table, column: options.weights).map { all in
      judged.map { all[$0] }
    }
    let rows = judged.indices.filter { row in kinds.allSatisfy { !$0.logProb[row].isNaN } }
    let scored = rowWeights.map { all in rows.map { all[$0] } }
    func weights(_ kinds: [Kind]) -> MixtureWeights {
      MixtureWeights(
        kinds.map { kind in rows.map { kind.logProb[$0] } }, rowWeights: scored)
    }
    let first = weights(kinds)
    let kept = kinds.indices.filter { first.weights[$0] >= Self.smallestWeight }.map { kinds[$0] }
    let found = weights(kept)
    var (members, shares): ([any TableModel], [Double]) = ([], [])
    for (kind, weight) in zip(kept, found.weights) {
      members += kind.fits
      shares += kind.fits.map { _ in weight / Double(kind.fits.count) }
    }
    let mixed = rows.map { row in
      Logarithm.sum(zip(kept, found.weights).map { Logarithm.of($1) + $0.logProb[row] })
    }
    let summary = LikelihoodSummary(mixed, weights: scored)
    let standing = zip(kinds, first.alone).map { "\($0.name) \(Nats.text($1))" }.joined(separator: ", ")
    let parts = zip(kept, found.weights).map { "\($0.name) \(Nats.text($1))" }
    var record = CompositeSupport.record(
      .mixture, members,
      choice: "few rows, so \(members.count) fits to parts of them, mixed; weights by rows not seen: "
        + "\(parts.joined(separator: ", ")) (alone \(standing), together \(Nats.text(summary.mean)) nats a row)",
      rows: rows.count, numbers: shares, seconds: (ContinuousClock().now - start).inSeconds)
    (record.tableRows, record.trainingRows) = (table.rowCount, judged.count)
    (record.heldOut, record.heldOutStandardError) = (summary.mean, summary.standardError)
    func mean(_ values: [Double]) -> Double {
      values.count == judged.count ? LikelihoodSummary(values, weights: rowWeights).mean : .nan
    }
    (record.heldOutGaussian, record.heldOutIndependent) = (mean(gaussian), mean(independent))
    record.seed = options.seed
    record.heldOutScores = ScoreDistribution(
      mixed, of: table.selecting(rows: rows.map { judged[$0] }),
      columns: kept[0].fits[0].columns + kept[0].fits[0].given, weights: scored)
    return try ModelMixture(members, weights: shares, record: record)
  }
}

/// A question that several threads ask, one at a time.
///
/// Sendable because the lock guards the closure.
private final class SharedQuestion: @unchecked Sendable {
  private let question: () -> Bool
  private let lock: UnsafeMutablePointer<pthread_mutex_t>

  init(_ question: @escaping () -> Bool) {
    self.question = question
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  @Sendable func ask() -> Bool {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return question()
  }
}
