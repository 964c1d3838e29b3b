import PushforwardCore
import PushforwardTables
import PushforwardTraining

/// The training rows of a table that is not in memory, on the model's scale.
///
/// A pass goes over the blocks of the cache in random order. So many of them are at hand at once as fit into a window, and
/// the trainer shuffles the rows of a window: with hundreds of blocks in it, a batch of rows comes from all over the
/// table. What is left of a window joins the next one. A table that fits into one window is shuffled as a whole.
package final class CachedSource: RowSource, @unchecked Sendable {
  package typealias Scalar = Float

  /// Numbers at hand at most, if a row is not so wide that fewer than `fewestBlocks` blocks would fit.
  static let windowNumbers = 1 << 23
  static let fewestBlocks = 64

  private let encoder: BlockEncoder
  private let blockCount: Int
  private let seed: UInt64
  private let windowRows: Int
  /// Training rows of each block.
  private let counts: [UInt16]
  package let rowCount: Int
  package let isWeighted: Bool

  private var x: [Float]
  private var context: [Float]
  private var weights: [Float]
  private var order: [Int32] = []
  private var nextBlock = 0
  private var epoch = 0

  package var features: Int { encoder.encoder.columns.count }
  package var contextFeatures: Int { encoder.encoder.conditionWidth }
  package var featureNames: [String] { encoder.encoder.columns.map(\.name) }

  /// The rows of a cache whose key is not below `lowestKey`; about `windowRows` are at hand, or as many as suit their width.
  ///
  /// - Throws: `TableError`.
  package init(
    _ cache: TableCache, encoder fitted: Encoder, weights: String?, lowestKey: Double, seed: UInt64,
    workers: WorkerPool, windowRows: Int? = nil
  ) throws {
    encoder = try BlockEncoder(fitted, cache: cache, weights: weights, lowestKey: lowestKey)
    (blockCount, self.seed, isWeighted) = (cache.blockCount, seed, weights != nil)
    let numbers = fitted.columns.count + fitted.conditionWidth + 1
    self.windowRows = windowRows ?? max(Self.windowNumbers / numbers, Self.fewestBlocks * TableCache.blockRows)
    counts = try Self.counts(encoder, blocks: blockCount, workers: workers)
    rowCount = counts.reduce(0) { $0 + Int($1) }
    // A window is filled by whole blocks, and what is left of the one before comes on top.
    let capacity = min(self.windowRows, rowCount) + 2 * TableCache.blockRows
    x = [Float](repeating: 0, count: capacity * fitted.columns.count)
    context = [Float](repeating: 0, count: capacity * fitted.conditionWidth)
    self.weights = [Float](repeating: 0, count: weights == nil ? 0 : capacity)
  }

  private static func counts(_ encoder: BlockEncoder, blocks: Int, workers: WorkerPool) throws -> [UInt16] {
    var counts = [UInt16](repeating: 0, count: blocks)
    try counts.withUnsafeMutableBufferPointer { counts in
      let counts = counts.baseAddress!
      try eachBlock(blocks, encoder, workers: workers) { item, raw in
        try encoder.read(block: item, to: raw)
        counts[item] = UInt16(encoder.rows(ofBlock: item, raw).count)
      }
    }
    return counts
  }

  /// Runs `body` for all items on all workers, each with room for a block, and throws the first item's error.
  private static func eachBlock(
    _ items: Int, _ encoder: BlockEncoder, workers: WorkerPool,
    _ body: (_ item: Int, _ raw: UnsafeMutablePointer<Double>) throws -> Void
  ) throws {
    let rooms = (0..<workers.workers).map { _ in
      AlignedBuffer<Double>(count: encoder.columns.count * TableCache.blockRows)
    }
    var failures = [(any Error)?](repeating: nil, count: workers.workers)
    failures.withUnsafeMutableBufferPointer { failures in
      let failures = failures.baseAddress!
      workers.run(items: items) { item, worker in
        if failures[worker] != nil { return }
        do { try body(item, rooms[worker].pointer) } catch { failures[worker] = error }
      }
    }
    if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
  }

  package func beginEpoch(_ epoch: Int?, workers: WorkerPool) {
    self.epoch = epoch ?? 0
    order = RandomStream(seed: seed, purpose: .shuffle).split(0x424C_4F43)
      .permutation(count: blockCount, round: UInt64(self.epoch))
    nextBlock = 0
  }

  package func advance(keeping kept: ArraySlice<Int32>, workers: WorkerPool) throws -> Int {
    let (width, contextWidth) = (features, contextFeatures)
    if !kept.isEmpty {
      // Gathered aside first: they may lie anywhere in the window.
      var saved = (
        x: [Float](repeating: 0, count: kept.count * width),
        context: [Float](repeating: 0, count: kept.count * contextWidth),
        weights: [Float](repeating: 0, count: kept.count)
      )
      kept.withUnsafeBufferPointer {
        load($0, epoch: epoch, x: &saved.x, context: &saved.context, weights: &saved.weights)
      }
      x.replaceSubrange(..<saved.x.count, with: saved.x)
      context.replaceSubrange(..<saved.context.count, with: saved.context)
      if isWeighted { weights.replaceSubrange(..<kept.count, with: saved.weights) }
    }
    var blocks: [(block: Int, start: Int)] = []
    var count = kept.count
    while nextBlock < order.count, count < windowRows {
      let block = Int(order[nextBlock])
      blocks.append((block, count))
      count += Int(counts[block])
      nextBlock += 1
    }
    let jitterSeed = RandomStream(seed: seed, purpose: .jitter).split(UInt64(epoch)).seed
    try x.withUnsafeMutableBufferPointer { x in
      try context.withUnsafeMutableBufferPointer { context in
        try weights.withUnsafeMutableBufferPointer { weights in
          let (x, context, weights) = (x.baseAddress!, context.baseAddress, weights.baseAddress)
          try Self.eachBlock(blocks.count, encoder, workers: workers) { item, raw in
            let (block, start) = blocks[item]
            try encoder.read(block: block, to: raw)
            encoder.encode(
              block: block, raw, places: encoder.rows(ofBlock: block, raw), jitterSeed: jitterSeed,
              x: x + start * width, context: contextWidth == 0 ? nil : context.map { $0 + start * contextWidth },
              weights: isWeighted ? weights.map { $0 + start } : nil)
          }
        }
      }
    }
    return count
  }

  package func load(
    _ rows: UnsafeBufferPointer<Int32>, epoch: Int?, x out: UnsafeMutablePointer<Float>,
    context contextOut: UnsafeMutablePointer<Float>, weights weightsOut: UnsafeMutablePointer<Float>
  ) {
    Self.gather(x, width: features, rows, to: out)
    Self.gather(context, width: contextFeatures, rows, to: contextOut)
    if isWeighted { Self.gather(weights, width: 1, rows, to: weightsOut) }
  }

  /// Copies rows of `width` numbers.
  static func gather(
    _ values: [Float], width: Int, _ rows: UnsafeBufferPointer<Int32>, to out: UnsafeMutablePointer<Float>
  ) {
    if width == 0 { return }
    values.withUnsafeBufferPointer { values in
      for (position, row) in rows.enumerated() {
        (out + position * width).update(from: values.baseAddress! + Int(row) * width, count: width)
      }
    }
  }
}
