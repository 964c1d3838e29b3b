import CKernels
import PushforwardCore

extension Chain {
  /// Draws rows, conditions given.
  ///
  /// A row's draw is a function of seed and row number alone.
  ///
  /// - Parameters:
  ///   - count: How many.
  ///   - conditions: Rows whose condition columns are used (others are ignored); `nil` when there are none.
  ///   - seed: Of the draws.
  ///   - firstRow: Number of the first row.
  ///   - withGaps: Draws first, where a column tells of another's presence, whether that is there, and leaves it missing
  ///     where it is not.
  ///   - snap: Rounds drawn points to the cells of the data.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: Rows without missing cells, unless `withGaps`; points of the continuous class have a width of 0 unless snapped.
  /// - Throws: `ChainError`, `.missingCondition` where a condition is not given.
  public func sample(
    count: Int, conditions: ChainRows? = nil, seed: UInt64, firstRow: UInt64 = 0, withGaps: Bool = false,
    snap: CellSnap? = nil,
    workers: WorkerPool? = nil
  ) throws -> ChainRows {
    try complete(
      wanted(count: count, conditions: conditions), seed: seed, firstRow: firstRow, withGaps: withGaps, snap: snap,
      workers: workers)
  }

  /// Rows of missing cells with their conditions.
  func wanted(count: Int, conditions: ChainRows?) throws -> ChainRows {
    var rows = ChainRows(missing: max(count, 0), columns: specification.columns)
    for (index, column) in specification.columns.enumerated() where column.isCondition {
      guard let conditions, conditions.columns.count == rows.columns.count else {
        throw ChainError.missingCondition(column: column.name, row: 0)
      }
      guard conditions.count == count else {
        throw ChainError.rowCount(what: "conditions", expected: count, found: conditions.count)
      }
      rows.columns[index] = conditions.columns[index]
    }
    return rows
  }

  /// Draws the missing cells of modelled columns from p(missing | present), and keeps the present ones as they are.
  ///
  /// Present cells are given to the network, which answers any such question (learned, see `Chain`); the drawn cells
  /// then follow in the chain's order, each given those drawn before.
  ///
  /// - Parameters:
  ///   - rows: Rows with gaps.
  ///   - seed: Of the draws.
  ///   - firstRow: Number of the first row.
  ///   - withGaps: Leaves cells missing where their presence, drawn first, says so.
  ///   - snap: Rounds drawn points to the cells of the data.
  ///   - isInOrder: Rows that are drawn in the chain's order, later cells following earlier ones whether they were present
  ///     or drawn: exact if what is missing follows what is present. `nil`: none.
  ///   - givenWhere: Rows whose present cells are given all the same. `nil`: none.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: The rows without missing cells, unless `withGaps`.
  /// - Throws: `ChainError`, `.missingCondition` where a condition is missing.
  public func complete(
    _ rows: ChainRows, seed: UInt64, firstRow: UInt64 = 0, withGaps: Bool = false, snap: CellSnap? = nil,
    isInOrder: [Bool]? = nil, givenWhere: ChainRows? = nil, workers: WorkerPool? = nil
  ) throws -> ChainRows {
    var draws = ChainDraws(seed: seed, firstRow: firstRow)
    (draws.withGaps, draws.snap, draws.isInOrder, draws.givenWhere) = (withGaps, snap, isInOrder, givenWhere)
    return try drawn(rows, draws, workers: workers).rows
  }

  /// As `complete`, with the log-probability of what was drawn in each row (nats, on z) if that is wanted.
  func drawn(
    _ rows: ChainRows, _ draws: ChainDraws, workers: WorkerPool?
  ) throws -> (rows: ChainRows, logProb: [Double]) {
    for (index, column) in specification.columns.enumerated()
    where column.isCondition && index < rows.columns.count {
      if let row = rows.columns[index].codes.firstIndex(of: ChainCells.missing) {
        throw ChainError.missingCondition(column: column.name, row: row)
      }
    }
    var tiles = try cells(rows, given: [])
    (tiles.isInOrder, tiles.givenWhere) = (draws.isInOrder, draws.givenWhere)
    let (plan, lanes) = (network.plan, Int(PF_LANES))
    let stride = plan.cellFeatures * lanes
    let tileCount = (rows.count + lanes - 1) / lanes
    // Tiles are drawn side by side, then taken apart column by column.
    let all = AlignedBuffer<Float>(count: tileCount * stride)
    var logProb = [Double](repeating: 0, count: draws.scores ? tileCount * lanes : 0)
    let perItem = 8
    let items = (tileCount + perItem - 1) / perItem
    let pool = items > 1 ? workers : nil
    parameters.withUnsafePointer { numbers in
      logProb.withUnsafeMutableBufferPointer { scores in
        let samplers = (0..<(pool?.workers ?? 1)).map { _ in
          ChainSampler(network, parameters: numbers, snap: draws.snap, hints: hints)
        }
        for sampler in samplers { sampler.scoresDraws = draws.scores }
        let (cells, scores) = (tiles, scores.baseAddress)
        func work(_ item: Int, _ worker: Int) {
          let sampler = samplers[worker]
          for tile in item * perItem..<min((item + 1) * perItem, tileCount) {
            let start = tile * lanes
            cells.fill(
              sampler.cells.pointer, start: start, drawsMissing: true, drawsPresence: draws.withGaps,
              givesPresent: specification.settings.answersQueries)
            if let numbers = draws.numbers {
              sampler.run(seed: draws.seed, numbers: numbers[start..<min(start + lanes, rows.count)])
            } else {
              sampler.run(seed: draws.seed, firstRow: draws.firstRow + UInt64(start))
            }
            (all.pointer + tile * stride).update(from: sampler.cells.pointer, count: stride)
            if draws.scores, let scores {
              for lane in 0..<lanes { scores[start + lane] = sampler.drawnLogProb[lane] }
            }
          }
        }
        if let pool {
          pool.run(items: items, work)
        } else {
          for item in 0..<items { work(item, 0) }
        }
      }
    }
    if draws.scores { logProb.removeLast(logProb.count - rows.count) }
    return (taken(from: all, rows: rows), logProb)
  }

  /// The cells of tiles, column by column.
  func taken(from all: AlignedBuffer<Float>, rows: ChainRows) -> ChainRows {
    let (plan, lanes) = (network.plan, Int(PF_LANES))
    let stride = plan.cellFeatures * lanes
    func values(_ row: Int) -> [Float] {
      [Float](unsafeUninitializedCapacity: rows.count) { out, count in
        for index in 0..<rows.count {
          out[index] = all.pointer[index / lanes * stride + row * lanes + index % lanes]
        }
        count = rows.count
      }
    }
    var result = rows
    for index in plan.columns.indices where plan.columns[index].position != nil {
      result.columns[index].codes = values(plan.codeRow(index)).map { Int32($0) }
      guard let low = plan.lowRow(index), let high = plan.highRow(index), let width = plan.widthRow(index) else {
        continue
      }
      result.columns[index].low = values(low)
      result.columns[index].high = values(high)
      result.columns[index].width = values(width)
    }
    return result
  }
}

/// How cells are to be drawn.
struct ChainDraws {
  /// Of the draws.
  var seed: UInt64
  /// Number of the first row.
  var firstRow: UInt64 = 0
  /// The rows' own numbers, where they do not follow each other.
  var numbers: [UInt64]?
  /// Leaves cells missing where their presence, drawn first, says so.
  var withGaps = false
  /// Rounds drawn points to the cells of the data.
  var snap: CellSnap?
  /// Rows that are drawn in the chain's order.
  var isInOrder: [Bool]?
  /// Rows whose present cells are given all the same.
  var givenWhere: ChainRows?
  /// Wants the log-probabilities of what is drawn.
  var scores = false

  init(seed: UInt64, firstRow: UInt64 = 0) { (self.seed, self.firstRow) = (seed, firstRow) }
}
