import PushforwardChains
import PushforwardCore
import PushforwardTables

extension MixedModel {
  /// Candidates of which one is taken, for rows with cells missing before present ones.
  public static var candidates: Int { 32 }
  /// Of several draws together: they share their candidates.
  public var candidatesPerDraw: Int { 8 }

  /// Fills missing cells with draws from their distribution given the row's other cells.
  ///
  /// Rows whose missing cells follow the present ones in the chain's order are drawn exactly; for others the network's
  /// learned answer proposes 32 candidates, of which one is taken by the exact joint score over the proposal's density.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    try completion(table, seed: seed, firstRow: firstRow, draw: draw, workers: workers).table
  }

  /// As `complete`, with the effective number of candidates.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func completion(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCompletion {
    let drawSeed = Self.seed(seed, draw)
    let drawn = try chain.refined(
      cells(encoder.encode(table)), candidates: Self.candidates, seed: drawSeed, firstRow: UInt64(firstRow),
      snap: snap, workers: workers)
    return TableCompletion(
      table: try filled(table, drawn.rows, seed: drawSeed, firstRow: firstRow), candidates: Self.candidates,
      effectiveSizes: drawn.effectiveSizes)
  }

  /// Proposals of the network, weighted by the joint score over the proposal's density; of rows whose missing cells follow the
  /// present ones in the chain's order, the chain's own draws.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func candidates(
    _ table: Table, draws: Int, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableCandidates {
    let drawn = try chain.candidates(
      cells(encoder.encode(table)), draws: draws, seed: seed, firstRow: UInt64(firstRow), snap: snap,
      workers: workers)
    var logWeights: [Double]?
    let open = (0..<drawn.rows.count).filter { !drawn.isOwn[$0 / draws] }
    if !open.isEmpty {
      var weights = [Double](repeating: 0, count: drawn.rows.count)
      let joint = try chain.logProb(drawn.rows.selecting(open), workers: workers)
      for (place, row) in open.enumerated() {
        let weight = joint[place] - drawn.logProposal[row]
        weights[row] = weight.isNaN ? -.infinity : weight
      }
      logWeights = weights
    }
    return TableCandidates(
      table: try filled(table.repeating(draws), drawn.rows, seed: seed, firstRow: firstRow * draws), draws: draws,
      logWeights: logWeights)
  }

  private static func seed(_ seed: UInt64, _ draw: Int) -> UInt64 {
    RandomStream(seed: seed, purpose: .user).split(UInt64(draw)).seed
  }

  /// Completed rows in the table's own form, present cells as they were.
  private func filled(_ table: Table, _ rows: ChainRows, seed: UInt64, firstRow: Int) throws -> Table {
    let filled = try decoded(rows, seed: seed, firstRow: firstRow)
    return try Table(
      filled.columns.map { name, column in
        guard let present = table[name] else { return (name, column) }
        if present.storage == column.storage { return (name, column.replacingCells(from: present)) }
        return (name, Column.categories(column.categories).replacingCells(from: .categories(present.categories)))
      }, origin: table.origin)
  }
}

extension MixedModel: ProposingModel {
  func proposals(
    _ table: Table, draws: Int, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableProposals {
    let asked = try encoder.encode(table)
    let drawn = try chain.candidates(
      cells(asked), draws: draws, seed: seed, firstRow: UInt64(firstRow), snap: snap, workers: workers)
    let long = table.repeating(draws)
    let filled = try filled(long, drawn.rows, seed: seed, firstRow: firstRow * draws)
    let known = constants(asked)
    let all = try constants(encoder.encode(filled.joined(with: long, names: given)))
    let joint = try chain.logProb(drawn.rows, workers: workers)
    return TableProposals(
      table: filled,
      scores: ProposalScores(
        logProb: joint.indices.map { joint[$0] + all[$0] },
        logProposal: joint.indices.map { drawn.logProposal[$0] + all[$0] - known[$0 / draws] }))
  }

  func proposalScores(
    _ filled: Table, of table: Table, draws: Int, workers: WorkerPool?
  ) throws -> ProposalScores {
    let (asked, typed) = (try encoder.encode(table), try encoder.encode(filled))
    let found = try chain.candidateScores(cells(typed), of: cells(asked), draws: draws, workers: workers)
    let (known, all) = (constants(asked), constants(typed))
    let logProposal = found.logProposal.indices.map { row -> Double in
      // What the chain has no class for it does not draw.
      let isPossible = !encoder.columns.indices.contains { index in
        typed.columns[index].codes[row] == TypedCells.missing
          && asked.columns[index].codes[row / draws] == TypedCells.missing
          && typed.columns[index].constant[row] != asked.columns[index].constant[row / draws]
      }
      return isPossible ? found.logProposal[row] + all[row] - known[row / draws] : -.infinity
    }
    return ProposalScores(logProb: zip(found.logProb, all).map { $0 + $1 }, logProposal: logProposal)
  }
}
