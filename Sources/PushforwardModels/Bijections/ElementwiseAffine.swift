import PushforwardCore

/// A scale and a shift of its own for each feature: `z = exp(logScale) x + shift`.
///
/// Starts as the identity.
public struct ElementwiseAffine<Scalar: TileScalar>: Bijection {
  /// Features of x and of z.
  public let features: Int
  let logScale: ParameterSlice
  let shift: ParameterSlice
  private let forwards: FeatureAffineOperation<Scalar>
  private let backwards: FeatureAffineOperation<Scalar>

  /// Adds a layer's parameters (`log_scale`, `shift`) to `layout` under `name`.
  public init(features: Int, layout: inout ParameterLayout, name: String) {
    self.features = features
    logScale = layout.add("\(name).log_scale", rows: features, role: .bias)
    shift = layout.add("\(name).shift", rows: features, role: .bias)
    forwards = FeatureAffineOperation(logScale: logScale, shift: shift, inverse: false)
    backwards = FeatureAffineOperation(logScale: logScale, shift: shift, inverse: true)
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
}
