import PushforwardCore
import PushforwardTables
import PushforwardTraining

/// The choice of a model where it is left to the fit.
///
/// A table with categories or missing cells gets the typed chain, the one kind that models all of it. A table of complete
/// numbers gets a flow and the chain, which are good at different tables; held-out rows choose one, or both mixed in
/// probability where that explains the rows better by more than chance.
struct AutomaticFit {
  let table: Table
  let options: FitOptions
  let shouldStop: () -> Bool
  let progress: (FitEvent) -> Void

  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `ChainError`, `TrainingError`.
  func run() throws -> any TableModel {
    let start = ContinuousClock().now
    let ready = try MixturePreparation(table, options: options)
    if let reason = Self.reasonForChain(ready.choice, hasGaps: { table[$0]?.missingCount ?? 0 > 0 }) {
      progress(.stage("mixed, since \(reason)"))
      var model = try chain(seconds: left(since: start))
      model.record.choice = "mixed: the kind for tables in which \(reason)"
      return model
    }
    let flow = try DensityModel.fit(
      table, options: limited(.auto, seconds: left(since: start).map { 0.7 * $0 }), shouldStop: shouldStop,
      progress: progress)
    if flow.record.stopReason == .interrupted || ready.heldOut.rowCount < 20 || shouldStop() { return flow }
    progress(.stage("the typed chain, to compare:"))
    // Comparing takes a little time, too.
    var mixed = try chain(seconds: left(since: start).map { 0.95 * $0 })
    let both = try Models.mixture(of: [flow, mixed], on: ready.heldOut, workers: workers)
    let names = [flow.record.model.rawValue, "mixed"]
    let standing =
      zip(names, both.alone).map { "\($0) \(Nats.text($1))" }.joined(separator: ", ")
      + ", both in a mixture \(Nats.text(both.logLikelihood)) nats a row"
    if try isClearlyBetter(both, than: [flow, mixed], on: ready.heldOut) {
      var record = both.model.record
      record.choice = "a mixture of \(names.joined(separator: " and ")) explains the held-out rows best (\(standing))"
      (record.tableRows, record.trainingRows) = (flow.record.tableRows, flow.record.trainingRows)
      (record.heldOutGaussian, record.heldOutIndependent) = (
        flow.record.heldOutGaussian, flow.record.heldOutIndependent
      )
      record.seconds = (ContinuousClock().now - start).inSeconds
      record.seed = options.seed
      return try ModelMixture([flow, mixed], weights: both.model.weights, record: record)
    }
    if both.alone[1] > both.alone[0] {
      mixed.record.choice = "mixed explains the held-out rows best (\(standing))"
      return mixed
    }
    return flow
  }

  private var workers: WorkerPool { options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool() }

  /// Why no flow can model the columns; `nil` when one can.
  static func reasonForChain(_ choice: ColumnChoice, hasGaps: (String) -> Bool) -> String? {
    let texts = choice.modelled.filter { $0.kind == .category }.map(\.name)
    if !texts.isEmpty { return "\(listed(texts)) \(texts.count == 1 ? "is a category" : "are categories")" }
    let gaps = (choice.modelled + choice.given).map(\.name).filter(hasGaps)
    return gaps.isEmpty ? nil : "\(listed(gaps)) \(gaps.count == 1 ? "has" : "have") missing cells"
  }

  /// What is left of the time, never quite nothing; `nil` without a limit.
  private func left(since start: ContinuousClock.Instant) -> Double? {
    options.maximumSeconds.map { max(0.001, $0 - (ContinuousClock().now - start).inSeconds) }
  }

  private func limited(_ kind: ModelKind, seconds: Double?) -> FitOptions {
    var options = options
    options.model = kind
    options.maximumSeconds = seconds
    return options
  }

  private func chain(seconds: Double?) throws -> MixedModel {
    try MixedModel.fit(table, options: limited(.mixed, seconds: seconds), shouldStop: shouldStop, progress: progress)
  }

  /// Whether the mixture gains more than two standard errors of the difference, row by row, and a hundredth of a nat.
  private func isClearlyBetter(
    _ both: MixtureCombination, than members: [any TableModel], on rows: Table
  ) throws -> Bool {
    let best = both.alone[0] > both.alone[1] ? members[0] : members[1]
    let mixed = try both.model.score(rows, workers: workers).logProb
    let alone = try best.score(rows, workers: workers).logProb
    let gains = zip(mixed, alone).map { $0 - $1 }.filter(\.isFinite)
    let count = Double(gains.count)
    guard count > 1 else { return false }
    let mean = gains.reduce(0, +) / count
    let variance = gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    return mean > max(2 * (variance / count).squareRoot(), 0.01)
  }
}
