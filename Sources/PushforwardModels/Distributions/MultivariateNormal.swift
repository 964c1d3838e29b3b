#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The normal distribution of several real numbers, with diagonal or full covariance.
///
/// Rows are arrays of `dimension` values. SciPy: `multivariate_normal(mean, cov)`.
public struct MultivariateNormal: Sendable, Equatable {
  enum Scale: Sendable, Equatable {
    case diagonal([Double])  // Standard deviations.
    case full(Cholesky)
  }

  /// The mean of each coordinate, in its own units.
  public let mean: [Double]
  let scale: Scale
  private let logNormaliser: Double
  static let name = "multivariate-normal"

  /// Creates a distribution of independent coordinates.
  ///
  /// - Parameters:
  ///   - mean: At least one finite value.
  ///   - standardDeviations: Positive and finite, one a coordinate.
  /// - Throws: `DistributionError.shapeMismatch` or `.invalidParameter`, naming the coordinate.
  public init(mean: [Double], standardDeviations: [Double]) throws(DistributionError) {
    try Self.check(mean)
    if standardDeviations.count != mean.count {
      throw .shapeMismatch(
        distribution: Self.name, parameter: "standardDeviations", expected: mean.count,
        found: standardDeviations.count)
    }
    for (index, deviation) in standardDeviations.enumerated() {
      try Require.positive(deviation, "standardDeviations[\(index)]", of: Self.name)
    }
    self.init(mean: mean, scale: .diagonal(standardDeviations))
  }

  /// Creates a distribution with a full covariance.
  ///
  /// - Parameters:
  ///   - mean: At least one finite value.
  ///   - covariance: Row-major, `dimension × dimension`, symmetric (only the lower triangle is read).
  /// - Throws: `DistributionError.shapeMismatch`, `.invalidParameter`, or `.notPositiveDefinite` with the pivot.
  public init(mean: [Double], covariance: [Double]) throws(DistributionError) {
    try Self.check(mean)
    if covariance.count != mean.count * mean.count {
      throw .shapeMismatch(
        distribution: Self.name, parameter: "covariance", expected: mean.count * mean.count, found: covariance.count)
    }
    self.init(mean: mean, scale: .full(try Cholesky(covariance, dimension: mean.count, owner: Self.name)))
  }

  private static func check(_ mean: [Double]) throws(DistributionError) {
    try Require.that(!mean.isEmpty, mean.count, "number of coordinates", of: name, is: "at least 1")
    for (index, value) in mean.enumerated() { try Require.finite(value, "mean[\(index)]", of: name) }
  }

  private init(mean: [Double], scale: Scale) {
    self.mean = mean
    self.scale = scale
    let logDeterminant: Double =
      switch scale {
      case .diagonal(let deviations): 2 * deviations.reduce(0) { $0 + log($1) }
      case .full(let cholesky): cholesky.logDeterminant
      }
    logNormaliser = -0.5 * (Double(mean.count) * SpecialFunctions.logTwoPi + logDeterminant)
  }

  /// The number of coordinates.
  public var dimension: Int { mean.count }
  /// Whether the coordinates were declared independent.
  public var isDiagonal: Bool { if case .diagonal = scale { true } else { false } }
  /// The covariance, row-major, in products of the coordinates' units.
  public var covariance: [Double] {
    switch scale {
    case .full(let cholesky): return cholesky.matrix
    case .diagonal(let deviations):
      var matrix = [Double](repeating: 0, count: dimension * dimension)
      for (index, deviation) in deviations.enumerated() { matrix[index * (dimension + 1)] = deviation * deviation }
      return matrix
    }
  }
  /// log det of the covariance, in nats.
  public var logDeterminant: Double { -2 * logNormaliser - Double(dimension) * SpecialFunctions.logTwoPi }
  /// In nats: ½ log det(2πe·covariance).
  public var entropy: Double { 0.5 * Double(dimension) - logNormaliser }

  /// Log-density of one row, in nats.
  ///
  /// - Parameter x: `dimension` values; a NaN gives NaN.
  /// - Returns: log p(x).
  /// - Throws: `DistributionError.shapeMismatch`.
  public func logProb(_ x: [Double]) throws(DistributionError) -> Double {
    try requireCount(x, "x")
    return logNormaliser - 0.5 * whitened(zip(x, mean).map(-)).reduce(0) { $0 + $1 * $1 }
  }

  /// Log-densities of several rows, in nats.
  ///
  /// - Parameter rows: Row-major, a multiple of `dimension` values.
  /// - Returns: One log p(x) a row.
  /// - Throws: `DistributionError.shapeMismatch`.
  public func logProb(rows: [Double]) throws(DistributionError) -> [Double] {
    let count = rows.count / dimension
    if count * dimension != rows.count {
      throw .shapeMismatch(
        distribution: Self.name, parameter: "rows", expected: (count + 1) * dimension, found: rows.count)
    }
    var result: [Double] = []
    for row in 0..<count { result.append(try logProb(Array(rows[row * dimension..<(row + 1) * dimension]))) }
    return result
  }

  /// One draw, a row of `dimension` values.
  public func sample(using generator: inout some RandomNumberGenerator) -> [Double] {
    let z = (0..<dimension).map { _ in generator.standardNormal() }
    let offsets: [Double] =
      switch scale {
      case .diagonal(let deviations): zip(deviations, z).map(*)
      case .full(let cholesky): cholesky.multiplyLower(z)
      }
    return zip(mean, offsets).map(+)
  }

  /// L⁻¹·d: the difference of two rows in the coordinates in which this distribution is standard.
  ///
  /// - Parameter difference: `dimension` values.
  /// - Returns: `dimension` values, without unit.
  func whitened(_ difference: [Double]) -> [Double] {
    switch scale {
    case .diagonal(let deviations): zip(difference, deviations).map(/)
    case .full(let cholesky): cholesky.solveLower(difference)
    }
  }

  func requireCount(_ values: [Double], _ parameter: String) throws(DistributionError) {
    if values.count != dimension {
      throw .shapeMismatch(distribution: Self.name, parameter: parameter, expected: dimension, found: values.count)
    }
  }
}

extension MultivariateNormal: Codable {
  private enum CodingKeys: String, CodingKey { case mean, standardDeviations, covariance }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let mean = try values.decode([Double].self, forKey: .mean)
    if let deviations = try values.decodeIfPresent([Double].self, forKey: .standardDeviations) {
      try self.init(mean: mean, standardDeviations: deviations)
    } else {
      try self.init(mean: mean, covariance: values.decode([Double].self, forKey: .covariance))
    }
  }

  /// Encodes the mean with the standard deviations or the covariance.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(mean, forKey: .mean)
    if case .diagonal(let deviations) = scale {
      try values.encode(deviations, forKey: .standardDeviations)
    } else {
      try values.encode(covariance, forKey: .covariance)
    }
  }
}
