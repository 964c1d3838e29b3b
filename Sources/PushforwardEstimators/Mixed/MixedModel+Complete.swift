import PushforwardChains
import PushforwardCore
import PushforwardTables

extension MixedModel {
  /// Candidates of which one is taken, for rows with cells missing before present ones.
  public static var candidates: Int { 16 }

  /// Fills missing cells with draws from their distribution given the row's other cells.
  ///
  /// Rows whose missing cells follow the present ones in the chain's order are drawn exactly; for others the network's
  /// learned answer proposes 16 candidates, of which one is taken by the exact joint score over the proposal's density.
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

  /// One proposal of the network, weighted by the joint score over the proposal's density.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func candidate(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCandidate {
    let drawSeed = Self.seed(seed, draw)
    let drawn = try chain.candidate(
      cells(encoder.encode(table)), seed: drawSeed, firstRow: UInt64(firstRow), snap: snap, workers: workers)
    return TableCandidate(
      table: try filled(table, drawn.rows, seed: drawSeed, firstRow: firstRow), logWeights: drawn.logWeights)
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
