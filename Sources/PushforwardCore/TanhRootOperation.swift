/// Solves `a + (s - 1) tanh(a) = k` for `a`, element by element: input 0 is k, input 1 is `s >= 0`.
///
/// The one scalar equation in the inverse of a planar layer. The left side increases with a, so a safeguarded Newton
/// iteration always finds the root; derivatives are those of the implicit function.
public final class TanhRootOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  /// The operation; it has no settings.
  public override init() {}

  public override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    Scalar.tanhRoot(context.input(node, 0), context.input(node, 1), context.output(node), context.outputCount(node))
  }

  public override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    Scalar.tanhRootBackward(
      context.output(node), context.input(node, 1), context.outputGradient(node), context.inputGradient(node, 0),
      context.inputGradient(node, 1), context.outputCount(node))
  }
}
