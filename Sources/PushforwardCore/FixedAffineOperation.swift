/// `y[f] = scale[f] (x[f] - origin[f]) + offset[f]` with constants fixed at construction.
///
/// The origin is subtracted first, so that what is close to it keeps its digits.
public final class FixedAffineOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  private let scale: [Scalar]
  private let negatedOrigin: [Scalar]
  private let offset: [Scalar]

  /// - Precondition: three lists of one length.
  public init(scale: [Double], origin: [Double], offset: [Double]) {
    precondition(scale.count == origin.count && scale.count == offset.count, "FixedAffine: shapes do not match")
    self.scale = scale.map { Scalar($0) }
    negatedOrigin = origin.map { Scalar(-$0) }
    self.offset = offset.map { Scalar($0) }
  }

  public override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let y = context.output(node)
    let (tiles, lanes) = (context.tiles, context.lanes)
    Scalar.featureAffine(context.input(node, 0), nil, negatedOrigin, y, scale.count, tiles, lanes)
    Scalar.featureAffine(y, scale, offset, y, scale.count, tiles, lanes)
  }

  public override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dx = context.inputGradient(node, 0) else { return }
    let dy = context.outputGradient(node)
    Scalar.featureAffine(dy, scale, nil, dy, scale.count, context.tiles, context.lanes)
    Scalar.axpy(1, dy, dx, context.outputCount(node))
  }
}
