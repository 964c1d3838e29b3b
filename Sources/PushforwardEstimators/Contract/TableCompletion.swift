import PushforwardCore
import PushforwardTables

/// Rows whose missing cells were drawn, and how many candidates each row's draw was in effect chosen from.
public struct TableCompletion: Sendable {
  /// The modelled columns without a missing cell.
  public var table: Table
  /// Candidates a row, of which one was taken by importance; `nil`: the draws come from the model itself.
  public var candidates: Int?
  /// Kong's effective sample size a row, from 1 to `candidates`; NaN for rows that needed no choice.
  public var effectiveSizes: [Double]?

  /// Makes a completion.
  public init(table: Table, candidates: Int? = nil, effectiveSizes: [Double]? = nil) {
    (self.table, self.candidates, self.effectiveSizes) = (table, candidates, effectiveSizes)
  }
}

/// Rows whose missing cells were drawn from something like their distribution, several times each.
public struct TableCandidates: Sendable {
  /// The modelled columns without a missing cell: the candidates of the first row, then those of the second.
  public var table: Table
  /// Candidates for each row.
  public var draws: Int
  /// The logarithm of each candidate's weight, up to a constant a row; `nil`: all are alike.
  public var logWeights: [Double]?

  /// Makes candidates.
  public init(table: Table, draws: Int = 1, logWeights: [Double]? = nil) {
    (self.table, self.draws, self.logWeights) = (table, draws, logWeights)
  }
}

extension TableModel {
  /// The model's own draws.
  public func completion(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCompletion {
    TableCompletion(
      table: try complete(table, seed: seed, firstRow: firstRow, draw: draw, workers: workers))
  }

  /// The model's own draws need no choice.
  public var candidatesPerDraw: Int { 1 }

  /// The model's own draws, all alike.
  public func candidates(
    _ table: Table, draws: Int, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableCandidates {
    try ownDraws(table, draws: draws, seed: seed, firstRow: firstRow, workers: workers)
  }

  /// Draws of `complete`, all rows' at once unless rows hang together.
  func ownDraws(
    _ table: Table, draws: Int, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableCandidates {
    guard traits.isSequential else {
      return TableCandidates(
        table: try complete(
          table.repeating(draws), seed: seed, firstRow: firstRow * draws, draw: 0, workers: workers),
        draws: draws)
    }
    let drawn = try (0..<draws).map {
      try complete(table, seed: seed, firstRow: firstRow, draw: $0, workers: workers)
    }
    let pieces = drawn.enumerated().map { draw, table in
      ((0..<table.rowCount).map { $0 * draws + draw }, table)
    }
    return TableCandidates(
      table: try Table.merging(pieces, names: columns, count: table.rowCount * draws), draws: draws)
  }

  /// Runs `body` on the candidates of some rows after the other, so many at once that they are few enough for memory.
  ///
  /// - Throws: as `candidates`, and what `body` throws.
  func forEachCandidates(
    _ table: Table, draws: Int, seed: UInt64, firstRow: Int, workers: WorkerPool?,
    _ body: (_ rows: Range<Int>, TableCandidates) throws -> Void
  ) throws {
    let most = traits.isSequential ? max(table.rowCount, 1) : max(1, (1 << 15) / draws)
    for start in stride(from: 0, to: table.rowCount, by: most) {
      let rows = start..<min(start + most, table.rowCount)
      let part = rows.count == table.rowCount ? table : table.selecting(rows: rows)
      try body(
        rows,
        candidates(part, draws: draws, seed: seed, firstRow: firstRow + start, workers: workers))
    }
  }
}

/// What importance weights were worth, over many rows, for a person and for JSON.
public struct EffectiveSizes: Sendable, Codable, Equatable {
  /// Rows whose draws were weighted.
  public var rows: Int
  /// Draws a row.
  public var draws: Int
  /// Mean of the rows' effective sample sizes.
  public var mean: Double
  /// Rows whose effective sample size is below `lowest`.
  public var lowCount: Int
  /// A quarter of the draws, at most 10.
  public var lowest: Double { min(Double(draws) / 4, 10) }

  /// No rows so far.
  public init(draws: Int) { (rows, self.draws, mean, lowCount) = (0, draws, .nan, 0) }

  /// Takes rows in; NaN stands for a row without weights.
  public mutating func add(_ sizes: [Double]) {
    let weighted = sizes.filter { !$0.isNaN }
    if weighted.isEmpty { return }
    let sum = weighted.reduce(rows == 0 ? 0 : mean * Double(rows), +)
    rows += weighted.count
    mean = sum / Double(rows)
    lowCount += weighted.count { $0 < lowest }
  }

  /// Takes the rows of another summary in, of as many draws.
  public mutating func add(_ other: EffectiveSizes) {
    if other.rows == 0 { return }
    let sum = (rows == 0 ? 0 : mean * Double(rows)) + other.mean * Double(other.rows)
    rows += other.rows
    mean = sum / Double(rows)
    lowCount += other.lowCount
  }
}
