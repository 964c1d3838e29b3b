import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Rows whose missing cells were drawn, and what the draws are worth.
public struct ChainCompletion: Sendable {
  /// The rows without missing cells.
  public var rows: ChainRows
  /// `log p(row) - log q(drawn cells | present cells)` of each row, nats: p the chain, q what the cells were drawn from; 0
  /// where the draw is the chain's own.
  public var logWeights: [Double]
  /// How many equally weighted candidates each row's choice is worth (Kong's effective sample size); NaN where the draw is
  /// the chain's own and no choice was needed.
  public var effectiveSizes: [Double]
}

/// Draws of missing cells corrected by importance.
///
/// The network's answer to a question out of the chain's order is learned; the joint score of a completed row is exact.
/// So candidates are drawn from the network's answer, weighted by the ratio of both, and one is taken by weight: sampling
/// and importance resampling (Rubin 1987, "A noniterative sampling/importance resampling alternative"), exact in the
/// limit of many candidates.
extension Chain {
  /// One candidate for the missing cells of each row, with its weight.
  ///
  /// Rows whose missing cells all follow their present ones in the chain's order are drawn from the chain itself.
  ///
  /// - Parameters:
  ///   - rows: Rows with gaps.
  ///   - seed: Of the draws.
  ///   - firstRow: Number of the first row.
  ///   - snap: Rounds drawn points to the cells of the data.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: The candidate; effective sizes are 1, or NaN.
  /// - Throws: `ChainError`.
  public func candidate(
    _ rows: ChainRows, seed: UInt64, firstRow: UInt64 = 0, snap: CellSnap? = nil, workers: WorkerPool? = nil
  ) throws -> ChainCompletion {
    let isInOrder = rowsInOrder(rows)
    let drawn = try complete(
      rows, seed: seed, firstRow: firstRow, snap: snap, isInOrder: isInOrder, workers: workers)
    let open = isInOrder.indices.filter { !isInOrder[$0] }
    let weights = try importance(of: drawn, for: rows, at: open, workers: workers)
    var result = ChainCompletion(
      rows: drawn, logWeights: [Double](repeating: 0, count: rows.count),
      effectiveSizes: [Double](repeating: .nan, count: rows.count))
    for (row, weight) in zip(open, weights) {
      result.logWeights[row] = weight
      result.effectiveSizes[row] = 1
    }
    return result
  }

  /// Draws the missing cells of modelled columns: of some candidates one by importance.
  ///
  /// - Parameters:
  ///   - rows: Rows with gaps.
  ///   - candidates: Candidates a row, at least one.
  ///   - seed: Of the draws.
  ///   - firstRow: Number of the first row.
  ///   - snap: Rounds drawn points to the cells of the data.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: The rows; the weights are those of the mean candidate.
  /// - Throws: `ChainError`.
  public func refined(
    _ rows: ChainRows, candidates: Int, seed: UInt64, firstRow: UInt64 = 0, snap: CellSnap? = nil,
    workers: WorkerPool? = nil
  ) throws -> ChainCompletion {
    let stream = RandomStream(seed: seed, purpose: .user)
    var result = try candidate(rows, seed: seed, firstRow: firstRow, snap: snap, workers: workers)
    let open = result.effectiveSizes.indices.filter { !result.effectiveSizes[$0].isNaN }
    if open.isEmpty || candidates < 2 { return result }
    // What is settled is drawn no further: the cells of other rows count as present.
    var pending = rows
    let isOpen = Set(open)
    for row in 0..<rows.count where !isOpen.contains(row) { pending.copyRow(row, from: result.rows) }
    var totals = open.map { WeightTotal(result.logWeights[$0]) }
    for number in 1..<candidates {
      let drawn = try complete(
        pending, seed: stream.split(UInt64(number)).seed, firstRow: firstRow, snap: snap, workers: workers)
      let weights = try importance(of: drawn, for: rows, at: open, workers: workers)
      for (place, row) in open.enumerated() {
        let u = stream.uniform(row: firstRow + UInt64(row), index: UInt32(number))
        if totals[place].takes(weights[place], u) { result.rows.copyRow(row, from: drawn) }
      }
    }
    for (place, row) in open.enumerated() {
      result.logWeights[row] = totals[place].logMean
      result.effectiveSizes[row] = totals[place].effectiveSize
    }
    return result
  }

  /// `log p(row) - log q(drawn | present)` of some rows.
  private func importance(
    of drawn: ChainRows, for rows: ChainRows, at places: [Int], workers: WorkerPool?
  ) throws -> [Double] {
    if places.isEmpty { return [] }
    let (filled, asked) = (drawn.selecting(places), rows.selecting(places))
    let joint = try logProb(filled, workers: workers)
    let proposed = try completionLogProb(filled, of: asked, workers: workers)
    return zip(joint, proposed).map { ($0 - $1).isNaN ? -.infinity : $0 - $1 }
  }

  /// Whether each row's missing cells all follow its present ones, conditions aside.
  private func rowsInOrder(_ rows: ChainRows) -> [Bool] {
    var hasGap = [Bool](repeating: false, count: rows.count)
    var isInOrder = [Bool](repeating: true, count: rows.count)
    for index in specification.order where index < rows.columns.count {
      for (row, code) in rows.columns[index].codes.enumerated() {
        if code == ChainCells.missing {
          hasGap[row] = true
        } else if hasGap[row] {
          isInOrder[row] = false
        }
      }
    }
    return isInOrder
  }
}

/// A running choice of one candidate by weight.
private struct WeightTotal {
  private var top: Double
  /// Sums of the weights and of their squares, relative to the largest.
  private var sum = 1.0
  private var squares = 1.0
  private var count = 1.0

  init(_ logWeight: Double) {
    top = logWeight
    if logWeight == -.infinity { (sum, squares) = (0, 0) }
  }

  /// Adds a candidate; `true` when it takes the place of the one chosen so far.
  mutating func takes(_ logWeight: Double, _ u: Double) -> Bool {
    count += 1
    guard logWeight > -.infinity else { return false }
    if logWeight > top {
      let scale = exp(top - logWeight)
      (sum, squares, top) = (sum * scale, squares * scale * scale, logWeight)
    }
    let weight = exp(logWeight - top)
    sum += weight
    squares += weight * weight
    return u * sum < weight
  }

  var effectiveSize: Double { squares > 0 ? sum * sum / squares : 0 }
  var logMean: Double { top + log(sum / count) }
}

extension ChainRows {
  /// Replaces a row's cells by another's.
  fileprivate mutating func copyRow(_ row: Int, from other: ChainRows) {
    for index in columns.indices {
      columns[index].codes[row] = other.columns[index].codes[row]
      if columns[index].low.isEmpty || other.columns[index].low.isEmpty { continue }
      columns[index].low[row] = other.columns[index].low[row]
      columns[index].high[row] = other.columns[index].high[row]
      columns[index].width[row] = other.columns[index].width[row]
    }
  }
}
