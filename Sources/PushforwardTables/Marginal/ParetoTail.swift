#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A generalized Pareto tail: the survival function of the excess y over a threshold is `(1 + shape y / scale)^(-1/shape)`.
///
/// The shape is kept between 0.05 and 0.9: never a bounded tail, so that every finite value has a density, and heavy enough
/// that a value a billion scales away still has a log-density of a few hundred nats below the typical one.
struct ParetoTail: Sendable, Codable, Equatable {
  static let shapes = 0.05...0.9

  /// In the column's units.
  private(set) var scale: Double
  private(set) var shape: Double

  /// A light tail of this scale.
  init(scale: Double) {
    self.scale = scale
    shape = Self.shapes.lowerBound
  }

  /// Fits the tail to excesses.
  ///
  /// The shape is the posterior mean of Zhang and Stephens, drawn towards 0.1 with the weight of ten excesses; where it
  /// leaves its range, the scale keeps the mean excess.
  ///
  /// - Parameter excesses: Positive, ascending, at least five.
  ///
  /// Source: Zhang and Stephens (2009), "A new and efficient estimation method for the generalized Pareto distribution",
  /// Technometrics 51, 316-325.
  init(fitting excesses: [Double]) {
    let n = excesses.count
    let count = Double(n)
    let mean = excesses.reduce(0) { $0 + $1 / count }
    let quartile = excesses[max(0, Int(count / 4 + 0.5) - 1)]
    let largest = excesses[n - 1]
    let points = 20 + Int(count.squareRoot())
    // theta = -shape / scale on a grid of prior quantiles, weighted by profile likelihood.
    var thetas: [Double] = []
    var logs: [Double] = []
    for j in 1...points {
      let root = 1 - (Double(points) / (Double(j) - 0.5)).squareRoot()
      let theta = 1 / largest + root / (3 * max(quartile, 1e-6 * largest))
      let k = Self.shape(excesses, theta)
      let likelihood = count * (log(max(-theta / k, .leastNormalMagnitude)) - k - 1)
      thetas.append(theta)
      logs.append(likelihood.isFinite ? likelihood : -.infinity)
    }
    let top = logs.max() ?? 0
    let weights = logs.map { exp($0 - top) }
    let total = weights.reduce(0, +)
    let theta = zip(thetas, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
    let fitted = Self.shape(excesses, theta)
    let drawn = fitted.isFinite ? (count * fitted + 10 * 0.1) / (count + 10) : 0.1
    shape = min(max(drawn, Self.shapes.lowerBound), Self.shapes.upperBound)
    // For this shape, the scale that gives the mean excess, or the median one where single excesses carry the mean.
    let fromMean = mean * (1 - shape)
    let fromMedian = excesses[n / 2] * shape / (pow(2, shape) - 1)
    scale = shape < 0.4 && fromMean < 1.5 * fromMedian ? fromMean : fromMedian
    if !(scale > 0 && scale.isFinite) { scale = max(largest, .leastNormalMagnitude) }
  }

  /// Mean of log(1 - theta y): the shape for this theta.
  private static func shape(_ excesses: [Double], _ theta: Double) -> Double {
    excesses.reduce(0) { $0 + log1p(-theta * $1) } / Double(excesses.count)
  }

  /// Whether a decoded tail can be used.
  var isSound: Bool { scale > 0 && scale.isFinite && Self.shapes.contains(shape) }

  /// Logarithm of the share of the tail beyond an excess `y >= 0`.
  func logSurvival(_ y: Double) -> Double { -log1p(shape * (y / scale)) / shape }

  /// The density at an excess over that at the threshold: logarithm.
  func logRelativeDensity(_ y: Double) -> Double { -log1p(shape * (y / scale)) * (1 / shape + 1) }

  /// The excess beyond which the share `exp(logSurvival)` lies.
  func excess(logSurvival: Double) -> Double { min(scale * (expm1(-shape * logSurvival) / shape), 1e300) }
}
