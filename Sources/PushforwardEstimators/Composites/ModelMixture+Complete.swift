import PushforwardCore
import PushforwardTables

extension ModelMixture {
  /// Rounds of drawing the member and then the missing cells, where members cannot score a part of a row.
  private static var rounds: Int { 5 }

  /// Fills missing cells: a member is drawn by its posterior probability given the row's present cells, and completes the row.
  ///
  /// Exact if all members score rows with missing cells. Otherwise by Gibbs sampling: given a completed row a member is drawn
  /// by posterior probability, given the member the missing cells are drawn again; five rounds.
  func ownCompletion(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    guard traits.completes else {
      throw EstimatorError.cannotAnswer(
        model: record.model.rawValue, question: "the distribution of missing cells given the others: a member does not")
    }
    let choice = RandomStream(seed: seed, purpose: .component).split(UInt64(draw))
    let logs = try logWeights(table)
    func completed(_ owners: [Int], round: Int) throws -> Table {
      // Every member completes all rows, so that a row's draws depend on its number only.
      let used = Set(owners).sorted()
      let tables = try used.map { m in
        try members[m].complete(
          table, seed: RandomStream(seed: seed, purpose: .user).split(UInt64(m)).seed, firstRow: firstRow,
          draw: draw * (Self.rounds + 1) + round, workers: workers)
      }
      return try Table.merging(
        zip(used, tables).map { m, drawn in
          let rows = owners.indices.filter { owners[$0] == m }
          return (rows, drawn.selecting(rows: rows))
        }, names: columns, count: table.rowCount)
    }
    func owners(_ logJoint: [[Double]]?, round: Int) -> [Int] {
      (0..<table.rowCount).map { row in
        let own = logs(row)
        let joint = members.indices.map { own[$0] + (logJoint?[$0][row] ?? 0) }
        let total = Logarithm.sum(joint)
        let shares = total.isFinite ? joint.map { Logarithm.exponential($0 - total) } : weights
        return Self.pick(shares, choice.uniform(row: UInt64(firstRow + row), index: UInt32(round)))
      }
    }
    if table.rowCount == 0 { return try completed([0], round: 0).selecting(rows: []) }
    if traits.acceptsMissing {
      let scores = try members.map { try $0.score(table, workers: workers).logProb }
      return try completed(owners(scores, round: 0), round: 0)
    }
    var filled = try completed(owners(nil, round: 0), round: 0)
    for round in 1...Self.rounds {
      let whole = try filled.joined(with: table, names: given)
      let scores = try members.map { try $0.score(whole, workers: workers).logProb }
      filled = try completed(owners(scores, round: round), round: round)
    }
    return filled
  }
}

extension Table {
  /// This table with some columns of another one beside it.
  func joined(with other: Table, names: [String]) throws -> Table {
    try Table(
      columns.map { ($0, $1) } + names.filter { self[$0] == nil }.map { ($0, try other.column($0)) }, origin: origin)
  }
}
