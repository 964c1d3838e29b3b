import CKernels

/// `y[f] = exp(logScale[f]) x[f] + shift[f]` with parameters, or its inverse; adds the log-determinant.
///
/// The body of ActNorm and of the element-wise affine bijection.
public final class FeatureAffineOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  let logScale: ParameterSlice
  let shift: ParameterSlice
  let inverse: Bool

  /// `inverse: true` computes `x = (y - shift) / scale`.
  public init(logScale: ParameterSlice, shift: ParameterSlice, inverse: Bool) {
    self.logScale = logScale
    self.shift = shift
    self.inverse = inverse
  }

  public override var hasParameters: Bool { true }

  /// The scale and shift actually applied, from scratch memory.
  private func coefficients(
    _ context: OperationContext<Scalar>
  ) -> (scale: UnsafeMutablePointer<Scalar>, shift: UnsafeMutablePointer<Scalar>) {
    let n = logScale.count
    let scale = context.tape.makeScratch(count: n)
    let offset = context.tape.makeScratch(count: n)
    let source = context.parameters
    if inverse {
      Scalar.scaleShift(source + logScale.offset, -1, 0, scale, n)
      Scalar.unary(UnaryFunction.exp.kernel, scale, scale, n)
      Scalar.binary(BinaryFunction.multiply.kernel, source + shift.offset, scale, offset, n)
      Scalar.scaleShift(offset, -1, 0, offset, n)
    } else {
      Scalar.unary(UnaryFunction.exp.kernel, source + logScale.offset, scale, n)
      offset.update(from: source + shift.offset, count: n)
    }
    return (scale, offset)
  }

  public override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let mark = context.tape.scratchMark
    let (scale, offset) = coefficients(context)
    Scalar.featureAffine(
      context.input(node, 0), scale, offset, context.output(node), logScale.count, context.tiles, context.lanes)
    context.tape.releaseScratch(to: mark)
    if let accumulator = context.accumulator(node) {
      let total = Scalar.sum(context.parameters + logScale.offset, logScale.count)
      Scalar.scaleShift(
        accumulator, 1, Scalar(inverse ? -total : total), accumulator, context.tape.elementCount(features: 1))
    }
  }

  public override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    let n = logScale.count
    let mark = context.tape.scratchMark
    defer { context.tape.releaseScratch(to: mark) }
    let (scale, _) = coefficients(context)
    let dy = context.outputGradient(node)
    if let gradients = context.parameterGradients {
      // forward: d logScale = sum dy * (y - shift), d shift = sum dy
      // inverse: y = (x - shift) / scale: d logScale = -sum dy * y, d shift = -sum dy / scale
      let dots = context.tape.makeScratch(count: n)
      let sums = context.tape.makeScratch(count: n)
      Scalar.fill(dots, 0, n)
      Scalar.fill(sums, 0, n)
      Scalar.featureDot(dy, context.output(node), dots, n, context.tiles, context.lanes)
      Scalar.featureDot(dy, nil, sums, n, context.tiles, context.lanes)
      if inverse {
        Scalar.axpy(-1, dots, gradients + logScale.offset, n)
        Scalar.binary(BinaryFunction.multiply.kernel, sums, scale, sums, n)
        Scalar.axpy(-1, sums, gradients + shift.offset, n)
      } else {
        Scalar.axpy(1, sums, gradients + shift.offset, n)
        Scalar.binary(BinaryFunction.multiply.kernel, sums, context.parameters + shift.offset, sums, n)
        Scalar.axpy(1, dots, gradients + logScale.offset, n)
        Scalar.axpy(-1, sums, gradients + logScale.offset, n)
      }
      if node.accumulator >= 0 {
        let total = Scalar.sum(context.accumulatorGradient(node), context.tape.elementCount(features: 1))
        let slope = gradients + logScale.offset
        Scalar.scaleShift(slope, 1, Scalar(inverse ? -total : total), slope, n)
      }
    }
    if let dx = context.inputGradient(node, 0) {
      let scaled = context.tape.makeScratch(count: context.outputCount(node))
      Scalar.featureAffine(dy, scale, nil, scaled, n, context.tiles, context.lanes)
      Scalar.axpy(1, scaled, dx, context.outputCount(node))
    }
  }
}
