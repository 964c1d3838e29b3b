import PushforwardCore
import PushforwardTables

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
    if let reason = reasonForChain(ready) {
      progress(.stage("mixed, since \(reason)"))
      var model = try chain(share: 1)
      model.record.choice = "mixed: the kind for tables in which \(reason)"
      return model
    }
    let flow = try DensityModel.fit(
      table, options: limited(.auto, share: 0.7), shouldStop: shouldStop, progress: progress)
    if flow.record.stopReason == .interrupted || ready.heldOut.rowCount < 20 || shouldStop() { return flow }
    progress(.stage("the typed chain, to compare:"))
    var mixed = try chain(share: 0.3)
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

  /// Why no flow can model the table; `nil` when one can.
  private func reasonForChain(_ ready: MixturePreparation) -> String? {
    let modelled = ready.choice.modelled
    let texts = modelled.filter { $0.kind == .category }.map(\.name)
    if !texts.isEmpty { return "\(listed(texts)) \(texts.count == 1 ? "is a category" : "are categories")" }
    let gaps = (modelled + ready.choice.given).filter { table[$0.name]?.missingCount ?? 0 > 0 }.map(\.name)
    return gaps.isEmpty ? nil : "\(listed(gaps)) \(gaps.count == 1 ? "has" : "have") missing cells"
  }

  private func limited(_ kind: ModelKind, share: Double) -> FitOptions {
    var options = options
    options.model = kind
    options.maximumSeconds = options.maximumSeconds.map { $0 * share }
    return options
  }

  private func chain(share: Double) throws -> MixedModel {
    try MixedModel.fit(table, options: limited(.mixed, share: share), shouldStop: shouldStop, progress: progress)
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
