import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A radial layer: `z = x + beta (x - c) / (alpha + r)`, `r = |x - c|`, a pull towards or a push away from a centre, its
/// parameters optionally from the context.
///
/// `alpha = softplus(a)` and `beta = softplus(b) - alpha` keep it invertible. The radius of the inverse solves a
/// quadratic equation, so the inverse is in closed form; both directions are differentiable. Starts as the identity.
///
/// - SeeAlso: Rezende and Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770, section 4.1
///   and appendix A.2.
public struct Radial<Scalar: TileScalar>: Bijection {
  /// Features of x and of z.
  public let features: Int
  /// Features of the context it reads; 0 when it reads none.
  public var contextFeatures: Int { parameters.contextFeatures }
  private let parameters: RowParameters<Scalar>

  /// Adds a layer's parameters (`center`, `a`, `b`, and a `conditioner`) to `layout` under `name`.
  ///
  /// - Parameters:
  ///   - features: Features of x.
  ///   - contextFeatures: Features of the context.
  ///   - network: Hidden layers of the network that shifts them by the context; `nil` ignores the context.
  ///   - layout: Where the parameters are added.
  ///   - name: Their common prefix.
  public init(
    features: Int, contextFeatures: Int = 0, network: NetworkSettings? = nil, layout: inout ParameterLayout,
    name: String
  ) {
    self.features = features
    // softplus of it is 1.
    let one = Initializer.constant(log(expm1(1)))
    parameters = RowParameters(
      [
        .init(name: "center", count: features), .init(name: "a", count: 1, initializer: one),
        .init(name: "b", count: 1, initializer: one),
      ], contextFeatures: contextFeatures, settings: network, layout: &layout, name: name)
  }

  /// Centre, alpha, and `alpha + beta`.
  private func coefficients(
    _ x: Variable, context: Variable?, on tape: Tape<Scalar>
  ) throws -> (center: Variable, alpha: Variable, reach: Variable) {
    let parts = try parameters(shape: x, context: context, on: tape)
    return (parts[0], tape.apply(.softplus, parts[1]), tape.apply(.softplus, parts[2]))
  }

  /// `|d|`, with a derivative at zero.
  private func radius(_ d: Variable, on tape: Tape<Scalar>) -> Variable {
    tape.apply(.squareRoot, tape.affine(tape.sumFeatures(tape.square(d)), scale: 1, shift: 1e-30))
  }

  /// Adds the log-determinant at radius r of x and returns the stretch `1 + beta / (alpha + r)`.
  ///
  /// With p, q, v = r, alpha, alpha + beta, each over alpha + r, the stretch is p + v and the radial slope
  /// p^2 + 2 p q + q v: sums of positive terms.
  private func stretch(
    radius: Variable, alpha: Variable, reach: Variable, sign: Double, into logAbsDet: Variable, on tape: Tape<Scalar>
  ) -> Variable {
    let total = tape.add(alpha, radius)
    let (p, q) = (tape.divide(radius, total), tape.divide(alpha, total))
    let v = tape.divide(reach, total)
    let slope = tape.add(tape.multiply(p, tape.add(p, tape.affine(q, scale: 2))), tape.multiply(q, v))
    let stretch = tape.add(p, v)
    tape.accumulate(tape.log(slope), into: logAbsDet, scale: sign)
    tape.accumulate(tape.log(stretch), into: logAbsDet, scale: sign * Double(features - 1))
    return stretch
  }

  /// Maps data to base space and adds the log-determinant.
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(x, context: context)
    return try tape.scope {
      let (center, alpha, reach) = try coefficients(x, context: context, on: tape)
      let d = tape.subtract(x, center)
      let stretch = stretch(
        radius: radius(d, on: tape), alpha: alpha, reach: reach, sign: 1, into: logAbsDet, on: tape)
      return tape.add(center, tape.multiply(stretch, d))
    }
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(z, context: context)
    return try tape.scope {
      let (center, alpha, reach) = try coefficients(z, context: context, on: tape)
      let d = tape.subtract(z, center)
      let outer = radius(d, on: tape)
      // r^2 + (reach - outer) r - alpha outer = 0. With q = outer - reach the roots' product is -alpha outer, and
      // the larger magnitude is (|q| + sqrt(q^2 + 4 alpha outer)) / 2 whichever sign q has: nothing cancels.
      let q = tape.subtract(outer, reach)
      let product = tape.multiply(alpha, outer)
      let discriminant = tape.add(tape.square(q), tape.affine(product, scale: 4))
      let larger = tape.affine(
        tape.add(tape.apply(.absolute, q), tape.apply(.squareRoot, discriminant)), scale: 0.5)
      let inner = tape.add(tape.apply(.relu, q), tape.divide(product, larger))
      let stretch = stretch(
        radius: inner, alpha: alpha, reach: reach, sign: -1, into: logAbsDet, on: tape)
      return tape.add(center, tape.divide(d, stretch))
    }
  }
}
