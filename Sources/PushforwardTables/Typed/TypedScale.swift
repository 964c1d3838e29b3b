#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The scale of a column's continuous class: `z = Phi^-1(G(y(x)))`, G a smooth distribution function fitted to the column.
///
/// Three things are exact by construction. The cells of values that are classes of their own are cut out (`y` is `x` less
/// the cut cells below it), so no value is reached by two ways. The density is restricted to the column's range, so that
/// every finite `z` lies inside. And a recorded value of a stepped column is its whole cell: an interval of `z`.
public struct TypedScale: Sendable, Equatable {
  /// The recording step; `nil`: values are points.
  public let step: Double?
  /// Smallest possible value of the column; for stepped columns half a step above the edge of the first cell.
  public let minimum: Double?
  /// Largest possible value.
  public let maximum: Double?
  /// Values whose cells are cut out, ascending; only with a step.
  package let cuts: [Double]
  /// The smooth density on the coordinate without the cuts.
  package let density: MarginalTransform

  private let lowEdge: Double
  private let highEdge: Double
  /// Masses of the density outside the range, and the logarithm of what is inside.
  private let lowerMass: Double
  private let upperMass: Double
  private let logInside: Double

  /// Points at a bound are scored this far out on `z`: the mass beyond is below 1e-8.
  private static let farthestPoint = 5.6

  init(density: MarginalTransform, step: Double?, minimum: Double?, maximum: Double?, cuts: [Double]) {
    self.density = density
    self.step = step
    self.minimum = minimum
    self.maximum = maximum
    self.cuts = cuts
    let half = (step ?? 0) / 2
    lowEdge = minimum.map { $0 - half } ?? -.infinity
    highEdge = maximum.map { $0 + half } ?? .infinity
    func mass(_ edge: Double, sign: Double) -> Double {
      edge.isFinite
        ? NormalScale.cdf(sign * density.forward(Self.compress(edge, cuts: cuts, step: step ?? 0)).z) : 0
    }
    lowerMass = mass(lowEdge, sign: 1)
    upperMass = mass(highEdge, sign: -1)
    logInside = log(max(1 - lowerMass - upperMass, 0))
  }

  /// Whether a decoded scale can be used.
  var isSound: Bool {
    logInside.isFinite && lowEdge < highEdge && (step.map { $0 > 0 && $0.isFinite } ?? cuts.isEmpty)
      && zip(cuts, cuts.dropFirst()).allSatisfy { $0 < $1 } && cuts.allSatisfy(\.isFinite)
  }

  // MARK: Values to z

  /// The place of a value on `z`, and the logarithm of the density there in nats a unit of the column, for the class alone
  /// and `z` standard normal.
  func evaluate(_ x: Double) -> (z: Double, logDensity: Double) {
    let (z, logDensity) = density.evaluate(Self.compress(x, cuts: cuts, step: step ?? 0))
    return (restricted(z), logDensity - logInside)
  }

  /// A point: `z` and `log |dz/dx|`.
  func point(_ x: Double) -> (z: Double, logDet: Double) {
    var (z, logDensity) = evaluate(min(max(x, lowEdge), highEdge))
    if lowEdge.isFinite { z = max(z, -Self.farthestPoint) }
    if highEdge.isFinite { z = min(z, Self.farthestPoint) }
    return (z, logDensity + z * z / 2 + NormalScale.halfLogTwoPi)
  }

  /// The cell of a recorded value: the interval of `z`, its ends infinite at the ends of the range, and its width.
  ///
  /// The width is that of the difference before it is rounded to single precision.
  func cell(_ value: Double, step: Double) -> (low: Double, high: Double, width: Double) {
    let isFirst = value - step * 0.75 < lowEdge
    let isLast = value + step * 0.75 > highEdge
    let low = isFirst ? -.infinity : evaluate(value - step / 2).z
    let high = isLast ? .infinity : evaluate(value + step / 2).z
    var width = high - low
    if width < 1e-6 * max(1, low.magnitude), low.isFinite, high.isFinite {
      // The difference has lost its digits: the density times the step.
      let (z, logDensity) = evaluate(value)
      width = exp(logDensity + log(step) + z * z / 2 + NormalScale.halfLogTwoPi)
    }
    return (low, high, width)
  }

  /// The place of a value that is a class of its own among the others.
  func place(_ x: Double) -> Double { min(max(evaluate(x).z, -8), 8) }

  private func restricted(_ z: Double) -> Double {
    if lowerMass == 0, upperMass == 0 { return z }
    if z < 0 {
      let log = lowerMass == 0 ? NormalScale.logCDF(z) : Self.logOrNothing(NormalScale.cdf(z) - lowerMass)
      return Self.quantile(log - logInside)
    }
    let log = upperMass == 0 ? NormalScale.logCDF(-z) : Self.logOrNothing(NormalScale.cdf(-z) - upperMass)
    return -Self.quantile(log - logInside)
  }

  private static func logOrNothing(_ p: Double) -> Double {
    #if canImport(Glibc)
      p > 0 ? Glibc.log(p) : -.infinity
    #elseif canImport(Musl)
      p > 0 ? Musl.log(p) : -.infinity
    #else
      p > 0 ? Darwin.log(p) : -.infinity
    #endif
  }

  /// The quantile of any probability, given by its logarithm.
  private static func quantile(_ logProbability: Double) -> Double {
    if logProbability == -.infinity { return -.infinity }
    if logProbability <= -0.693_147_180_559_945_3 { return NormalScale.quantile(logProbability: logProbability) }
    let rest = -expm1(logProbability)
    return rest > 0 ? -NormalScale.quantile(min(rest, 0.5)) : .infinity
  }

  // MARK: z to values

  /// The value at `z`, before it is rounded to a step; inside the range for every finite `z`.
  func value(_ z: Double) -> Double {
    let z = min(max(z, -1e4), 1e4)
    var inner = z
    if lowerMass > 0 || upperMass > 0 {
      if z < 0 {
        let inside = NormalScale.logCDF(z) + logInside
        inner = Self.quantile(lowerMass == 0 ? inside : Self.logOrNothing(lowerMass + exp(inside)))
      } else {
        let inside = NormalScale.logCDF(-z) + logInside
        inner = -Self.quantile(upperMass == 0 ? inside : Self.logOrNothing(upperMass + exp(inside)))
      }
    }
    return min(max(expand(density.inverse(min(max(inner, -1e4), 1e4))), lowEdge), highEdge)
  }

  // MARK: Cuts

  /// The coordinate without the cut cells.
  static func compress(_ x: Double, cuts: [Double], step: Double) -> Double {
    if cuts.isEmpty { return x }
    // Cells that begin below x.
    var low = 0
    var high = cuts.count
    while low < high {
      let middle = (low + high) / 2
      if cuts[middle] - step / 2 <= x { low = middle + 1 } else { high = middle }
    }
    if low == 0 { return x }
    let inside = x - (cuts[low - 1] - step / 2)
    return x - Double(low - 1) * step - min(inside, step)
  }

  /// The way back; a seam belongs to the upper side.
  private func expand(_ y: Double) -> Double {
    guard let step, !cuts.isEmpty else { return y }
    var low = 0
    var high = cuts.count
    while low < high {
      let middle = (low + high) / 2
      if cuts[middle] - step / 2 - Double(middle) * step <= y { low = middle + 1 } else { high = middle }
    }
    return y + Double(low) * step
  }

  /// Whether two scales have the same parameters.
  public static func == (a: TypedScale, b: TypedScale) -> Bool {
    a.density == b.density && a.step == b.step && a.minimum == b.minimum && a.maximum == b.maximum && a.cuts == b.cuts
  }
}

extension TypedScale: Codable {
  private enum CodingKeys: String, CodingKey { case step, minimum, maximum, cuts, density }

  /// Reads a scale and checks that it is one.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      density: try container.decode(MarginalTransform.self, forKey: .density),
      step: try container.decodeIfPresent(Double.self, forKey: .step),
      minimum: try container.decodeIfPresent(Double.self, forKey: .minimum),
      maximum: try container.decodeIfPresent(Double.self, forKey: .maximum),
      cuts: try container.decode([Double].self, forKey: .cuts))
    guard isSound else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "the numbers make no scale of a column"))
    }
  }

  /// Writes step, range, cuts and density.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(step, forKey: .step)
    try container.encodeIfPresent(minimum, forKey: .minimum)
    try container.encodeIfPresent(maximum, forKey: .maximum)
    try container.encode(cuts, forKey: .cuts)
    try container.encode(density, forKey: .density)
  }
}
