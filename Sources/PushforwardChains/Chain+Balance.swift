import CKernels
import PushforwardCore

extension Chain {
  /// Runs of rows that are balanced each by itself, so that threads share them.
  private static var mostRuns: Int { 8 }
  /// A run has so many tiles at least.
  private static var fewestTiles: Int { 32 }

  /// Draws the rows of a table as a whole, conditions given: how often each class of a column occurs, alone and together
  /// with each class of another, is near what the chain expects (see `ChainBalance`).
  ///
  /// Each row by itself is drawn as by `sample`, but the rows complement each other. The result is a function of the
  /// seed, the number of rows and the conditions.
  ///
  /// - Parameters:
  ///   - count: How many.
  ///   - conditions: Rows whose condition columns are used; `nil` when there are none.
  ///   - seed: Of the draws.
  ///   - withGaps: See `sample`.
  ///   - snap: Rounds drawn points to the cells of the data.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: Rows as those of `sample`.
  /// - Throws: `ChainError`, `.missingCondition` where a condition is not given.
  public func balancedSample(
    count: Int, conditions: ChainRows? = nil, seed: UInt64, withGaps: Bool = false, snap: CellSnap? = nil,
    workers: WorkerPool? = nil
  ) throws -> ChainRows {
    let rows = try wanted(count: count, conditions: conditions)
    let tiles = try cells(rows, given: [])
    let (plan, lanes) = (network.plan, Int(PF_LANES))
    let stride = plan.cellFeatures * lanes
    let tileCount = (rows.count + lanes - 1) / lanes
    let all = AlignedBuffer<Float>(count: max(tileCount * stride, 1))
    let runs = max(1, min(Self.mostRuns, tileCount / Self.fewestTiles))
    let pool = runs > 1 ? workers : nil
    parameters.withUnsafePointer { numbers in
      func work(_ run: Int, _ worker: Int) {
        let sampler = ChainSampler(network, parameters: numbers, snap: snap, hints: hints)
        sampler.balance = ChainBalance(network, parameters: numbers)
        for tile in run * tileCount / runs..<(run + 1) * tileCount / runs {
          tiles.fill(
            sampler.cells.pointer, start: tile * lanes, drawsMissing: true, drawsPresence: withGaps,
            givesPresent: specification.settings.answersQueries)
          sampler.run(seed: seed, firstRow: UInt64(tile * lanes))
          (all.pointer + tile * stride).update(from: sampler.cells.pointer, count: stride)
        }
      }
      if let pool {
        pool.run(items: runs, work)
      } else {
        for run in 0..<runs { work(run, 0) }
      }
    }
    return taken(from: all, rows: rows)
  }
}
