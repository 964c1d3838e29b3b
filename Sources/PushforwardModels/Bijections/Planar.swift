import PushforwardCore

/// A planar layer: `z = x + u tanh(w . x + b)`, a bend along one direction, its parameters optionally from the context.
///
/// `u = v + (softplus(w . v) - 1 - w . v) w / |w|^2` keeps `1 + u . w` positive for every v, so the layer is always
/// invertible. The inverse solves one monotone scalar equation for `w . x + b`, whatever the number of features; both
/// directions are differentiable.
///
/// - SeeAlso: Rezende and Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770, section 4.1
///   and appendix A.1.
public struct Planar<Scalar: TileScalar>: Bijection {
  /// Features of x and of z.
  public let features: Int
  /// Features of the context it reads; 0 when it reads none.
  public var contextFeatures: Int { parameters.contextFeatures }
  private let parameters: RowParameters<Scalar>
  private let root = TanhRootOperation<Scalar>()

  /// Adds a layer's parameters (`w`, `v`, `b`, and a `conditioner`) to `layout` under `name`.
  ///
  /// - Parameters:
  ///   - features: Features of x.
  ///   - contextFeatures: Features of the context.
  ///   - network: Hidden layers of the network that shifts w, v and b by the context; `nil` ignores the context.
  ///   - layout: Where the parameters are added.
  ///   - name: Their common prefix.
  public init(
    features: Int, contextFeatures: Int = 0, network: NetworkSettings? = nil, layout: inout ParameterLayout,
    name: String
  ) {
    self.features = features
    // w must not be zero: the correction of v divides by its length.
    let deviation = (1 / Double(features)).squareRoot()
    parameters = RowParameters(
      [
        .init(name: "w", count: features, initializer: .normal(deviation: deviation)),
        .init(name: "v", count: features, initializer: .normal(deviation: 0.1 * deviation)),
        .init(name: "b", count: 1),
      ], contextFeatures: contextFeatures, settings: network, layout: &layout, name: name)
  }

  /// Direction w, displacement u, offset b, and `1 + u . w`.
  private func coefficients(
    _ x: Variable, context: Variable?, on tape: Tape<Scalar>
  ) throws -> (w: Variable, u: Variable, b: Variable, slope: Variable) {
    let parts = try parameters(shape: x, context: context, on: tape)
    let (w, v, b) = (parts[0], parts[1], parts[2])
    let dot = tape.sumFeatures(tape.multiply(w, v))
    let slope = tape.apply(.softplus, dot)
    let length = tape.sumFeatures(tape.square(w))
    let correction = tape.divide(tape.affine(tape.subtract(slope, dot), scale: 1, shift: -1), length)
    return (w, tape.add(v, tape.multiply(correction, w)), b, slope)
  }

  /// Adds `sign log(1 + u . w (1 - t^2))`, as a sum of positive terms: `t^2 + (1 + u . w)(1 - t^2)`.
  private func accumulate(
    _ bend: Variable, slope: Variable, sign: Double, into logAbsDet: Variable, on tape: Tape<Scalar>
  ) {
    let square = tape.square(bend)
    let determinant = tape.add(square, tape.multiply(slope, tape.affine(square, scale: -1, shift: 1)))
    tape.accumulate(tape.log(determinant), into: logAbsDet, scale: sign)
  }

  /// Maps data to base space and adds the log-determinant.
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(x, context: context)
    return try tape.scope {
      let (w, u, b, slope) = try coefficients(x, context: context, on: tape)
      let bend = tape.apply(.tanh, tape.add(tape.sumFeatures(tape.multiply(w, x)), b))
      accumulate(bend, slope: slope, sign: 1, into: logAbsDet, on: tape)
      return tape.add(x, tape.multiply(bend, u))
    }
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(z, context: context)
    return try tape.scope {
      let (w, u, b, slope) = try coefficients(z, context: context, on: tape)
      // With a = w . x + b: w . z + b = a + (u . w) tanh(a).
      let target = tape.add(tape.sumFeatures(tape.multiply(w, z)), b)
      let bend = tape.apply(.tanh, tape.record(root, target, slope, outputFeatures: 1))
      accumulate(bend, slope: slope, sign: -1, into: logAbsDet, on: tape)
      return tape.subtract(z, tape.multiply(bend, u))
    }
  }
}
