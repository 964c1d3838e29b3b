import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An element-wise affine layer that starts by standardising the first batch it is shown.
///
/// After `initialize` its output on that batch has mean 0 and variance 1; from then on it is trained like any other
/// parameter and does not depend on the batch.
///
/// - SeeAlso: Kingma and Dhariwal (2018), "Glow: Generative Flow with Invertible 1x1 Convolutions", arXiv:1807.03039.
public struct ActNorm<Scalar: TileScalar>: Bijection, DataInitialized {
  private let affine: ElementwiseAffine<Scalar>
  /// Features of x and of z.
  public var features: Int { affine.features }

  /// Adds a layer's parameters (`log_scale`, `shift`) to `layout` under `name`.
  public init(features: Int, layout: inout ParameterLayout, name: String) {
    affine = ElementwiseAffine(features: features, layout: &layout, name: name)
  }

  /// Maps data to base space and adds the log-determinant.
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try affine.forward(x, context: context, logAbsDet: logAbsDet, on: tape)
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try affine.inverse(z, context: context, logAbsDet: logAbsDet, on: tape)
  }

  /// Sets the parameters from the rows that arrive here.
  public func initialize(
    _ parameters: inout Parameters<Scalar>, from rows: Matrix<Scalar>, context: Matrix<Scalar>?, inverse: Bool
  ) throws {
    let moments = ColumnMoments(rows)
    // Forward: exp(s) x + t. Inverse: (z - t) exp(-s).
    parameters[affine.logScale] = moments.deviation.map { Scalar((inverse ? 1 : -1) * log($0)) }
    parameters[affine.shift] = zip(moments.mean, moments.deviation).map { Scalar(inverse ? $0 : -$0 / $1) }
  }
}
