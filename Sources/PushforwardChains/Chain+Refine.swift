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
  /// Draws the missing cells of modelled columns: of some candidates one by importance.
  ///
  /// Rows whose missing cells all follow their present ones in the chain's order are drawn from the chain itself.
  ///
  /// - Parameters:
  ///   - rows: Rows with gaps.
  ///   - candidates: Candidates a row, at least one.
  ///   - seed: Of the draws.
  ///   - firstRow: Number of the first row; a row's draw depends on seed, its number and `candidates`.
  ///   - snap: Rounds drawn points to the cells of the data.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: The rows; the weights are those of the mean candidate.
  /// - Throws: `ChainError`.
  public func refined(
    _ rows: ChainRows, candidates: Int, seed: UInt64, firstRow: UInt64 = 0, snap: CellSnap? = nil,
    workers: WorkerPool? = nil
  ) throws -> ChainCompletion {
    let isOwn = rowsInOrder(rows)
    var places: [Int] = []
    var numbers: [UInt64] = []
    for row in 0..<rows.count {
      for number in 0..<(isOwn[row] ? 1 : candidates) {
        places.append(row)
        numbers.append((firstRow + UInt64(row)) * UInt64(candidates) + UInt64(number))
      }
    }
    var how = ChainDraws(seed: seed)
    (how.numbers, how.snap, how.scores) = (numbers, snap, true)
    how.isInOrder = places.map { isOwn[$0] }
    let drawn = try drawn(rows.selecting(places), how, workers: workers)
    let open = places.indices.filter { !isOwn[places[$0]] }
    let joint = try logProb(drawn.rows.selecting(open), workers: workers)
    var weights = [Double](repeating: 0, count: places.count)
    for (place, row) in open.enumerated() { weights[row] = joint[place] - drawn.logProb[row] }
    let stream = RandomStream(seed: seed, purpose: .user)
    var result = ChainCompletion(rows: rows, logWeights: [], effectiveSizes: [])
    var chosen: [Int] = []
    var start = 0
    for row in 0..<rows.count {
      let own = start..<start + (isOwn[row] ? 1 : candidates)
      start = own.upperBound
      let choice = WeightedChoice(weights[own], stream.uniform(row: firstRow + UInt64(row)))
      chosen.append(own.lowerBound + choice.index)
      result.logWeights.append(choice.logMean)
      result.effectiveSizes.append(isOwn[row] ? .nan : choice.effectiveSize)
    }
    result.rows = drawn.rows.selecting(chosen)
    return result
  }
}

/// One of some candidates, chosen by weight.
private struct WeightedChoice {
  private(set) var index = 0
  let logMean: Double
  /// Kong's; 0 where no candidate has a weight.
  let effectiveSize: Double

  /// - Parameters:
  ///   - logWeights: At least one; NaN counts as no weight.
  ///   - u: A uniform number.
  init(_ logWeights: ArraySlice<Double>, _ u: Double) {
    let sound = logWeights.map { $0.isNaN ? -.infinity : $0 }
    let top = sound.max() ?? -.infinity
    guard top > -.infinity else {
      (logMean, effectiveSize) = (-.infinity, 0)
      return
    }
    let weights = sound.map { exp($0 - top) }
    let total = weights.reduce(0, +)
    logMean = top + log(total / Double(weights.count))
    effectiveSize = total * total / weights.reduce(0) { $0 + $1 * $1 }
    var rest = u * total
    for (place, weight) in weights.enumerated() where weight > 0 {
      index = place
      rest -= weight
      if rest < 0 { break }
    }
  }
}
