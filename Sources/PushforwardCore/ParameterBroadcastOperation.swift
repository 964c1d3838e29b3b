/// Repeats a parameter slice on every lane: a value whose features are the slice's numbers.
///
/// Lets one formula serve parameters of the model and parameters that a network computes for each row. The input only
/// tells the tape what to follow; its numbers are not read.
public final class ParameterBroadcastOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  package let slice: ParameterSlice

  /// Repeats `slice`.
  public init(_ slice: ParameterSlice) { self.slice = slice }

  public override var hasParameters: Bool { true }

  public override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let (n, tiles, lanes) = (slice.count, context.tiles, context.lanes)
    Scalar.fill(context.output(node), 0, context.outputCount(node))
    Scalar.featureAffine(
      context.output(node), nil, context.parameters + slice.offset, context.output(node), n, tiles, lanes)
  }

  public override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let gradients = context.parameterGradients else { return }
    Scalar.featureDot(
      context.outputGradient(node), nil, gradients + slice.offset, slice.count, context.tiles, context.lanes)
  }
}
