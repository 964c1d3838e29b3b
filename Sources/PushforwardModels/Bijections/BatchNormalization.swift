import PushforwardCore

/// Batch normalization as a bijection: `z = exp(logScale) (x - mean) / sqrt(variance + epsilon) + shift`.
///
/// On a training tape, forward normalises by the mean and variance of the tape's own rows (of a worker's shard: ghost
/// batch normalization) and derivatives flow through them. Everywhere else, and always in the inverse, it uses the
/// running averages that training keeps in slices of role `.statistic`; then it is an ordinary affine bijection.
///
/// - SeeAlso: Dinh et al. (2017), arXiv:1605.08803, section 3.7; Papamakarios et al. (2017), arXiv:1705.07057;
///   Hoffer et al. (2017), arXiv:1705.08741 (ghost batches).
public struct BatchNormalization<Scalar: TileScalar>: Bijection, DataInitialized {
  /// Features of x and of z.
  public let features: Int
  private let mean: ParameterSlice
  private let variance: ParameterSlice
  private let forwards: BatchNormalizationOperation<Scalar>
  private let backwards: BatchNormalizationOperation<Scalar>

  /// Adds a layer's parameters (`log_scale`, `shift`, `mean`, `variance`) to `layout` under `name`.
  ///
  /// - Parameters:
  ///   - features: Features of x.
  ///   - epsilon: Added to the variance; keeps constant features finite.
  ///   - layout: Where the parameters are added.
  ///   - name: Their common prefix.
  public init(features: Int, epsilon: Double = 1e-5, layout: inout ParameterLayout, name: String) {
    self.features = features
    let logScale = layout.add("\(name).log_scale", rows: features, role: .bias)
    let shift = layout.add("\(name).shift", rows: features, role: .bias)
    mean = layout.add("\(name).mean", rows: features, role: .statistic)
    variance = layout.add("\(name).variance", rows: features, role: .statistic, initializer: .constant(1))
    forwards = BatchNormalizationOperation(
      logScale: logScale, shift: shift, mean: mean, variance: variance, epsilon: epsilon, inverse: false)
    backwards = BatchNormalizationOperation(
      logScale: logScale, shift: shift, mean: mean, variance: variance, epsilon: epsilon, inverse: true)
  }

  /// Maps data to base space and adds the log-determinant.
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(x, context: nil)
    return tape.record(forwards, x, outputFeatures: features, accumulator: logAbsDet)
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(z, context: nil)
    return tape.record(backwards, z, outputFeatures: features, accumulator: logAbsDet)
  }

  /// Starts the running statistics at those of the first rows.
  ///
  /// An inverted layer's stay 0 and 1.
  public func initialize(
    _ parameters: inout Parameters<Scalar>, from rows: Matrix<Scalar>, context: Matrix<Scalar>?, inverse: Bool
  ) throws {
    if inverse { return }
    let moments = ColumnMoments(rows)
    parameters[mean] = moments.mean.map { Scalar($0) }
    parameters[variance] = moments.deviation.map { Scalar($0 * $0) }
  }
}
