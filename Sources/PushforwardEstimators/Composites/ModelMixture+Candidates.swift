import PushforwardCore
import PushforwardTables

extension ModelMixture {
  /// Candidates of which one is taken, where a member proposes.
  private static var candidates: Int { 16 }

  /// The member that proposes missing cells: one that knows what part of a row is worth, where others do not.
  private var proposer: (any TableModel)? {
    if traits.acceptsMissing || !traits.completes || traits.isSequential { return nil }
    return members.indices.filter { weights[$0] > 0 && members[$0].traits.acceptsMissing }
      .max { weights[$0] < weights[$1] }.map { members[$0] }
  }

  /// One candidate: of a member that answers any question quickly, if there is one, weighted by the mixture's density over the
  /// member's; else the mixture's own draw.
  ///
  /// - Throws: as `complete`.
  public func candidate(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCandidate {
    guard let proposer else {
      return TableCandidate(
        table: try ownCompletion(table, seed: seed, firstRow: firstRow, draw: draw, workers: workers))
    }
    let found = try proposer.candidate(table, seed: seed, firstRow: firstRow, draw: draw, workers: workers)
    let whole = try found.table.joined(with: table, names: given)
    let target = try score(whole, workers: workers).logProb
    let own = try proposer.score(whole, workers: workers).logProb
    let logWeights = (0..<table.rowCount).map { row -> Double in
      let weight = (found.logWeights?[row] ?? 0) + target[row] - own[row]
      return weight.isNaN ? -.infinity : weight
    }
    return TableCandidate(table: try found.table.selecting(columns: columns), logWeights: logWeights)
  }

  /// Fills missing cells: of candidates one is taken by weight where a member proposes; else the mixture's own draw.
  ///
  /// - Throws: as `complete`.
  public func completion(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCompletion {
    if proposer != nil, table.rowCount > 0 {
      return try resampled(
        candidates: Self.candidates, table, seed: seed, firstRow: firstRow, draw: draw, workers: workers)
    }
    return TableCompletion(
      table: try ownCompletion(table, seed: seed, firstRow: firstRow, draw: draw, workers: workers))
  }

  /// Fills missing cells, as `completion`.
  ///
  /// - Throws: what the members throw; `EstimatorError.cannotAnswer`.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    try completion(table, seed: seed, firstRow: firstRow, draw: draw, workers: workers).table
  }
}
