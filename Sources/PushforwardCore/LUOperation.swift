import CKernels

/// `y = L U (exp(d) x) + b` with unit triangular L and U, or its inverse by two triangular solves; adds the
/// log-determinant, the sum of d.
///
/// `lower` holds the entries of L below the diagonal, `upper` the transpose of U's above it: both are `n x n` slices,
/// zero on and above the diagonal (kernels may multiply by those zeros, gradients leave them alone). The unit diagonals
/// are not stored, so weight decay pulls the matrix towards a diagonal one.
public final class LUOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  let lower: ParameterSlice
  let upper: ParameterSlice
  let logDiagonal: ParameterSlice
  let bias: ParameterSlice
  let inverse: Bool
  private let mask: TriangularMask
  private var n: Int { bias.count }

  /// One direction; `inverse: true` computes x from y.
  ///
  /// - Precondition: `lower` and `upper` are `n x n`, the others have n elements.
  public init(
    lower: ParameterSlice, upper: ParameterSlice, logDiagonal: ParameterSlice, bias: ParameterSlice, inverse: Bool
  ) {
    let n = bias.count
    precondition(lower.count == n * n && upper.count == n * n && logDiagonal.count == n, "LU: shapes do not match")
    self.lower = lower
    self.upper = upper
    self.logDiagonal = logDiagonal
    self.bias = bias
    self.inverse = inverse
    mask = TriangularMask(extents: (0..<Int32(n)).map { $0 }, columns: n)
  }

  public override var hasParameters: Bool { true }

  public override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let count = context.outputCount(node)
    let tape = context.tape
    // The two values between the three factors; kept when `backward` may ask for them.
    let inner = tape.recordsGradients ? tape.makeScratch(count: 2 * count) : nil
    let mark = tape.scratchMark
    let values = inner ?? tape.makeScratch(count: 2 * count)
    if inverse {
      applyInverse(context, node, scaled: values, mixed: values + count)
    } else {
      applyForward(context, node, scaled: values, mixed: values + count)
    }
    tape.releaseScratch(to: mark)
    node.saved = inner
    if let accumulator = context.accumulator(node) {
      let total = Scalar.sum(context.parameters + logDiagonal.offset, n)
      Scalar.scaleShift(
        accumulator, 1, Scalar(inverse ? -total : total), accumulator, tape.elementCount(features: 1))
    }
  }

  /// scaled = exp(d) x, mixed = U scaled, y = L mixed + b.
  private func applyForward(
    _ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>, scaled: UnsafeMutablePointer<Scalar>,
    mixed: UnsafeMutablePointer<Scalar>
  ) {
    let (parameters, tiles, lanes) = (context.parameters, context.tiles, context.lanes)
    let count = context.outputCount(node)
    Scalar.featureAffine(context.input(node, 0), diagonal(context, sign: 1), nil, scaled, n, tiles, lanes)
    mixed.update(from: scaled, count: count)
    Scalar.linearBackwardInput(
      parameters + upper.offset, n, scaled, nil, mixed, n, n, mask.firstRows, tiles, lanes, 1)
    Scalar.linearForward(
      parameters + lower.offset, n, parameters + bias.offset, mixed, mixed, context.output(node), nil, n, n,
      mask.extents, tiles, lanes, Activation.identity.kernel)
  }

  /// mixed = L^-1 (y - b), scaled = U^-1 mixed, x = exp(-d) scaled.
  private func applyInverse(
    _ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>, scaled: UnsafeMutablePointer<Scalar>,
    mixed: UnsafeMutablePointer<Scalar>
  ) {
    let (parameters, tiles, lanes) = (context.parameters, context.tiles, context.lanes)
    let negated = context.tape.makeScratch(count: n)
    Scalar.scaleShift(parameters + bias.offset, -1, 0, negated, n)
    Scalar.featureAffine(context.input(node, 0), nil, negated, mixed, n, tiles, lanes)
    Scalar.triangularSolve(parameters + lower.offset, n, mixed, mixed, n, 0, 1, 0, tiles, lanes)
    Scalar.triangularSolve(parameters + upper.offset, n, mixed, scaled, n, 0, 1, 1, tiles, lanes)
    Scalar.featureAffine(scaled, diagonal(context, sign: -1), nil, context.output(node), n, tiles, lanes)
  }

  /// `exp(sign d)`, from scratch memory.
  private func diagonal(_ context: OperationContext<Scalar>, sign: Scalar) -> UnsafeMutablePointer<Scalar> {
    let scale = context.tape.makeScratch(count: n)
    Scalar.scaleShift(context.parameters + logDiagonal.offset, sign, 0, scale, n)
    Scalar.unary(UnaryFunction.exp.kernel, scale, scale, n)
    return scale
  }

  public override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    let mark = context.tape.scratchMark
    defer { context.tape.releaseScratch(to: mark) }
    if inverse { backwardOfInverse(context, node) } else { backwardOfForward(context, node) }
    if node.accumulator >= 0, let gradients = context.parameterGradients {
      let total = Scalar.sum(context.accumulatorGradient(node), context.tape.elementCount(features: 1))
      let slope = gradients + logDiagonal.offset
      Scalar.scaleShift(slope, 1, Scalar(inverse ? -total : total), slope, n)
    }
  }

  private func backwardOfForward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    let (tiles, lanes, count) = (context.tiles, context.lanes, context.outputCount(node))
    let (scaled, mixed) = (node.saved!, node.saved! + count)
    let dy = context.outputGradient(node)
    let dMixed = context.tape.makeScratch(count: count)
    let dScaled = context.tape.makeScratch(count: count)
    let parameters = context.parameters
    dMixed.update(from: dy, count: count)
    Scalar.linearBackwardInput(parameters + lower.offset, n, dy, nil, dMixed, n, n, mask.firstRows, tiles, lanes, 1)
    Scalar.linearForward(
      parameters + upper.offset, n, nil, dMixed, dMixed, dScaled, nil, n, n, mask.extents, tiles, lanes,
      Activation.identity.kernel)
    if let gradients = context.parameterGradients {
      addWeightGradient(context, dy, mixed, to: gradients + lower.offset, bias: gradients + bias.offset)
      addWeightGradient(context, scaled, dMixed, to: gradients + upper.offset, bias: nil)
      Scalar.featureDot(dScaled, scaled, gradients + logDiagonal.offset, n, tiles, lanes)
    }
    if let dx = context.inputGradient(node, 0) {
      Scalar.featureAffine(dScaled, diagonal(context, sign: 1), nil, dScaled, n, tiles, lanes)
      Scalar.axpy(1, dScaled, dx, count)
    }
  }

  private func backwardOfInverse(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    let (tiles, lanes, count) = (context.tiles, context.lanes, context.outputCount(node))
    let (scaled, mixed) = (node.saved!, node.saved! + count)
    let dx = context.outputGradient(node)
    let dMixed = context.tape.makeScratch(count: count)
    let dy = context.tape.makeScratch(count: count)
    let parameters = context.parameters
    Scalar.featureAffine(dx, diagonal(context, sign: -1), nil, dMixed, n, tiles, lanes)
    Scalar.triangularSolve(parameters + upper.offset, n, dMixed, dMixed, n, 0, 1, 0, tiles, lanes)
    Scalar.triangularSolve(parameters + lower.offset, n, dMixed, dy, n, 0, 1, 1, tiles, lanes)
    if let wanted = context.inputGradient(node, 0) { Scalar.axpy(1, dy, wanted, count) }
    guard let gradients = context.parameterGradients else { return }
    // All three have a minus sign: the derivative of an inverse.
    let dots = context.tape.makeZeroScratch(count: n)
    Scalar.featureDot(dx, context.output(node), dots, n, tiles, lanes)
    Scalar.axpy(-1, dots, gradients + logDiagonal.offset, n)
    Scalar.scaleShift(dMixed, -1, 0, dMixed, count)
    Scalar.scaleShift(dy, -1, 0, dy, count)
    addWeightGradient(context, scaled, dMixed, to: gradients + upper.offset, bias: nil)
    addWeightGradient(context, dy, mixed, to: gradients + lower.offset, bias: gradients + bias.offset)
  }

  private func addWeightGradient(
    _ context: OperationContext<Scalar>, _ rows: UnsafePointer<Scalar>, _ columns: UnsafePointer<Scalar>,
    to gradient: UnsafeMutablePointer<Scalar>, bias: UnsafeMutablePointer<Scalar>?
  ) {
    let mark = context.tape.scratchMark
    Scalar.linearBackwardWeight(
      rows, columns, gradient, n, bias, n, n, mask.extents, context.tiles, context.lanes,
      context.tape.makeScratch(count: pf_linear_scratch(n, context.tiles)))
    context.tape.releaseScratch(to: mark)
  }
}
