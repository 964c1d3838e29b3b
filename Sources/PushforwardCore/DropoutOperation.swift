/// Sets each element to zero with probability `rate` and divides the others by `1 - rate`; the identity outside training.
///
/// The mask is a pure function of the tape's `random` stream, the row and the layer's place in the pass.
public final class DropoutOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  let rate: Double

  /// - Precondition: `0 <= rate < 1`.
  public init(rate: Double) {
    precondition((0..<1).contains(rate), "dropout rate \(rate) outside 0..<1")
    self.rate = rate
  }

  public override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let (tape, count) = (context.tape, context.outputCount(node))
    let mask = tape.makeScratch(count: count)
    let stream = tape.random.split(tape.dropoutCount)
    tape.dropoutCount += 1
    Scalar.uniform(
      stream.seed, stream.purpose.rawValue, tape.firstRow, mask, context.outputFeatures(node), context.tiles,
      context.lanes)
    Scalar.dropoutMask(Scalar(rate), Scalar(1 / (1 - rate)), mask, count)
    Scalar.binary(BinaryFunction.multiply.kernel, context.input(node, 0), mask, context.output(node), count)
    node.saved = mask
  }

  public override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dx = context.inputGradient(node, 0), let mask = node.saved else { return }
    Scalar.binaryBackward(
      BinaryFunction.multiply.kernel, context.input(node, 0), mask, context.outputGradient(node), dx, nil,
      context.outputCount(node))
  }
}
