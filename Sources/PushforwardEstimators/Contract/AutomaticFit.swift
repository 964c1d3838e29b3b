import PushforwardCore
import PushforwardTables
import PushforwardTraining

/// The choice of a model where it is left to the fit.
///
/// A table with categories or missing cells gets the typed chain, which models all of it, and where it has smooth reals and
/// few missing cells a discrete chain times a flow beside it. A table of complete numbers gets a flow on each of two scalings,
/// with several strengths of dropout, and the chain. Both get a Gaussian mixture, which costs next to nothing and is hard to
/// beat where rows are few. These are good at different tables: held-out rows choose one, or several mixed in probability
/// where that explains the rows better by more than chance.
struct AutomaticFit {
  let table: Table
  let options: FitOptions
  let shouldStop: () -> Bool
  let progress: (FitEvent) -> Void

  /// Share of a table's cells that may be missing for a model that does not take all rows to be tried.
  private static var mostMissing: Double { 0.02 }
  /// Weight of a mixture's member, at least.
  private static var smallestWeight: Double { 0.05 }
  /// Held-out rows that can tell models apart, at least.
  private static var fewestRows: Int { 20 }

  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `ChainError`, `TrainingError`.
  func run() throws -> any TableModel {
    let start = ContinuousClock().now
    let ready = try MixturePreparation(table, options: options)
    let canCompare = ready.heldOut.rowCount >= Self.fewestRows
    var members: [any TableModel]
    let reason = Self.reasonForChain(ready.choice, hasGaps: { missingCount($0) > 0 })
    if (FoldedFit.fewestRows...FoldedFit.mostRows).contains(ready.usableRows.count) {
      return try FoldedFit(table: table, options: options, shouldStop: shouldStop, progress: progress).run(
        usable: ready.usableRows, isComplete: reason == nil)
    }
    if let reason {
      progress(.stage("mixed, since \(reason)"))
      let isRivalled = try suitsMixedFlow(ready)
      // Comparing takes a little time, too.
      var mixed = try chain(ready, seconds: left(since: start).map { (isRivalled ? 0.4 : 0.9) * $0 })
      mixed.record.choice = "mixed: the kind for tables in which \(reason)"
      members = [mixed]
      if canCompare && isRivalled && !isOver(members) {
        progress(.stage("mixed-flow, to compare:"))
        let own = limited(.mixedFlow, ready, seconds: left(since: start).map { 0.85 * $0 })
        members += rival("mixed-flow") {
          try MixedFlowModel.fit(table, options: own, shouldStop: shouldStop, progress: progress)
        }
      }
    } else {
      let own = limited(.auto, ready, seconds: left(since: start).map { 0.65 * $0 })
      members = try DensityModel.candidates(table, options: own, shouldStop: shouldStop, progress: progress)
      if canCompare && !isOver(members) {
        progress(.stage("the typed chain, to compare:"))
        members.append(try chain(ready, seconds: left(since: start).map { 0.8 * $0 }))
      }
    }
    if !canCompare || isOver(members) { return members[0] }
    progress(.stage("a Gaussian mixture, to compare:"))
    let own = limited(.gmm, ready, seconds: left(since: start).map { 0.8 * $0 })
    members += rival("gmm") { try MixtureModel.fit(table, options: own, shouldStop: shouldStop, progress: { _ in }) }
    if members.count == 1 { return members[0] }
    return try chosen(members, ready, start: start)
  }

  /// A model to compare with; one that cannot be fitted is told and left.
  private func rival(_ name: String, _ fit: () throws -> any TableModel) -> [any TableModel] {
    do {
      return [try fit()]
    } catch {
      progress(.stage("\(name) cannot be fitted: \(error)"))
      return []
    }
  }

  private func isOver(_ members: [any TableModel]) -> Bool {
    shouldStop() || members.contains { $0.record.stopReason == .interrupted }
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

  private func missingCount(_ name: String) -> Int { table[name]?.missingCount ?? 0 }

  /// Whether a discrete chain times a flow is worth trying; says why not where the table has columns for both.
  private func suitsMixedFlow(_ ready: MixturePreparation) throws -> Bool {
    let division = try MixedFlowModel.division(ready)
    if division.flow.isEmpty || division.chain.isEmpty { return false }
    let names = (ready.choice.modelled + ready.choice.given).map(\.name)
    let missing = Double(names.reduce(0) { $0 + missingCount($1) }) / Double(names.count * max(table.rowCount, 1))
    let obstacle =
      division.obstacle
      ?? (missing > Self.mostMissing ? "\(Nats.text(100 * missing)) % of the cells are missing" : nil)
      ?? (ready.heldOut.rowCount < Self.fewestRows ? "too few rows are held out to compare" : nil)
    if let obstacle { progress(.stage("mixed-flow is not tried: \(obstacle)")) }
    return obstacle == nil
  }

  private func limited(_ kind: ModelKind, _ ready: MixturePreparation, seconds: Double?) -> FitOptions {
    var options = options
    options.model = kind
    options.heldOutRows = ready.heldOutRows
    options.maximumSeconds = seconds
    return options
  }

  private func chain(_ ready: MixturePreparation, seconds: Double?) throws -> MixedModel {
    try MixedModel.fit(
      table, options: limited(.mixed, ready, seconds: seconds), shouldStop: shouldStop, progress: progress)
  }

  /// The best of some models on the held-out rows that all can score, or several in a mixture.
  ///
  /// Where cells are missing, the first must be beaten clearly, and a mixture has only members that score rows with gaps.
  private func chosen(
    _ members: [any TableModel], _ ready: MixturePreparation, start: ContinuousClock.Instant
  ) throws -> any TableModel {
    let names = members.map(name)
    let scores = try members.map { try $0.score(ready.heldOut, workers: workers).logProb }
    let common = (0..<ready.heldOut.rowCount).filter { row in scores.allSatisfy { !$0[row].isNaN } }
    guard common.count >= Self.fewestRows else { return members[0] }
    let rows = ready.heldOut.selecting(rows: common)
    let alone = scores.map { score in common.reduce(0) { $0 + score[$1] } / Double(common.count) }
    var standing = zip(names, alone).map { "\($0) \(Nats.text($1))" }.joined(separator: ", ")
    var best = alone.indices.max { alone[$0] < alone[$1] } ?? 0
    var usable = Array(members.indices)
    if (ready.choice.modelled + ready.choice.given).contains(where: { missingCount($0.name) > 0 }) {
      if !Self.isClear(common.map { scores[best][$0] - scores[0][$0] }) { best = 0 }
      usable = usable.filter { members[$0].traits.acceptsMissing }
    }
    let all = try Models.mixture(of: usable.map { members[$0] }, on: rows, workers: workers)
    // A member that hardly counts is not worth its time.
    let kept = usable.indices.filter { all.model.weights[$0] >= Self.smallestWeight }.map { usable[$0] }
    if kept.count > 1 {
      let some = try Models.mixture(of: kept.map { members[$0] }, on: rows, workers: workers)
      standing += ", \(some.model.members.count) in a mixture \(Nats.text(some.logLikelihood))"
      let mixed = try some.model.score(rows, workers: workers).logProb
      if Self.isClear(zip(mixed, common).map { $0 - scores[best][$1] }) {
        var record = some.model.record
        let listing = listed(kept.map { names[$0] })
        record.choice = "a mixture of \(listing) explains the held-out rows best (\(standing) nats a row)"
        let first = members[0].record
        (record.tableRows, record.trainingRows) = (first.tableRows, first.trainingRows)
        (record.heldOutGaussian, record.heldOutIndependent) = (first.heldOutGaussian, first.heldOutIndependent)
        record.seconds = (ContinuousClock().now - start).inSeconds
        record.seed = options.seed
        return try ModelMixture(some.model.members, weights: some.model.weights, record: record)
      }
    }
    return named(members[best], "\(names[best]) explains the held-out rows best (\(standing) nats a row)")
  }

  private func name(_ model: any TableModel) -> String {
    let kind = model.record.model.rawValue
    guard let flow = model as? DensityModel, flow.record.model == .nsf else { return kind }
    let isPlain = flow.encoder.columns.contains { column in
      if case .standard = column.transform { return true }
      return false
    }
    let usual = FitPlan(
      rows: flow.record.trainingRows, features: flow.columns.count, contextFeatures: 0, options: options
    ).size.network.dropout
    let dropout = flow.record.plan?.size.network.dropout ?? usual
    return kind + (isPlain ? " on plain scaling" : "")
      + (dropout == usual ? "" : dropout == 0 ? " without dropout" : " with dropout \(dropout)")
  }

  /// The model with the reason for its choice.
  private func named(_ model: any TableModel, _ choice: String) -> any TableModel {
    if var flow = model as? DensityModel {
      flow.record.choice = choice
      return flow
    }
    if var mixed = model as? MixedModel {
      mixed.record.choice = choice
      return mixed
    }
    if var mixture = model as? MixtureModel {
      mixture.record.choice = "\(choice); \(mixture.record.choice ?? "")"
      return mixture
    }
    if var mixed = model as? MixedFlowModel {
      mixed.record.choice = choice
      return mixed
    }
    return model
  }

  /// Whether gains, row by row, are on average more than two standard errors and a hundredth of a nat.
  private static func isClear(_ gains: [Double]) -> Bool {
    let finite = gains.filter(\.isFinite)
    let count = Double(finite.count)
    guard count > 1 else { return false }
    let mean = finite.reduce(0, +) / count
    let variance = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    return mean > max(2 * (variance / count).squareRoot(), 0.01)
  }
}
