import PushforwardCore

/// One batch's forward and backward passes, shard by shard, on all workers.
package final class ShardRunner<Scalar: TileScalar, Goal: Objective<Scalar>, Source: RowSource<Scalar>>: PooledWork {
  /// What a shard found.
  package struct Outcome {
    var total = 0.0
    var weight = 0.0
    var error: (any Error)?
  }

  private let objective: Goal
  private let source: Source
  private let rowsPerShard: Int
  package let shardCount: Int
  private let workers: WorkerPool
  private let training: [Tape<Scalar>]
  private let validating: [Tape<Scalar>]
  private let buffers: [RowBuffers<Scalar>]
  /// Of each shard; written by whoever works on it.
  private let outcomes: UnsafeMutableBufferPointer<Outcome>
  private var batch: Batch?

  /// The batch that is being worked on.
  private struct Batch {
    let rows: UnsafeBufferPointer<Int32>
    let epoch: Int
    let stream: RandomStream
    let firstRow: UInt64
    let parameters: UnsafePointer<Scalar>
    let gradients: GradientStep<Scalar>
    let totalWeight: Double
  }

  /// Rows of a shard depend on the batch size only: at least 128 (two tiles), at most eight shards a batch.
  package init(objective: Goal, source: Source, batchSize: Int, workers: WorkerPool) {
    self.objective = objective
    self.source = source
    self.workers = workers
    let lanes = 64
    let shards = max(1, min(8, batchSize / 128))
    let rows = ((batchSize + shards - 1) / shards + lanes - 1) / lanes * lanes
    rowsPerShard = rows
    shardCount = (batchSize + rows - 1) / rows
    training = (0..<workers.workers).map { _ in Tape(recordsGradients: true) }
    validating = (0..<workers.workers).map { _ in Tape() }
    buffers = (0..<workers.workers).map { _ in RowBuffers(source: source, rows: rows) }
    outcomes = .allocate(capacity: shardCount)
    outcomes.initialize(repeating: Outcome())
  }

  deinit {
    outcomes.deinitialize()
    outcomes.deallocate()
  }

  /// Buffers ever allocated by the tapes: constant in a steady state.
  package var allocationCount: Int { (training + validating).reduce(0) { $0 + $1.allocationCount } }

  /// Accumulates the gradient of MINUS the mean objective of a batch into the shards' buffers.
  ///
  /// - Returns: the mean objective and the number of shards used.
  package func step(
    rows: UnsafeBufferPointer<Int32>, epoch: Int, stream: RandomStream, firstRow: UInt64,
    parameters: UnsafePointer<Scalar>, gradients: GradientStep<Scalar>
  ) throws -> (mean: Double, shards: Int) {
    let shards = (rows.count + rowsPerShard - 1) / rowsPerShard
    let totalWeight = source.isWeighted ? weightSum(rows, epoch: epoch) : Double(rows.count)
    batch = Batch(
      rows: rows, epoch: epoch, stream: stream, firstRow: firstRow, parameters: parameters, gradients: gradients,
      totalWeight: totalWeight)
    defer { batch = nil }
    workers.run(items: shards, self)
    // In the order of the shards; plain loops, since a step allocates nothing.
    var total = 0.0
    for shard in 0..<shards {
      if let error = outcomes[shard].error { throw error }
      total += outcomes[shard].total
    }
    return (total / totalWeight, shards)
  }

  /// One shard's forward and backward passes.
  package func work(item shard: Int, worker: Int) {
    guard let batch else { return }
    let part = slice(batch.rows, shard)
    let buffer = buffers[worker]
    let tape = training[worker]
    buffer.load(source, part, epoch: batch.epoch)
    tape.begin(
      rows: part.count, parameters: batch.parameters, gradients: batch.gradients.gradient(shard: shard), wide: true)
    tape.isTraining = true
    tape.random = batch.stream
    tape.firstRow = batch.firstRow + UInt64(shard * rowsPerShard)
    var outcome = Outcome()
    do {
      let value = try objective.value(of: buffer.input(on: tape), context: buffer.context(on: tape), on: tape)
      let seed = tape.makeScratch(count: tape.elementCount(features: 1))
      outcome.total = weighted(
        tape.pointer(value), by: source.isWeighted ? buffer.weights : nil, of: batch.totalWeight, rows: part.count,
        lanes: tape.tiles * tape.lanes, into: seed)
      tape.backward(from: value, seed: seed)
    } catch {
      outcome.error = error
    }
    outcomes[shard] = outcome
  }

  /// The weighted mean objective of all rows of a source, without jitter or dropout, summed in Double in row order.
  package func mean(
    of source: some RowSource<Scalar>, parameters: UnsafePointer<Scalar>, stream: RandomStream
  ) throws -> Double {
    let count = source.rowCount
    let order = (0..<Int32(count)).map { $0 }
    let pieces = (count + rowsPerShard - 1) / rowsPerShard
    var found = [Outcome](repeating: Outcome(), count: pieces)
    try order.withUnsafeBufferPointer { order in
      try found.withUnsafeMutableBufferPointer { found in
        let results = found.baseAddress!
        workers.run(items: pieces) { piece, worker in
          let part = slice(order, piece)
          let buffer = buffers[worker]
          let tape = validating[worker]
          buffer.load(source, part, epoch: nil)
          tape.begin(rows: part.count, parameters: parameters, wide: true)
          tape.random = stream
          tape.firstRow = UInt64(piece * rowsPerShard)
          var outcome = Outcome()
          do {
            let value = try objective.value(
              of: buffer.input(on: tape), context: buffer.context(on: tape), on: tape)
            let numbers = tape.pointer(value)
            for lane in 0..<part.count {
              let weight = source.isWeighted ? Double(buffer.weights[lane]) : 1
              outcome.weight += weight
              if weight != 0 { outcome.total += weight * Double(numbers[lane]) }
            }
          } catch {
            outcome.error = error
          }
          results[piece] = outcome
        }
        if let error = found.lazy.compactMap({ $0.error }).first { throw error }
      }
    }
    return found.reduce(0) { $0 + $1.total } / found.reduce(0) { $0 + $1.weight }
  }

  private func slice(_ rows: UnsafeBufferPointer<Int32>, _ shard: Int) -> UnsafeBufferPointer<Int32> {
    let start = shard * rowsPerShard
    return UnsafeBufferPointer(rebasing: rows[start..<min(start + rowsPerShard, rows.count)])
  }

  private func weightSum(_ rows: UnsafeBufferPointer<Int32>, epoch: Int) -> Double {
    var total = 0.0
    for start in stride(from: 0, to: rows.count, by: rowsPerShard) {
      let part = UnsafeBufferPointer(rebasing: rows[start..<min(start + rowsPerShard, rows.count)])
      buffers[0].load(source, part, epoch: epoch)
      for index in part.indices { total += Double(buffers[0].weights[index]) }
    }
    return total
  }
}

/// The weighted sum of a shard's values; `seed` gets the derivatives of minus the weighted mean, zeros for padded lanes.
@_specialize(where Scalar == Float)
private func weighted<Scalar: TileScalar>(
  _ values: UnsafePointer<Scalar>, by weights: UnsafePointer<Scalar>?, of totalWeight: Double, rows: Int, lanes: Int,
  into seed: UnsafeMutablePointer<Scalar>
) -> Double {
  var total = 0.0
  for lane in 0..<lanes {
    let weight = lane < rows ? weights.map { Double($0[lane]) } ?? 1 : 0
    seed[lane] = Scalar(-weight / totalWeight)
    if weight != 0 { total += weight * Double(values[lane]) }
  }
  return total
}

/// Row-major room for one shard's rows.
final class RowBuffers<Scalar: TileScalar> {
  private let x: AlignedBuffer<Scalar>
  private let given: AlignedBuffer<Scalar>
  private let weight: AlignedBuffer<Scalar>
  private let features: Int
  private let contextFeatures: Int
  package var weights: UnsafeMutablePointer<Scalar> { weight.pointer }

  init(source: some RowSource<Scalar>, rows: Int) {
    features = source.features
    contextFeatures = source.contextFeatures
    x = AlignedBuffer(count: rows * features)
    given = AlignedBuffer(count: rows * contextFeatures)
    weight = AlignedBuffer(count: rows)
  }

  func load(_ source: some RowSource<Scalar>, _ rows: UnsafeBufferPointer<Int32>, epoch: Int?) {
    source.load(rows, epoch: epoch, x: x.pointer, context: given.pointer, weights: weight.pointer)
  }

  func input(on tape: Tape<Scalar>) -> Variable {
    tape.input(rowMajor: x.pointer, features: features, stride: features)
  }

  func context(on tape: Tape<Scalar>) -> Variable? {
    contextFeatures == 0
      ? nil : tape.input(rowMajor: given.pointer, features: contextFeatures, stride: contextFeatures)
  }

  /// The last loaded `rows`.
  func matrices(rows: Int) -> (x: Matrix<Scalar>, context: Matrix<Scalar>?) {
    func matrix(_ buffer: AlignedBuffer<Scalar>, _ columns: Int) -> Matrix<Scalar> {
      Matrix(rows: rows, columns: columns, values: Array(buffer.elements.prefix(rows * columns)))
    }
    return (matrix(x, features), contextFeatures == 0 ? nil : matrix(given, contextFeatures))
  }

  /// The first of the last loaded `rows` with a non-finite feature: its position and feature.
  func firstNonFinite(rows: Int) -> (row: Int, feature: Int)? {
    for index in 0..<rows * features where !x.pointer[index].isFinite {
      return (index / features, index % features)
    }
    return nil
  }
}
