import PushforwardCore

/// Reorders features: z feature `i` is x feature `order[i]`.
///
/// The log-determinant is zero.
public struct Permutation<Scalar: TileScalar>: Bijection {
  private let forwards: GatherOperation<Scalar>
  private let backwards: GatherOperation<Scalar>
  /// Features of x and of z.
  public var features: Int { forwards.outputFeatures }

  /// A permutation.
  ///
  /// - Precondition: `order` holds each of `0..<order.count` once.
  public init(order: [Int]) {
    precondition(order.sorted() == Array(0..<order.count), "not a permutation: \(order)")
    var inverse = [Int](repeating: 0, count: order.count)
    for (position, feature) in order.enumerated() { inverse[feature] = position }
    forwards = GatherOperation(index: order)
    backwards = GatherOperation(index: inverse)
  }

  /// Maps data to base space and adds the log-determinant.
  @_specialize(where Scalar == Float)
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(x, context: nil)
    return tape.record(forwards, x, outputFeatures: features)
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(z, context: nil)
    return tape.record(backwards, z, outputFeatures: features)
  }
}

extension Permutation: RowCompilable {
  func rowSteps(_ parameters: UnsafePointer<Scalar>) -> [RowStep<Scalar>]? {
    let (forward, inverse) = (AlignedBuffer<Int32>(count: features), AlignedBuffer<Int32>(count: features))
    for (position, feature) in forwards.index.enumerated() { forward.pointer[position] = feature }
    for (position, feature) in backwards.index.enumerated() { inverse.pointer[position] = feature }
    return [.order(forward: forward, inverse: inverse)]
  }
}
