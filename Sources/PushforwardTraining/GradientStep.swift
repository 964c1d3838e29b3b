import PushforwardCore

/// Whole rows of a slice, or a piece of a column, reduced and updated at once.
private struct GradientSpan: BitwiseCopyable {
  let offset: Int
  let rows: Int
  let columns: Int
  /// The rows' extents, where the slice has a mask.
  let extents: UnsafePointer<Int32>?
  /// Number of the slice in its layout.
  let slice: Int
  let role: ParameterRole
  var count: Int { rows * columns }
  var isTrained: Bool { role == .weight || role == .bias }
}

/// The numbers of one update.
private struct UpdateFactors {
  var scale = 1.0
  var rate = 0.0
  var bias1 = 1.0
  var bias2 = 1.0
  var weightDecay = 0.0
  var averageDecay = 0.0
  var statisticMomentum = 0.0
  var shards = 1
}

/// Gradients of the shards of a batch, their reduction in fixed order, and AdamW.
///
/// A batch is cut into shards by its size alone; each shard has a gradient buffer of its own, and they are summed in
/// shard order. So the result has the same bits for any number of workers. Weights that a mask holds at zero are left out.
package final class GradientStep<Scalar: TileScalar>: PooledWork {
  private enum Task {
    case reduce, update
  }

  package let shardCount: Int
  private let layout: ParameterLayout
  private let spans: AlignedBuffer<GradientSpan>
  /// Extents of all masked slices, one after the other.
  private let extents: AlignedBuffer<Int32>
  private let gradients: [AlignedBuffer<Scalar>]
  /// For each span, the shards' pointers at its offset.
  private let pointers: AlignedBuffer<UnsafeMutablePointer<Scalar>?>
  private let squares: AlignedBuffer<Double>
  private let firstMoment: AlignedBuffer<Scalar>
  private let secondMoment: AlignedBuffer<Scalar>
  private var steps = 0
  /// What is being dealt to the workers, and its arguments.
  private var task = Task.reduce
  private var factors = UpdateFactors()
  private var parameters: UnsafeMutablePointer<Scalar>?
  private var average: UnsafeMutablePointer<Scalar>?

  package init(layout: ParameterLayout, shardCount: Int) {
    self.layout = layout
    self.shardCount = shardCount
    let masked = layout.slices.flatMap { Self.extents(of: $0) ?? [] }
    extents = AlignedBuffer(count: masked.count)
    extents.pointer.update(from: masked, count: masked.count)
    let spans = Self.spans(layout, extents: extents.pointer)
    self.spans = AlignedBuffer(count: spans.count)
    _ = self.spans.elements.update(fromContentsOf: spans)
    gradients = (0..<shardCount).map { _ in AlignedBuffer(count: layout.count) }
    pointers = AlignedBuffer(count: spans.count * shardCount)
    for (index, span) in spans.enumerated() {
      for shard in 0..<shardCount {
        pointers.pointer[index * shardCount + shard] = gradients[shard].pointer + span.offset
      }
    }
    squares = AlignedBuffer(count: spans.count)
    firstMoment = AlignedBuffer(count: layout.count)
    secondMoment = AlignedBuffer(count: layout.count)
  }

  /// What a slice's mask leaves to train in each row.
  private static func extents(of slice: ParameterSlice) -> [Int32]? {
    if case .fanIn(_, let extents) = slice.initializer { extents } else { nil }
  }

  /// Enough spans that the workers' shares come out even, yet none smaller than is worth dealing.
  private static func spans(_ layout: ParameterLayout, extents: UnsafePointer<Int32>) -> [GradientSpan] {
    let piece = min(16384, max(2048, layout.count / 32))
    var found: [GradientSpan] = []
    var masked = extents
    for (index, slice) in layout.slices.enumerated() {
      let hasMask = Self.extents(of: slice) != nil
      // A column is as good as a row, and has no use for a mask.
      let isColumn = slice.columns == 1
      let step = max(1, piece / max(1, slice.columns))
      for row in stride(from: 0, to: slice.count == 0 ? 0 : slice.rows, by: step) {
        let rows = min(step, slice.rows - row)
        found.append(
          GradientSpan(
            offset: slice.offset + row * slice.columns, rows: isColumn ? 1 : rows,
            columns: isColumn ? rows : slice.columns, extents: hasMask && !isColumn ? masked + row : nil, slice: index,
            role: slice.role))
      }
      if hasMask { masked += slice.rows }
    }
    return found
  }

  package func gradient(shard: Int) -> UnsafeMutablePointer<Scalar> { gradients[shard].pointer }

  /// Sums the shards into shard 0; returns the global norm of the trained part.
  package func reduce(shards: Int, workers: WorkerPool) -> Double {
    task = .reduce
    factors.shards = shards
    workers.run(items: spans.count, self)
    var total = 0.0
    for item in 0..<spans.count { total += squares.pointer[item] }
    return total.squareRoot()
  }

  /// The first slice whose reduced gradient is not finite.
  package func nonFiniteSlice() -> String? {
    spans.elements.first { Scalar.countNonFinite(gradients[0].pointer + $0.offset, $0.count) > 0 }
      .map { layout.slices[$0.slice].name }
  }

  /// Clears all gradients, as after a step that is thrown away.
  package func clear() {
    for buffer in gradients { Scalar.fill(buffer.pointer, 0, buffer.count) }
  }

  /// Forgets the moments, as after a return to earlier weights.
  func resetMoments() {
    Scalar.fill(firstMoment.pointer, 0, firstMoment.count)
    Scalar.fill(secondMoment.pointer, 0, secondMoment.count)
    steps = 0
  }

  /// One AdamW step from the reduced gradient, which it clears.
  package func update(
    parameters: UnsafeMutablePointer<Scalar>, average: UnsafeMutablePointer<Scalar>?, norm: Double, rate: Double,
    shards: Int, settings: TrainingSettings, workers: WorkerPool
  ) {
    steps += 1
    factors.scale = norm > settings.clipNorm ? settings.clipNorm / norm : 1
    factors.rate = rate
    factors.bias1 = 1 - power(Self.beta1, steps)
    factors.bias2 = 1 - power(Self.beta2, steps)
    factors.weightDecay = settings.weightDecay
    // Early on the average follows the weights more closely, so that it does not remember the start.
    factors.averageDecay = min(settings.averageDecay, Double(1 + steps) / Double(10 + steps))
    factors.statisticMomentum = settings.statisticMomentum
    factors.shards = shards
    self.parameters = parameters
    self.average = average
    task = .update
    workers.run(items: spans.count, self)
  }

  private static var beta1: Double { 0.9 }
  private static var beta2: Double { 0.999 }

  /// One span of what is being dealt.
  @_specialize(where Scalar == Float)
  package func work(item: Int, worker: Int) {
    switch task {
    case .reduce: reduce(item)
    case .update: update(spans.pointer[item])
    }
  }

  private func reduce(_ item: Int) {
    let span = spans.pointer[item]
    let table = UnsafeRawPointer(pointers.pointer + item * shardCount)
      .assumingMemoryBound(to: UnsafeMutablePointer<Scalar>?.self)
    let square = Scalar.reduceGradients(
      table, factors.shards, gradients[0].pointer + span.offset, span.rows, span.columns, span.extents, 1)
    squares.pointer[item] = span.isTrained ? square : 0
  }

  private func update(_ span: GradientSpan) {
    guard let parameters else { return }
    let g = gradients[0].pointer + span.offset
    let p = parameters + span.offset
    let average = average.map { $0 + span.offset }
    switch span.role {
    case .weight, .bias:
      Scalar.adamW(
        p, g, firstMoment.pointer + span.offset, secondMoment.pointer + span.offset, average, span.rows, span.columns,
        span.extents, Scalar(factors.scale), Scalar(factors.rate), Scalar(Self.beta1), Scalar(Self.beta2), 1e-8,
        Scalar(span.role == .weight ? factors.weightDecay : 0), Scalar(factors.bias1), Scalar(factors.bias2),
        Scalar(factors.averageDecay))
    case .statistic:
      let momentum = factors.statisticMomentum
      Scalar.scaleShift(p, Scalar(1 - momentum), 0, p, span.count)
      Scalar.axpy(Scalar(momentum / Double(factors.shards)), g, p, span.count)
      if let average { average.update(from: p, count: span.count) }
      Scalar.fill(g, 0, span.count)
    case .constant:
      Scalar.fill(g, 0, span.count)
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var factor = base
    var left = exponent
    while left > 0 {
      if left & 1 == 1 { result *= factor }
      factor *= factor
      left >>= 1
    }
    return result
  }
}
