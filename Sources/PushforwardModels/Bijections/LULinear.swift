import PushforwardCore

/// A linear layer that is always invertible: `z = P (L U (exp(d) x) + b)`.
///
/// L and U are unit lower- and upper-triangular, P is a fixed permutation; the log-determinant is the sum of d. Starts as
/// the permutation alone. Every matrix with an LU decomposition is of this form (the diagonal of U moved into the columns).
///
/// - Complexity: O(features^2) a row in both directions, both differentiable.
/// - SeeAlso: Oliva et al. (2018), "Transformation Autoregressive Networks", arXiv:1801.09819.
public struct LULinear<Scalar: TileScalar>: Bijection {
  /// Features of x and of z.
  public let features: Int
  private let forwards: LUOperation<Scalar>
  private let backwards: LUOperation<Scalar>
  private let permutation: Permutation<Scalar>?

  /// Adds a layer's parameters (`lower`, `upper` (the transpose of U), `log_diagonal`, `bias`) to `layout` under `name`.
  ///
  /// - Parameters:
  ///   - features: Features of x.
  ///   - order: z feature `i` is feature `order[i]` of the linear map; as they stand when `nil`.
  ///   - layout: Where the parameters are added.
  ///   - name: Their common prefix.
  public init(features: Int, order: [Int]? = nil, layout: inout ParameterLayout, name: String) {
    self.features = features
    permutation = order.map { Permutation(order: $0) }
    let strictlyLower = Initializer.fanIn(gain: 0, extents: (0..<Int32(features)).map { $0 })
    let lower = layout.add("\(name).lower", rows: features, columns: features, initializer: strictlyLower)
    let upper = layout.add("\(name).upper", rows: features, columns: features, initializer: strictlyLower)
    let logDiagonal = layout.add("\(name).log_diagonal", rows: features, role: .bias)
    let bias = layout.add("\(name).bias", rows: features, role: .bias)
    forwards = LUOperation(lower: lower, upper: upper, logDiagonal: logDiagonal, bias: bias, inverse: false)
    backwards = LUOperation(lower: lower, upper: upper, logDiagonal: logDiagonal, bias: bias, inverse: true)
  }

  /// Maps data to base space and adds the log-determinant.
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(x, context: nil)
    let mapped = tape.record(forwards, x, outputFeatures: features, accumulator: logAbsDet)
    return try permutation?.forward(mapped, context: nil, logAbsDet: logAbsDet, on: tape) ?? mapped
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(z, context: nil)
    let ordered = try permutation?.inverse(z, context: nil, logAbsDet: logAbsDet, on: tape) ?? z
    return tape.record(backwards, ordered, outputFeatures: features, accumulator: logAbsDet)
  }
}
