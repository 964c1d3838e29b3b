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

/// Rows whose missing cells were drawn from something like their distribution.
public struct TableCandidate: Sendable {
  /// The modelled columns without a missing cell.
  public var table: Table
  /// Logarithm of the weight by which each row's draw counts among the candidates of its row; `nil`: all alike.
  public var logWeights: [Double]?

  /// Makes a candidate.
  public init(table: Table, logWeights: [Double]? = nil) { (self.table, self.logWeights) = (table, logWeights) }
}

extension TableModel {
  /// The model's own draws.
  public func completion(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCompletion {
    TableCompletion(
      table: try complete(table, seed: seed, firstRow: firstRow, draw: draw, workers: workers))
  }

  /// The model's own draws, all alike.
  public func candidate(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> TableCandidate {
    TableCandidate(
      table: try complete(table, seed: seed, firstRow: firstRow, draw: draw, workers: workers))
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
