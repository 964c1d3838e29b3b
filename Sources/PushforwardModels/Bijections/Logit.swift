import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Maps an interval onto the real line; its inverse is the sigmoid onto the interval.
///
/// `z = log(p / q)` with `p = alpha + (1 - 2 alpha)(x - lower) / (upper - lower)` and `q = 1 - p`. `p` and `q` are computed from the nearer end each, so neither loses digits. Values at or beyond an end where p or q
/// would not be positive are moved inside: z is finite (about 44 in Float, 354 in Double), and so is the
/// log-determinant. No parameters.
///
/// - SeeAlso: Dinh et al. (2017), arXiv:1605.08803, section 4.1 (the `alpha` squeeze).
public struct Logit<Scalar: TileScalar>: Bijection {
  /// Lower ends of the features' intervals.
  public let lower: [Double]
  /// Upper ends.
  public let upper: [Double]
  /// How far the interval is squeezed away from 0 and 1.
  public let alpha: Double
  private let fromLower: FixedAffineOperation<Scalar>
  private let fromUpper: FixedAffineOperation<Scalar>
  private let orient: FixedAffineOperation<Scalar>
  private let place: FixedAffineOperation<Scalar>
  /// `log |dp/dx|`, summed over features.
  private let logSlope: Double

  /// Features of x and of z.
  public var features: Int { lower.count }

  /// A map of the intervals `lower[f]...upper[f]`.
  ///
  /// - Precondition: finite ends, `lower < upper`, `0 <= alpha < 1/2` (`BijectionSpecification.make` throws instead).
  public init(lower: [Double], upper: [Double], alpha: Double = 0) {
    precondition(lower.count == upper.count && zip(lower, upper).allSatisfy(<), "Logit: empty interval")
    precondition((0..<0.5).contains(alpha), "Logit: alpha \(alpha) outside 0..<0.5")
    self.lower = lower
    self.upper = upper
    self.alpha = alpha
    let slopes = zip(lower, upper).map { (1 - 2 * alpha) / ($1 - $0) }
    let squeeze = [Double](repeating: alpha, count: lower.count)
    fromLower = FixedAffineOperation(scale: slopes, origin: lower, offset: squeeze)
    fromUpper = FixedAffineOperation(scale: slopes.map(-), origin: upper, offset: squeeze)
    logSlope = slopes.reduce(0) { $0 + log($1) }
    // The inverse measures from the end of smaller magnitude, where floating point resolves most:
    // x = end + sign (sigmoid(sign z) - alpha) / slope.
    let measuresFromLower = zip(lower, upper).map { abs($0) <= abs($1) }
    let signs = measuresFromLower.map { $0 ? 1.0 : -1.0 }
    let zeros = [Double](repeating: 0, count: lower.count)
    orient = FixedAffineOperation(scale: signs, origin: zeros, offset: zeros)
    place = FixedAffineOperation(
      scale: zip(signs, slopes).map { $0 / $1 }, origin: squeeze,
      offset: measuresFromLower.indices.map { measuresFromLower[$0] ? lower[$0] : upper[$0] })
  }

  /// Maps data to base space and adds the log-determinant.
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(x, context: nil)
    return tape.scope {
      let floor = tape.makeValue(features: features)
      let least = Scalar.leastNormalMagnitude.squareRoot()
      Scalar.fill(tape.pointer(floor), least, tape.elementCount(features: features))
      let p = tape.apply(.maximum, tape.record(fromLower, x, outputFeatures: features), floor)
      let q = tape.apply(.maximum, tape.record(fromUpper, x, outputFeatures: features), floor)
      let (logP, logQ) = (tape.log(p), tape.log(q))
      tape.accumulate(tape.sumFeatures(tape.add(logP, logQ)), into: logAbsDet, scale: -1)
      tape.addConstant(logSlope, to: logAbsDet)
      return tape.subtract(logP, logQ)
    }
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(z, context: nil)
    return tape.scope {
      let logs = tape.add(tape.apply(.logSigmoid, z), tape.apply(.logSigmoid, tape.apply(.negate, z)))
      tape.accumulate(tape.sumFeatures(logs), into: logAbsDet)
      tape.addConstant(-logSlope, to: logAbsDet)
      let p = tape.apply(.sigmoid, tape.record(orient, z, outputFeatures: features))
      return tape.record(place, p, outputFeatures: features)
    }
  }
}
