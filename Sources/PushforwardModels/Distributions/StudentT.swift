#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Student's t distribution with location and scale, on the real line.
///
/// (X − location)/scale has density proportional to (1 + t²/ν)^(−(ν+1)/2), ν = degreesOfFreedom > 0, not necessarily
/// whole. SciPy: `t(df=degreesOfFreedom, loc=location, scale=scale)`.
public struct StudentT: ContinuousDistribution {
  /// Degrees of freedom ν, from 1e-300 to 1e15, no unit.
  public let degreesOfFreedom: Double
  /// The location (the median), in the units of x.
  public let location: Double
  /// The scale, positive, in the units of x; not the standard deviation.
  public let scale: Double
  private var logNormaliser: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless location is finite, scale positive and finite, and
  ///   degreesOfFreedom from 1e-300 to 1e15.
  public init(degreesOfFreedom: Double, location: Double = 0, scale: Double = 1) throws(DistributionError) {
    try Require.shape(degreesOfFreedom, "degreesOfFreedom", of: Self.kind)
    try Require.finite(location, "location", of: Self.kind)
    try Require.positive(scale, "scale", of: Self.kind)
    self.degreesOfFreedom = degreesOfFreedom
    self.location = location
    self.scale = scale
    logNormaliser = -SpecialFunctions.logBeta(0.5, 0.5 * degreesOfFreedom) - 0.5 * log(degreesOfFreedom) - log(scale)
  }

  /// `student-t`.
  public static var kind: String { "student-t" }
  /// The real line.
  public var support: ClosedRange<Double> { -.infinity ... .infinity }

  /// Log-density, in nats.
  public func logProb(_ x: Double) -> Double {
    let t = abs(x - location) / scale
    return logNormaliser - 0.5 * (degreesOfFreedom + 1) * logGrowth(t)
  }

  /// log(1 + t²/ν), without overflow of t².
  private func logGrowth(_ t: Double) -> Double {
    let w = t / degreesOfFreedom.squareRoot()
    return w > 1e8 ? 2 * log(w) : log1p(w * w)
  }

  /// Both tails at x, by I_y(ν/2, ½) with y = ν/(ν + t²).
  public func tails(at x: Double) -> TailProbability {
    let t = (x - location) / scale
    if t.isNaN { return .invalid }
    let w = abs(t) / degreesOfFreedom.squareRoot()
    let logY = -logGrowth(abs(t))
    let logX = w > 1 ? -log1p(1 / w / w) : 2 * log(w) + logY
    let outside = SpecialFunctions.incompleteBeta(
      0.5 * degreesOfFreedom, 0.5, exp(logY), w > 1e8 ? 1 : w * w / (1 + w * w), logX: logY, logY: logX)
    let tail = 0.5 * outside.lower
    let below = TailProbability(
      lower: tail, upper: 0.5 + 0.5 * outside.upper, logLower: outside.logLower - 0.6931471805599453,
      logUpper: log1p(-tail))
    return t > 0 ? below.swapped : below
  }

  /// The quantile, by the inverse incomplete beta function.
  public func quantile(at p: TailProbability) -> Double {
    if !p.isValid { return .nan }
    let isLower = p.lower < 0.5
    let tail = isLower ? p : p.swapped
    // Near the median |2p − 1| is the exact small number, the other tail far out.
    let outside =
      tail.lower > 0.25
      ? TailProbability(upper: tail.upper - tail.lower)
      : TailProbability(logLower: tail.logLower + 0.6931471805599453)
    let root = SpecialFunctions.inverseIncompleteBeta(0.5 * degreesOfFreedom, 0.5, outside)
    let ratio =
      root.lower > 1e-290 && root.upper > 1e-290
      ? (root.upper / root.lower).squareRoot() : exp(0.5 * (root.logUpper - root.logLower))
    let t = degreesOfFreedom.squareRoot() * ratio
    return location + (isLower ? -scale : scale) * t
  }

  /// One draw: a standard normal over the root of an independent gamma, taken as a logarithm so that tiny degrees of
  /// freedom do not underflow.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    let logGamma = Gamma.logStandardSample(shape: 0.5 * degreesOfFreedom, using: &generator)
    return location + scale * generator.standardNormal() * exp(0.5 * (log(0.5 * degreesOfFreedom) - logGamma))
  }

  /// The location for ν > 1, otherwise NaN.
  public var mean: Double { degreesOfFreedom > 1 ? location : .nan }
  /// scale²·ν/(ν − 2) for ν > 2, +∞ for 1 < ν ≤ 2, otherwise NaN.
  public var variance: Double {
    if degreesOfFreedom > 2 { return scale * scale * (degreesOfFreedom / (degreesOfFreedom - 2)) }
    return degreesOfFreedom > 1 ? .infinity : .nan
  }
  /// In nats: (ν+1)/2·(ψ((ν+1)/2) − ψ(ν/2)) + ½log ν + log B(ν/2, ½) + log scale.
  public var entropy: Double {
    let half = 0.5 * degreesOfFreedom
    // ψ(half + ½) − ψ(half); for large arguments from the parts that differ, not from two logarithms.
    let difference =
      half < 10
      ? SpecialFunctions.digamma(half + 0.5) - SpecialFunctions.digamma(half)
      : log1p(0.5 / half) + 0.25 / (half * (half + 0.5))
        - (SpecialFunctions.digammaExcess(half + 0.5) - SpecialFunctions.digammaExcess(half))
    return (half + 0.5) * difference - logNormaliser
  }
}

extension StudentT: Codable {
  private enum CodingKeys: String, CodingKey { case degreesOfFreedom, location, scale }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      degreesOfFreedom: values.decode(Double.self, forKey: .degreesOfFreedom),
      location: values.decode(Double.self, forKey: .location),
      scale: values.decode(Double.self, forKey: .scale))
  }
}
