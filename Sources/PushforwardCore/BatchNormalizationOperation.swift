/// `y[f] = exp(logScale[f]) (x[f] - mean[f]) / sqrt(variance[f] + epsilon) + shift[f]`, or its inverse; adds the
/// log-determinant.
///
/// Forward on a training tape, mean and variance are those of the tape's real rows (padding lanes left out) and the
/// derivatives flow through them; the mean and the unbiased variance are added to the gradient slots of the two
/// statistics. Otherwise both directions use the frozen statistics.
public final class BatchNormalizationOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  let logScale: ParameterSlice
  let shift: ParameterSlice
  let mean: ParameterSlice
  let variance: ParameterSlice
  let epsilon: Double
  let inverse: Bool
  private var n: Int { logScale.count }

  /// One direction.
  ///
  /// `mean` and `variance` are slices of role `.statistic`; all four have a number a feature.
  public init(
    logScale: ParameterSlice, shift: ParameterSlice, mean: ParameterSlice, variance: ParameterSlice, epsilon: Double,
    inverse: Bool
  ) {
    self.logScale = logScale
    self.shift = shift
    self.mean = mean
    self.variance = variance
    self.epsilon = epsilon
    self.inverse = inverse
  }

  public override var hasParameters: Bool { true }

  /// Whether the pass normalises by its own rows.
  private func usesBatch(_ context: OperationContext<Scalar>) -> Bool { !inverse && context.tape.isTraining }

  public override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let tape = context.tape
    if usesBatch(context) {
      let saved = tape.makeScratch(count: context.outputCount(node) + 3 * n)
      node.saved = saved
      normalizeBatch(context, node, BatchStatistics(saved, n))
      return
    }
    let mark = tape.scratchMark
    defer { tape.releaseScratch(to: mark) }
    let frozen = frozenCoefficients(context)
    Scalar.featureAffine(
      context.input(node, 0), frozen.scale, frozen.offset, context.output(node), n, context.tiles, context.lanes)
    addLogDet(frozen.logDet, context, node)
  }

  private func addLogDet(_ value: Double, _ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let accumulator = context.accumulator(node) else { return }
    Scalar.scaleShift(accumulator, 1, Scalar(value), accumulator, context.tape.elementCount(features: 1))
  }

  // MARK: Statistics of the batch

  /// What a training pass keeps: mean, biased variance, reciprocal deviation, then the normalised values.
  private struct BatchStatistics {
    let mean: UnsafeMutablePointer<Scalar>
    let variance: UnsafeMutablePointer<Scalar>
    let reciprocal: UnsafeMutablePointer<Scalar>
    let normalized: UnsafeMutablePointer<Scalar>

    init(_ memory: UnsafeMutablePointer<Scalar>, _ n: Int) {
      mean = memory
      variance = memory + n
      reciprocal = memory + 2 * n
      normalized = memory + 3 * n
    }
  }

  /// Sets the lanes of a value that hold no row to zero.
  private func clearPadding(_ values: UnsafeMutablePointer<Scalar>, _ context: OperationContext<Scalar>) {
    let lanes = context.lanes
    let padding = context.tiles * lanes - context.tape.rows
    if padding == 0 { return }
    let last = values + (context.tiles - 1) * n * lanes
    for feature in 0..<n { Scalar.fill(last + (feature + 1) * lanes - padding, 0, padding) }
  }

  private func normalizeBatch(
    _ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>, _ batch: BatchStatistics
  ) {
    let (tiles, lanes, count) = (context.tiles, context.lanes, context.outputCount(node))
    let perRow = Scalar(1 / Double(max(context.tape.rows, 1)))
    let values = batch.normalized
    let tape = context.tape
    let mark = tape.scratchMark
    defer { tape.releaseScratch(to: mark) }
    let scale = tape.makeScratch(count: n)

    values.update(from: context.input(node, 0), count: count)
    clearPadding(values, context)
    Scalar.fill(batch.mean, 0, 2 * n)
    Scalar.featureDot(values, nil, batch.mean, n, tiles, lanes)
    Scalar.scaleShift(batch.mean, perRow, 0, batch.mean, n)
    // Two passes: the variance of the centred values does not cancel.
    Scalar.scaleShift(batch.mean, -1, 0, scale, n)
    Scalar.featureAffine(values, nil, scale, values, n, tiles, lanes)
    clearPadding(values, context)
    Scalar.featureDot(values, values, batch.variance, n, tiles, lanes)
    Scalar.scaleShift(batch.variance, perRow, 0, batch.variance, n)
    // reciprocal = exp(-log(variance + epsilon) / 2)
    Scalar.scaleShift(batch.variance, 1, Scalar(epsilon), batch.reciprocal, n)
    Scalar.unary(UnaryFunction.log.kernel, batch.reciprocal, batch.reciprocal, n)
    Scalar.scaleShift(batch.reciprocal, -0.5, 0, batch.reciprocal, n)
    let logDet = Scalar.sum(batch.reciprocal, n) + Scalar.sum(context.parameters + logScale.offset, n)
    Scalar.unary(UnaryFunction.exp.kernel, batch.reciprocal, batch.reciprocal, n)
    Scalar.featureAffine(values, batch.reciprocal, nil, values, n, tiles, lanes)

    Scalar.unary(UnaryFunction.exp.kernel, context.parameters + logScale.offset, scale, n)
    Scalar.featureAffine(values, scale, context.parameters + shift.offset, context.output(node), n, tiles, lanes)
    addLogDet(logDet, context, node)
  }

  private func backwardThroughBatch(
    _ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>, _ batch: BatchStatistics
  ) {
    let (tiles, lanes, count) = (context.tiles, context.lanes, context.outputCount(node))
    let rows = Double(max(context.tape.rows, 1))
    let dy = context.outputGradient(node)
    let tape = context.tape
    let scale = tape.makeScratch(count: n)
    let sums = tape.makeZeroScratch(count: n)
    let dots = tape.makeZeroScratch(count: n)
    let total =
      node.accumulator < 0 ? 0 : Scalar.sum(context.accumulatorGradient(node), tape.elementCount(features: 1))
    Scalar.unary(UnaryFunction.exp.kernel, context.parameters + logScale.offset, scale, n)
    Scalar.featureDot(dy, nil, sums, n, tiles, lanes)
    Scalar.featureDot(dy, batch.normalized, dots, n, tiles, lanes)
    // dots becomes the derivative of logScale: scale * dots + the log-determinant's.
    Scalar.binary(BinaryFunction.multiply.kernel, dots, scale, dots, n)
    Scalar.scaleShift(dots, 1, Scalar(total), dots, n)
    if let gradients = context.parameterGradients {
      Scalar.axpy(1, sums, gradients + shift.offset, n)
      Scalar.axpy(1, dots, gradients + logScale.offset, n)
      Scalar.axpy(1, batch.mean, gradients + mean.offset, n)
      // One row has no variance: the running one stays as it is.
      let known = tape.rows > 1 ? UnsafePointer(batch.variance) : context.parameters + variance.offset
      Scalar.axpy(Scalar(tape.rows > 1 ? rows / (rows - 1) : 1), known, gradients + variance.offset, n)
    }
    guard let dx = context.inputGradient(node, 0) else { return }
    // dx = s (dy - mean dy) - normalized * reciprocal * d logScale / rows, s = scale * reciprocal
    let change = tape.makeScratch(count: count)
    let curve = tape.makeScratch(count: count)
    Scalar.binary(BinaryFunction.multiply.kernel, scale, batch.reciprocal, scale, n)
    Scalar.binary(BinaryFunction.multiply.kernel, sums, scale, sums, n)
    Scalar.scaleShift(sums, Scalar(-1 / rows), 0, sums, n)
    Scalar.featureAffine(dy, scale, sums, change, n, tiles, lanes)
    Scalar.binary(BinaryFunction.multiply.kernel, dots, batch.reciprocal, dots, n)
    Scalar.scaleShift(dots, Scalar(-1 / rows), 0, dots, n)
    Scalar.featureAffine(batch.normalized, dots, nil, curve, n, tiles, lanes)
    Scalar.axpy(1, curve, change, count)
    clearPadding(change, context)
    Scalar.axpy(1, change, dx, count)
  }

  // MARK: Frozen statistics

  /// Both directions are affine: the scale and offset actually applied, and the log-determinant of that direction.
  private func frozenCoefficients(
    _ context: OperationContext<Scalar>
  ) -> (scale: UnsafeMutablePointer<Scalar>, offset: UnsafeMutablePointer<Scalar>, logDet: Double) {
    let parameters = context.parameters
    let scale = context.tape.makeScratch(count: n)
    let offset = context.tape.makeScratch(count: n)
    Scalar.scaleShift(parameters + variance.offset, 1, Scalar(epsilon), scale, n)
    Scalar.unary(UnaryFunction.log.kernel, scale, scale, n)
    Scalar.scaleShift(scale, -0.5, 0, scale, n)
    Scalar.axpy(1, parameters + logScale.offset, scale, n)
    if inverse { Scalar.scaleShift(scale, -1, 0, scale, n) }
    let logDet = Scalar.sum(scale, n)
    Scalar.unary(UnaryFunction.exp.kernel, scale, scale, n)
    // offset = to - scale * from
    let (from, to) = inverse ? (shift, mean) : (mean, shift)
    Scalar.binary(BinaryFunction.multiply.kernel, parameters + from.offset, scale, offset, n)
    Scalar.binary(BinaryFunction.subtract.kernel, parameters + to.offset, offset, offset, n)
    return (scale, offset, logDet)
  }

  public override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    let tape = context.tape
    let mark = tape.scratchMark
    defer { tape.releaseScratch(to: mark) }
    if let saved = node.saved { return backwardThroughBatch(context, node, BatchStatistics(saved, n)) }
    let (tiles, lanes) = (context.tiles, context.lanes)
    let scale = frozenCoefficients(context).scale
    let dy = context.outputGradient(node)
    if let gradients = context.parameterGradients {
      // forward: d shift = sum dy, d logScale = sum dy (y - shift)
      // inverse: d shift = -scale sum dy, d logScale = -sum dy (y - mean)
      let dots = tape.makeZeroScratch(count: n)
      let sums = tape.makeZeroScratch(count: n)
      let sign: Scalar = inverse ? -1 : 1
      Scalar.featureDot(dy, context.output(node), dots, n, tiles, lanes)
      Scalar.featureDot(dy, nil, sums, n, tiles, lanes)
      Scalar.axpy(sign, dots, gradients + logScale.offset, n)
      let center = context.parameters + (inverse ? mean : shift).offset
      Scalar.binary(BinaryFunction.multiply.kernel, sums, center, dots, n)
      Scalar.axpy(-sign, dots, gradients + logScale.offset, n)
      if inverse { Scalar.binary(BinaryFunction.multiply.kernel, sums, scale, sums, n) }
      Scalar.axpy(sign, sums, gradients + shift.offset, n)
      if node.accumulator >= 0 {
        let total = Scalar.sum(context.accumulatorGradient(node), tape.elementCount(features: 1))
        let slope = gradients + logScale.offset
        Scalar.scaleShift(slope, 1, sign * Scalar(total), slope, n)
      }
    }
    if let dx = context.inputGradient(node, 0) {
      let scaled = tape.makeScratch(count: context.outputCount(node))
      Scalar.featureAffine(dy, scale, nil, scaled, n, tiles, lanes)
      Scalar.axpy(1, scaled, dx, context.outputCount(node))
    }
  }
}
