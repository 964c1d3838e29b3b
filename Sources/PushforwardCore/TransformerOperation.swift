import CKernels

/// A univariate bijection whose parameters come from a network: what coupling and autoregressive layers apply to each
/// feature.
public indirect enum Transformer: Codable, Sendable, Equatable {
  /// `z = x + shift` (NICE, Dinh et al. 2014). One parameter.
  case additive
  /// `z = x exp(s) + shift`, `s = a / (1 + |a| / logScaleBound)`: smooth, and never beyond the bound. Two parameters:
  /// shift, a.
  case affine(logScaleBound: Double)
  /// Monotone rational-quadratic spline on `[-bound, bound]`, identity outside (Durkan et al. 2019,
  /// arXiv:1906.04032). `3 bins - 1` parameters: widths, heights, interior slopes.
  case rationalQuadraticSpline(bins: Int, bound: Double, minimumBin: Double, minimumSlope: Double)
  /// Spline on `[-bound, bound]` whose slope is constant in each of `bins` equally wide bins, identity outside (Müller et al.
  /// 2019, arXiv:1808.03856). `bins` parameters: masses.
  case linearSpline(bins: Int, bound: Double, minimumBin: Double)
  /// Spline on `[-bound, bound]` whose slope is piecewise linear, identity outside (ibid.). `2 bins + 1` parameters: widths,
  /// slopes at the knots.
  case quadraticSpline(bins: Int, bound: Double, minimumBin: Double, minimumSlope: Double)

  /// `.affine`, then another transformer: a spline that needs not search for where the feature is and how wide. Two parameters
  /// more than the other: shift and a come first.
  case afterAffine(logScaleBound: Double, Transformer)

  /// Affine with the scale within `e^-5...e^5`.
  public static var affine: Transformer { .affine(logScaleBound: 5) }

  /// A spline with the usual floors, 1e-3.
  public static func spline(bins: Int = 8, bound: Double = 5) -> Transformer {
    .rationalQuadraticSpline(bins: bins, bound: bound, minimumBin: 1e-3, minimumSlope: 1e-3)
  }

  /// Numbers a feature needs.
  public var parameterCount: Int {
    switch self {
    case .additive: 1
    case .affine: 2
    case .rationalQuadraticSpline(let bins, _, _, _): 3 * bins - 1
    case .linearSpline(let bins, _, _): bins
    case .quadraticSpline(let bins, _, _, _): 2 * bins + 1
    case .afterAffine(_, let next): 2 + next.parameterCount
    }
  }

  /// What `pf_made` calls it.
  package var kernel: Int32 {
    let code =
      switch self {
      case .additive: PF_ADDITIVE
      case .affine: PF_AFFINE
      case .rationalQuadraticSpline: PF_SPLINE
      case .linearSpline, .quadraticSpline, .afterAffine: PF_OTHER
      }
    return Int32(code.rawValue)
  }

  /// Of an affine transformer; meaningless for the others.
  package var logScaleBound: Double {
    guard case .affine(let bound) = self else { return 0 }
    return bound
  }

  /// The kernel's description of a spline; meaningless for the others.
  package var shape: pf_spline_shape {
    guard case .rationalQuadraticSpline(let bins, let bound, let bin, let slope) = self else { return .init() }
    return pf_spline_shape(bound: bound, min_bin: bin, min_slope: slope, bins: bins)
  }

  /// The kernel's description of a polynomial spline; meaningless for the others.
  var polynomialShape: pf_polynomial_shape {
    switch self {
    case .linearSpline(let bins, let bound, let bin):
      pf_polynomial_shape(bound: bound, min_bin: bin, min_slope: 0.5, bins: bins, degree: 1)
    case .quadraticSpline(let bins, let bound, let bin, let slope):
      pf_polynomial_shape(bound: bound, min_bin: bin, min_slope: slope, bins: bins, degree: 2)
    case .additive, .affine, .rationalQuadraticSpline, .afterAffine: .init()
    }
  }

  /// Applies the transformer to `features` features of some tiles, adding to `logDet`.
  public func apply<Scalar: TileScalar>(
    inverse: Bool, _ x: UnsafePointer<Scalar>, _ parameters: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>,
    _ logDet: UnsafeMutablePointer<Scalar>, features: Int, tiles: Int, lanes: Int
  ) {
    switch self {
    case .additive:
      let count = features * tiles * lanes
      Scalar.binary((inverse ? BinaryFunction.subtract : .add).kernel, x, parameters, y, count)
    case .affine(let bound):
      if inverse {
        Scalar.affineInverse(bound, x, parameters, y, logDet, features, tiles, lanes)
      } else {
        Scalar.affineForward(bound, x, parameters, y, logDet, features, tiles, lanes)
      }
    case .rationalQuadraticSpline:
      var shape = self.shape
      if inverse {
        Scalar.splineInverse(&shape, x, parameters, y, logDet, features, tiles, lanes)
      } else {
        Scalar.splineForward(&shape, x, parameters, y, logDet, features, tiles, lanes)
      }
    case .linearSpline, .quadraticSpline:
      var shape = polynomialShape
      if inverse {
        Scalar.polynomialInverse(&shape, x, parameters, y, logDet, features, tiles, lanes)
      } else {
        Scalar.polynomialForward(&shape, x, parameters, y, logDet, features, tiles, lanes)
      }
    case .afterAffine(let bound, let next):
      let (first, second) = (Transformer.affine(logScaleBound: bound), next)
      eachFeature(features: features, tiles: tiles, lanes: lanes) { value, parameter, tile in
        let (own, then) = (parameters + parameter, parameters + parameter + 2 * lanes)
        let (start, total) = (x + value, logDet + tile * lanes)
        let out = y + value
        // In place: the second works on what the first has written.
        (inverse ? second : first).apply(
          inverse: inverse, start, inverse ? then : own, out, total, features: 1, tiles: 1, lanes: lanes)
        (inverse ? first : second).apply(
          inverse: inverse, out, inverse ? own : then, out, total, features: 1, tiles: 1, lanes: lanes)
      }
    }
  }
}

extension Transformer {
  /// Runs `body` with the offsets of each feature's values and parameters, and the number of its tile.
  private func eachFeature(
    features: Int, tiles: Int, lanes: Int, _ body: (_ value: Int, _ parameter: Int, _ tile: Int) -> Void
  ) {
    let rows = parameterCount
    for tile in 0..<tiles {
      for feature in 0..<features {
        let place = tile * features + feature
        body(place * lanes, place * rows * lanes, tile)
      }
    }
  }

  /// Vector-Jacobian product of `apply`: `x` its argument, `y` its result; adds to `dx` and `dParameters`.
  ///
  /// `scratch` holds 3 values a lane.
  func backward<Scalar: TileScalar>(
    inverse: Bool, _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, _ parameters: UnsafePointer<Scalar>,
    _ dy: UnsafePointer<Scalar>, _ dLogDet: UnsafePointer<Scalar>, _ dx: UnsafeMutablePointer<Scalar>,
    _ dParameters: UnsafeMutablePointer<Scalar>, scratch: UnsafeMutablePointer<Scalar>, features: Int, tiles: Int,
    lanes: Int
  ) {
    switch self {
    case .additive:
      let count = features * tiles * lanes
      Scalar.axpy(1, dy, dx, count)
      Scalar.axpy(inverse ? -1 : 1, dy, dParameters, count)
    case .affine(let bound):
      if inverse {
        Scalar.affineInverseBackward(bound, x, y, parameters, dy, dLogDet, dx, dParameters, features, tiles, lanes)
      } else {
        Scalar.affineBackward(bound, x, y, parameters, dy, dLogDet, dx, dParameters, features, tiles, lanes)
      }
    case .rationalQuadraticSpline:
      var shape = self.shape
      if inverse {
        Scalar.splineInverseBackward(&shape, x, y, parameters, dy, dLogDet, dx, dParameters, features, tiles, lanes)
      } else {
        Scalar.splineBackward(&shape, x, y, parameters, dy, dLogDet, dx, dParameters, features, tiles, lanes)
      }
    case .linearSpline, .quadraticSpline:
      var shape = polynomialShape
      if inverse {
        Scalar.polynomialInverseBackward(
          &shape, x, y, parameters, dy, dLogDet, dx, dParameters, features, tiles, lanes)
      } else {
        Scalar.polynomialBackward(&shape, x, y, parameters, dy, dLogDet, dx, dParameters, features, tiles, lanes)
      }
    case .afterAffine(let bound, let next):
      let affine = Transformer.affine(logScaleBound: bound)
      // What lies between the two, its gradient, and a log-determinant that nobody wants.
      let (between, slope, unused) = (scratch, scratch + lanes, scratch + 2 * lanes)
      eachFeature(features: features, tiles: tiles, lanes: lanes) { value, parameter, tile in
        let (own, then) = (parameters + parameter, parameters + parameter + 2 * lanes)
        let (dOwn, dThen) = (dParameters + parameter, dParameters + parameter + 2 * lanes)
        let total = dLogDet + tile * lanes
        Scalar.fill(slope, 0, lanes)
        if inverse {
          next.apply(inverse: true, x + value, then, between, unused, features: 1, tiles: 1, lanes: lanes)
          affine.backward(
            inverse: true, between, y + value, own, dy + value, total, slope, dOwn, scratch: unused, features: 1,
            tiles: 1, lanes: lanes)
          next.backward(
            inverse: true, x + value, between, then, slope, total, dx + value, dThen, scratch: unused, features: 1,
            tiles: 1, lanes: lanes)
        } else {
          affine.apply(inverse: false, x + value, own, between, unused, features: 1, tiles: 1, lanes: lanes)
          next.backward(
            inverse: false, between, y + value, then, dy + value, total, slope, dThen, scratch: unused, features: 1,
            tiles: 1, lanes: lanes)
          affine.backward(
            inverse: false, x + value, between, own, slope, total, dx + value, dOwn, scratch: unused, features: 1,
            tiles: 1, lanes: lanes)
        }
      }
    }
  }
}

/// Applies a `Transformer` on the tape: input 0 the features, input 1 their parameters.
public final class TransformerOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  let transformer: Transformer
  let inverse: Bool
  private let ownsParameters: Bool

  /// One direction of a transformer.
  ///
  /// - Parameters:
  ///   - transformer: What is applied.
  ///   - inverse: From z to x.
  ///   - ownsParameters: On a recording tape the operation may overwrite input 1: nothing else reads it, and what computed
  ///     it needs not see it again (a linear layer without activation).
  public init(_ transformer: Transformer, inverse: Bool, ownsParameters: Bool = false) {
    self.transformer = transformer
    self.inverse = inverse
    self.ownsParameters = ownsParameters
  }

  /// The shape of a spline whose exponentials stay in the place of its parameters until `backward` puts their gradient
  /// there: a third less to compute, and half of the memory.
  private func keptShape(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) -> pf_spline_shape? {
    guard ownsParameters, !inverse, context.lanes > 1, case .rationalQuadraticSpline = transformer,
      context.mayOverwriteInput(node, 1)
    else { return nil }
    return transformer.shape
  }

  @_specialize(where Scalar == Float)
  public override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    if var shape = keptShape(context, node) {
      Scalar.splineForwardKeeping(
        &shape, context.input(node, 0), UnsafeMutablePointer(mutating: context.input(node, 1)), context.output(node),
        context.accumulator(node)!, context.outputFeatures(node), context.tiles)
      return
    }
    transformer.apply(
      inverse: inverse, context.input(node, 0), context.input(node, 1), context.output(node),
      context.accumulator(node)!, features: context.outputFeatures(node), tiles: context.tiles, lanes: context.lanes)
  }

  @_specialize(where Scalar == Float)
  public override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    let features = context.outputFeatures(node)
    let (tiles, lanes) = (context.tiles, context.lanes)
    let dy = context.outputGradient(node)
    if case .additive = transformer {
      let count = context.outputCount(node)
      if let dx = context.inputGradient(node, 0) { Scalar.axpy(1, dy, dx, count) }
      if let dp = context.inputGradient(node, 1) { Scalar.axpy(inverse ? -1 : 1, dy, dp, count) }
      return
    }
    let mark = context.tape.scratchMark
    defer { context.tape.releaseScratch(to: mark) }
    // The kernels write both gradients; one that nobody wants goes to scratch.
    let dx = context.inputGradient(node, 0) ?? context.tape.makeZeroScratch(count: context.outputCount(node))
    if var shape = keptShape(context, node) {
      Scalar.splineBackwardKept(
        &shape, context.input(node, 0), context.inputAsItsGradient(node, 1), dy, context.accumulatorGradient(node), dx,
        features, tiles)
      return
    }
    let dp =
      context.inputGradient(node, 1)
      ?? context.tape.makeZeroScratch(count: context.outputCount(node) * transformer.parameterCount)
    let (x, y, p) = (context.input(node, 0), UnsafePointer(context.output(node)), context.input(node, 1))
    transformer.backward(
      inverse: inverse, x, y, p, dy, context.accumulatorGradient(node), dx, dp,
      scratch: context.tape.makeScratch(count: 3 * lanes), features: features, tiles: tiles, lanes: lanes)
  }
}
