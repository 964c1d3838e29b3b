import PushforwardCore
import PushforwardTables

extension ModelMixture {
  /// Candidates of which one is taken, where members propose.
  private static var candidates: Int { 32 }
  /// Of several draws together, where members propose: they share their candidates.
  public var candidatesPerDraw: Int { proposers.isEmpty ? 1 : 8 }

  /// The members that propose missing cells: those whose draws have a known density, where some member has no exact marginals,
  /// so that which member a row with gaps belongs to is not known either.
  private var proposers: [Int] {
    if !traits.completes || traits.isSequential || members.allSatisfy(\.traits.hasExactMarginals) { return [] }
    return members.indices.filter { weights[$0] > 0 && members[$0] is any ProposingModel }
  }

  /// Candidates of the members that propose, weighted by the mixture's density over that of all proposals together; without
  /// such members, the mixture's own draws.
  ///
  /// Multiple importance sampling with a fixed number of draws from each proposal and the balance heuristic (Veach, Guibas
  /// 1995, "Optimally combining sampling techniques for Monte Carlo rendering"): a candidate counts as drawn from
  /// `Σ αₘ qₘ`, αₘ the share of member m's draws, whichever member it came from. So the weights are bounded where any member
  /// proposes well.
  ///
  /// - Throws: as `complete`.
  public func candidates(
    _ table: Table, draws: Int, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableCandidates {
    let counts = shares(of: draws)
    guard !counts.isEmpty, table.rowCount > 0 else {
      return try ownDraws(table, draws: draws, seed: seed, firstRow: firstRow, workers: workers)
    }
    let logs = try logWeights(table)
    let stream = RandomStream(seed: seed, purpose: .component)
    var pieces: [(rows: [Int], table: Table)] = []
    var logWeights = [Double](repeating: -.infinity, count: table.rowCount * draws)
    var first = 0
    for (source, count) in counts {
      guard let member = members[source] as? any ProposingModel else { continue }
      let drawn = try member.proposals(
        table, draws: count, seed: stream.split(UInt64(source)).seed, firstRow: firstRow, workers: workers)
      let whole = try drawn.table.joined(with: table.repeating(count), names: given)
      var target: [[Double]] = []
      var proposal: [[Double]] = []
      for (m, model) in members.enumerated() {
        let share = counts.first { $0.member == m }.map { Double($0.count) / Double(draws) }
        if let share, let other = model as? any ProposingModel {
          let scores =
            m == source
            ? drawn.scores : try other.proposalScores(whole, of: table, draws: count, workers: workers)
          target.append(scores.logProb)
          proposal.append(scores.logProposal.map { $0 + Logarithm.of(share) })
        } else {
          target.append(try model.score(whole, workers: workers).logProb)
        }
      }
      // Places among the row's candidates.
      let rows = (0..<whole.rowCount).map { $0 / count * draws + first + $0 % count }
      for (place, row) in rows.enumerated() {
        let own = logs(place / count)
        let joint = Logarithm.sum(members.indices.map { own[$0] + target[$0][place] })
        let weight = joint - Logarithm.sum(proposal.map { $0[place] })
        logWeights[row] = weight.isNaN ? -.infinity : weight
      }
      pieces.append((rows, drawn.table))
      first += count
    }
    return TableCandidates(
      table: try Table.merging(pieces, names: columns, count: logWeights.count), draws: draws, logWeights: logWeights)
  }

  /// How many of some draws each proposing member makes: half of them alike, half by the members' weights.
  private func shares(of draws: Int) -> [(member: Int, count: Int)] {
    let proposers = proposers
    let total = proposers.reduce(0) { $0 + weights[$1] }
    var below = 0.0
    return proposers.compactMap { member in
      let start = Int((below * Double(draws)).rounded())
      below += 0.5 * weights[member] / total + 0.5 / Double(proposers.count)
      let count = Int((below * Double(draws)).rounded()) - start
      return count > 0 ? (member, count) : nil
    }
  }

  /// Fills missing cells: of candidates one is taken by weight where members propose; else the mixture's own draw.
  ///
  /// - Throws: as `complete`.
  public func completion(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCompletion {
    if !proposers.isEmpty, table.rowCount > 0 {
      let own = RandomStream(seed: seed, purpose: .user).split(UInt64(draw)).seed
      return try candidates(
        table, draws: Self.candidates, seed: own, firstRow: firstRow, workers: workers
      ).resampled(seed: own, firstRow: firstRow)
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
