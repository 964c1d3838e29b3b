import PushforwardCore
import PushforwardEvaluation
import PushforwardTables

/// A mixture of models with what its weights were chosen on.
public struct MixtureCombination: Sendable {
  /// The mixture.
  public let model: ModelMixture
  /// Mean log-likelihood of the rows that chose, nats a row; never below the best of `alone`.
  public let logLikelihood: Double
  /// The same under each member alone.
  public let alone: [Double]
  /// The most that any other weights could gain on these rows, nats a row.
  public let gap: Double
  /// Rows that chose.
  public let rows: Int
}

extension Models {
  /// Mixes models that were fitted separately, with the weights that make the given rows most likely.
  ///
  /// The rows should be others than those that the members were fitted to, or the weights favour members that overfit.
  ///
  /// - Parameters:
  ///   - members: Models of the same columns.
  ///   - table: The rows that choose; each must be one that all members can score.
  ///   - gated: Lets the weights depend on the columns that members are conditioned on (and on nothing else, or the mixture
  ///     would be no density): a softmax of linear functions, never worse on these rows than constant weights.
  ///   - workers: Threads.
  /// - Returns: The mixture, and the proof that no other weights are better.
  /// - Throws: `EstimatorError.cannotCombine`, `.tooFewRows`, or what members throw.
  public static func mixture(
    of members: [any TableModel], on table: Table, gated: Bool = false, workers: WorkerPool? = nil
  ) throws -> MixtureCombination {
    let start = ContinuousClock().now
    let equal = try ModelMixture(members, weights: [Double](repeating: 1, count: members.count))
    let scores = try members.map { try $0.score(table, workers: workers) }
    let rows = (0..<table.rowCount).filter { row in scores.allSatisfy { !$0.logProb[row].isNaN } }
    if rows.isEmpty {
      throw EstimatorError.tooFewRows(
        expected: 1, found: 0,
        note: scores.lazy.compactMap(\.leftOutNote).first ?? "no row can be scored by all members")
    }
    let densities = scores.map { score in rows.map { score.logProb[$0] } }
    let found = MixtureWeights(densities)
    func mixed(_ weights: [Double]) -> LikelihoodSummary {
      LikelihoodSummary(
        rows.indices.map { row in
          Logarithm.sum(
            members.indices.filter { weights[$0] > 0 }.map { Logarithm.of(weights[$0]) + densities[$0][row] })
        })
    }
    var (weights, summary) = (found.weights, mixed(found.weights))
    let alone = densities.map { LikelihoodSummary($0).mean }
    // Rounding must not make the mixture worse than the best member alone.
    if let first = alone.indices.max(by: { alone[$0] < alone[$1] }), alone[first] > summary.mean {
      weights = members.indices.map { $0 == first ? 1 : 0 }
      summary = mixed(weights)
    }
    var gate: MixtureGate?
    if gated {
      let used = table.selecting(rows: rows)
      gate = try MixtureGate(
        conditions: gateConditions(equal, used), table: used, logDensities: densities, start: weights)
      let model = try ModelMixture(members, weights: weights, gate: gate)
      summary = LikelihoodSummary(try model.score(used, workers: workers).logProb)
    }
    var record = CompositeSupport.record(
      .mixture, members,
      choice: "\(members.count) members, weights "
        + (gated ? "by conditions " : "")
        + "of the greatest likelihood on \(rows.count) rows, to \(Logarithm.scientific(found.gap)) nats a row",
      rows: table.rowCount, numbers: weights + (gate?.coefficients.flatMap { $0 } ?? []), seconds: 0)
    record.heldOut = summary.mean
    record.heldOutStandardError = summary.standardError
    record.heldOutRows = rows.count
    let used = table.selecting(rows: rows)
    record.heldOutScores = try ScoreDistribution(
      ModelMixture(members, weights: weights, gate: gate).score(used, workers: workers).logProb,
      hasGaps: equal.requiredColumns.contains { name, _ in used[name]?.missingCount ?? 0 > 0 })
    for baseline in try equal.baselines(used) {
      let mean = LikelihoodSummary(baseline.logProb).mean
      if baseline.key == "gaussian" { record.heldOutGaussian = mean }
      if baseline.key == "independent" { record.heldOutIndependent = mean }
    }
    record.seconds = (ContinuousClock().now - start).inSeconds
    return MixtureCombination(
      model: try ModelMixture(members, weights: weights, gate: gate, record: record), logLikelihood: summary.mean,
      alone: alone, gap: found.gap, rows: rows.count)
  }

  /// The columns that may move the weights.
  private static func gateConditions(_ mixture: ModelMixture, _ table: Table) throws -> [ConditionColumn] {
    if mixture.given.isEmpty {
      throw EstimatorError.cannotCombine(
        detail: "weights can only depend on columns that members are conditioned on, and these have none")
    }
    let schema = mixture.schema
    return try mixture.given.map { name in
      try ConditionColumn(fitting: table.column(name), schema: schema.column(name), place: table.place(ofRow:))
    }
  }

  /// Puts models of disjoint columns in a row, later ones conditional on earlier ones.
  ///
  /// - Parameters:
  ///   - members: The links, in order.
  ///   - table: Rows to judge the chain on, for the record.
  ///   - workers: Threads.
  /// - Returns: The chain.
  /// - Throws: `EstimatorError.cannotCombine`, or what members throw.
  public static func chain(
    of members: [any TableModel], judgedOn table: Table? = nil, workers: WorkerPool? = nil
  ) throws -> ModelChain {
    let chain = try ModelChain(members)
    guard let table else { return chain }
    var record = chain.record
    try judge(chain, table, &record, workers: workers)
    return try ModelChain(members, record: record)
  }

  static func judge(
    _ model: any TableModel, _ table: Table, _ record: inout FitRecord, workers: WorkerPool?
  ) throws {
    let evaluation = try model.evaluate(table, workers: workers)
    (record.heldOut, record.heldOutStandardError) = (evaluation.model.mean, evaluation.model.standardError)
    record.heldOutScores = try ScoreDistribution(
      model.score(table, workers: workers).logProb,
      hasGaps: model.requiredColumns.contains { name, _ in
        table[name]?.missingCount ?? 0 > 0
      })
    record.heldOutRows = evaluation.model.rowCount
    record.tableRows = table.rowCount
    record.heldOutGaussian = evaluation["gaussian"]?.mean ?? .nan
    record.heldOutIndependent = evaluation["independent"]?.mean ?? .nan
  }
}

extension Logarithm {
  /// A small positive number as a power of ten.
  static func scientific(_ value: Double) -> String {
    if !(value > 0) { return "0" }
    var exponent = 0
    var rest = value
    while rest < 1 && exponent > -300 {
      rest *= 10
      exponent -= 1
    }
    return exponent == 0 ? Nats.text(value) : "\(Int(rest.rounded()))e\(exponent)"
  }
}
