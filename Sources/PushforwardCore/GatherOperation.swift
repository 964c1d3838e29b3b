/// Picks features by number, in any order: permutation, reversal, the halves of a coupling layer.
public final class GatherOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  package let index: [Int32]

  /// Output feature `r` is input feature `index[r]`.
  public init(index: [Int]) { self.index = index.map { Int32($0) } }

  /// Number of features picked.
  public var outputFeatures: Int { index.count }

  @_specialize(where Scalar == Float)
  public override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    Scalar.gatherFeatures(
      context.input(node, 0), index, context.output(node), context.inputFeatures(node, 0), index.count, context.tiles,
      context.lanes)
  }

  @_specialize(where Scalar == Float)
  public override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dx = context.inputGradient(node, 0) else { return }
    Scalar.scatterAddFeatures(
      context.outputGradient(node), index, dx, context.inputFeatures(node, 0), index.count, context.tiles,
      context.lanes)
  }
}
