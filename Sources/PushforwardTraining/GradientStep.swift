import PushforwardCore

/// Gradients of the shards of a batch, their reduction in fixed order, and AdamW.
///
/// A batch is cut into shards by its size alone; each shard has a gradient buffer of its own, and they are summed in
/// shard order. So the result has the same bits for any number of workers.
package final class GradientStep<Scalar: TileScalar> {
  /// A piece of the flat buffer that is reduced and updated at once.
  private struct Span {
    let offset: Int
    let count: Int
    let role: ParameterRole
    let name: String
  }

  package let shardCount: Int
  private let layout: ParameterLayout
  private let spans: [Span]
  private let gradients: [AlignedBuffer<Scalar>]
  /// For each span, the shards' pointers at its offset.
  private let pointers: AlignedBuffer<UnsafeMutablePointer<Scalar>?>
  private let squares: AlignedBuffer<Double>
  private let firstMoment: AlignedBuffer<Scalar>
  private let secondMoment: AlignedBuffer<Scalar>
  private var steps = 0

  package init(layout: ParameterLayout, shardCount: Int) {
    self.layout = layout
    self.shardCount = shardCount
    let piece = 16384
    spans = layout.slices.flatMap { slice in
      stride(from: 0, to: slice.count, by: piece).map {
        Span(
          offset: slice.offset + $0, count: min(piece, slice.count - $0), role: slice.role, name: slice.name)
      }
    }
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

  package func gradient(shard: Int) -> UnsafeMutablePointer<Scalar> { gradients[shard].pointer }

  /// Sums the shards into shard 0; returns the global norm of the trained part.
  package func reduce(shards: Int, workers: WorkerPool) -> Double {
    workers.run(items: spans.count) { item, _ in
      let span = spans[item]
      let table = UnsafeRawPointer(pointers.pointer + item * shardCount)
        .assumingMemoryBound(to: UnsafeMutablePointer<Scalar>?.self)
      let square = Scalar.reduceGradients(table, shards, gradients[0].pointer + span.offset, span.count, 1)
      squares.pointer[item] = span.role == .weight || span.role == .bias ? square : 0
    }
    var total = 0.0
    for item in 0..<spans.count { total += squares.pointer[item] }
    return total.squareRoot()
  }

  /// The first slice whose reduced gradient is not finite.
  package func nonFiniteSlice() -> String? {
    spans.first { Scalar.countNonFinite(gradients[0].pointer + $0.offset, $0.count) > 0 }?.name
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
    let (beta1, beta2) = (0.9, 0.999)
    let scale = Scalar(norm > settings.clipNorm ? settings.clipNorm / norm : 1)
    let bias1 = Scalar(1 - power(beta1, steps))
    let bias2 = Scalar(1 - power(beta2, steps))
    // Early on the average follows the weights more closely, so that it does not remember the start.
    let decay = Scalar(min(settings.averageDecay, Double(1 + steps) / Double(10 + steps)))
    workers.run(items: spans.count) { item, _ in
      let span = spans[item]
      let g = gradients[0].pointer + span.offset
      let p = parameters + span.offset
      switch span.role {
      case .weight, .bias:
        Scalar.adamW(
          p, g, firstMoment.pointer + span.offset, secondMoment.pointer + span.offset, average.map { $0 + span.offset },
          span.count, scale, Scalar(rate), Scalar(beta1), Scalar(beta2), 1e-8,
          Scalar(span.role == .weight ? settings.weightDecay : 0), bias1, bias2, decay)
      case .statistic:
        let momentum = settings.statisticMomentum
        Scalar.scaleShift(p, Scalar(1 - momentum), 0, p, span.count)
        Scalar.axpy(Scalar(momentum / Double(shards)), g, p, span.count)
        if let average { (average + span.offset).update(from: p, count: span.count) }
      case .constant:
        break
      }
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
