import PushforwardCore
import PushforwardTables

/// Rows drawn under limits on some columns.
public struct LimitedSample: Sendable {
  /// How the rows were found.
  public enum Method: Sendable, Equatable {
    /// Of so many draws those that keep the limits: draws of the very distribution.
    case rejection(draws: Int)
    /// Resampled from so many weighted candidates, worth `effectiveSize` independent draws.
    case importance(candidates: Int, effectiveSize: Double)
  }

  /// Conditions, and modelled columns.
  public var table: Table
  /// How the rows were found.
  public var method: Method
  /// How probable the limits are under the model given the fixed columns; `nil`: not known.
  public var probability: Double?
}

extension TableModel {
  /// Candidates whose cells keep limits, with weights; `nil`: the model can only draw freely.
  public func limitedCandidate(
    _ table: Table, limits: [ColumnLimit], seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableCandidates? { nil }

  /// Draws rows whose cells keep limits: free draws of which those that keep them are taken; where too few would, weighted
  /// candidates that keep them, of a model that can draw such, resampled.
  ///
  /// - Parameters:
  ///   - count: Rows wanted.
  ///   - fixed: One row of conditions and of modelled cells that are given; `nil`: none.
  ///   - limits: All to be kept, on modelled columns that are not fixed.
  ///   - seed: Same seed, same rows.
  ///   - budget: Draws at most.
  ///   - workers: Threads; the result does not depend on them.
  ///   - progress: Told how many rows are found.
  /// - Returns: `count` rows.
  /// - Throws: `EstimatorError.improbable` when the budget does not suffice, or what the model throws.
  public func sample(
    count: Int, fixed: Table?, limits: [ColumnLimit], seed: UInt64, budget: Int, workers: WorkerPool? = nil,
    progress: (Int) -> Void = { _ in }
  ) throws -> LimitedSample {
    try LimitedSampler(
      model: self, count: count, fixed: fixed, limits: limits, seed: seed, budget: budget, workers: workers
    ).run(progress)
  }
}

/// The search for rows that keep limits.
private struct LimitedSampler {
  let model: any TableModel
  let count: Int
  let fixed: Table?
  let limits: [ColumnLimit]
  let seed: UInt64
  let budget: Int
  let workers: WorkerPool?

  /// Draws at once.
  private static var batch: Int { 8192 }
  /// Draws after which the share of good ones is known well enough to turn to candidates.
  private static var pilot: Int { 2 * batch }

  private var isPartial: Bool { !Set(fixed?.names ?? []).isSubset(of: model.given) }
  private var words: String { limits.map(\.text).joined(separator: ", ") }

  func run(_ progress: (Int) -> Void) throws -> LimitedSample {
    var found: [Table] = []
    var (kept, drawn) = (0, 0)
    while kept < count || drawn == 0 {
      if drawn >= min(Self.pilot, budget), Double(count) * Double(drawn) > Double(budget) * Double(max(kept, 1)) {
        if let sample = try resampled(progress) { return sample }
      }
      if drawn >= budget { throw tooFew(kept, drawn) }
      let size = min(Self.batch, budget - drawn)
      let table = try free(size, firstRow: drawn)
      let keeps = try keeps(table)
      let rows = keeps.indices.filter { keeps[$0] }
      // The last batch counts only as far as it was needed.
      let needed = rows.prefix(count - kept)
      found.append(table.selecting(rows: Array(needed)))
      drawn += needed.count < rows.count ? (needed.last ?? -1) + 1 : size
      kept += needed.count
      progress(kept)
      if count == 0 { break }
    }
    return LimitedSample(
      table: try Table.stacking(found), method: .rejection(draws: drawn),
      probability: Double(kept) / Double(max(drawn, 1)))
  }

  private func tooFew(_ kept: Int, _ drawn: Int) -> EstimatorError {
    .improbable(
      condition: words,
      detail: "\(kept) of \(drawn) draws keep it, and \(count) \(count == 1 ? "row is" : "rows are") wanted "
        + "(a larger budget, fewer rows or a wider condition would help)")
  }

  private func keeps(_ table: Table) throws -> [Bool] {
    var all = [Bool](repeating: true, count: table.rowCount)
    for limit in limits {
      for (row, keeps) in try limit.accepts(table, schema: model.schema[limit.column]).enumerated() where !keeps {
        all[row] = false
      }
    }
    return all
  }

  private func repeated(_ size: Int) -> Table? { fixed?.selecting(rows: [Int](repeating: 0, count: size)) }

  /// Rows drawn freely.
  private func free(_ size: Int, firstRow: Int) throws -> Table {
    let given = repeated(size)
    if isPartial, let given {
      return try joined(
        given, model.complete(given, seed: seed, firstRow: firstRow, draw: 0, workers: workers))
    }
    return try joined(
      given, model.sample(count: size, given: given, seed: seed, firstRow: firstRow, workers: workers))
  }

  /// Conditions in front of the modelled columns.
  private func joined(_ given: Table?, _ drawn: Table) throws -> Table {
    let conditions = try model.given.compactMap { name in try given.map { (name, try $0.column(name)) } }
    return try Table(conditions + drawn.columns.map { ($0, $1) })
  }

  /// Candidates that keep the limits, resampled; `nil` where the model has none.
  private func resampled(_ progress: (Int) -> Void) throws -> LimitedSample? {
    var tables: [Table] = []
    var logWeights: [Double] = []
    var size = max(2 * count, 1024)
    while logWeights.count < budget {
      size = min(size, budget - logWeights.count, 1 << 16)
      let empty = try Table([(Self.rowName, .numbers(NumberColumn([Double](repeating: 0, count: size))))])
      guard
        let found = try model.limitedCandidate(
          repeated(size) ?? empty, limits: limits, seed: seed, firstRow: logWeights.count, workers: workers)
      else { return nil }
      let table = try joined(repeated(size), found.table)
      let keeps = try keeps(table)
      tables.append(table)
      logWeights += keeps.indices.map { keeps[$0] ? found.logWeights?[$0] ?? 0 : -.infinity }
      progress(min(count, Int(Self.effectiveSize(logWeights))))
      if Self.effectiveSize(logWeights) >= Double(count) { break }
      size = logWeights.count
    }
    let effective = Self.effectiveSize(logWeights)
    guard effective >= min(Double(count), 10) else {
      throw EstimatorError.improbable(
        condition: words,
        detail: "\(logWeights.count) candidates are worth \(Int(effective.rounded())) draws, and \(count) "
          + "\(count == 1 ? "row is" : "rows are") wanted (a larger budget or a wider condition would help)")
    }
    let top = logWeights.max() ?? 0
    let weights = logWeights.map { Logarithm.exponential($0 - top) }
    let total = weights.reduce(0, +)
    // Systematic resampling: one uniform number, evenly spaced places.
    let start = RandomStream(seed: seed, purpose: .component).uniform(row: 0)
    var (rows, sum, row): ([Int], Double, Int) = ([], 0, -1)
    for place in 0..<count {
      let goal = (Double(place) + start) / Double(count) * total
      while sum <= goal, row + 1 < weights.count {
        row += 1
        sum += weights[row]
      }
      rows.append(row)
    }
    let mean = top + Logarithm.of(total / Double(weights.count))
    return LimitedSample(
      table: try Table.stacking(tables).selecting(rows: rows),
      method: .importance(candidates: logWeights.count, effectiveSize: effective),
      probability: isPartial ? nil : Logarithm.exponential(mean))
  }

  /// Holds rows where nothing is given; no model has a column of this name.
  private static var rowName: String { "\u{1}row" }

  private static func effectiveSize(_ logWeights: [Double]) -> Double {
    let (sum, squares) = (Logarithm.sum(logWeights), Logarithm.sum(logWeights.map { 2 * $0 }))
    return squares > -.infinity ? Logarithm.exponential(2 * sum - squares) : 0
  }
}
