/// A mistake in the parameters or arguments of a distribution.
///
/// Evaluating a well-formed distribution never throws for a value: a point outside the support has log-probability −∞,
/// a NaN gives a NaN.
public enum DistributionError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A parameter outside its range: of which distribution, which parameter, what it must be and what it was.
  case invalidParameter(distribution: String, parameter: String, expected: String, found: String)
  /// An array of the wrong length.
  case shapeMismatch(distribution: String, parameter: String, expected: Int, found: Int)
  /// A matrix that is not positive definite: the first pivot of its Cholesky factorisation that is too small, the
  /// smallest up to there, with the row it stands in (from 0) and the least value accepted for that row.
  case notPositiveDefinite(distribution: String, row: Int, pivot: Double, least: Double)

  /// One line: where, expected, found.
  public var description: String {
    switch self {
    case .invalidParameter(let distribution, let parameter, let expected, let found):
      "\(distribution): \(parameter) must be \(expected), found \(found)"
    case .shapeMismatch(let distribution, let parameter, let expected, let found):
      "\(distribution): \(parameter) must have \(expected) values, found \(found)"
    case .notPositiveDefinite(let distribution, let row, let pivot, let least):
      "\(distribution): covariance must be positive definite, found pivot \(pivot) in row \(row) (least: \(least))"
    }
  }
}

/// Checks of parameters, each throwing `DistributionError.invalidParameter`.
enum Require {
  static func finite(_ value: Double, _ parameter: String, of distribution: String) throws(DistributionError) {
    try that(value.isFinite, value, parameter, of: distribution, is: "finite")
  }

  static func positive(_ value: Double, _ parameter: String, of distribution: String) throws(DistributionError) {
    try that(value > 0 && value.isFinite, value, parameter, of: distribution, is: "positive and finite")
  }

  /// A shape or a count's mean: positive, and small enough that whole numbers of its size are exact.
  static func shape(_ value: Double, _ parameter: String, of distribution: String) throws(DistributionError) {
    try that(value >= 1e-300 && value <= 1e15, value, parameter, of: distribution, is: "from 1e-300 to 1e15")
  }

  static func probability(_ value: Double, _ parameter: String, of distribution: String) throws(DistributionError) {
    try that(value >= 0 && value <= 1, value, parameter, of: distribution, is: "in [0, 1]")
  }

  static func that(
    _ condition: Bool, _ value: some Any, _ parameter: String, of distribution: String, is expected: String
  ) throws(DistributionError) {
    if !condition {
      throw .invalidParameter(
        distribution: distribution, parameter: parameter, expected: expected, found: "\(value)")
    }
  }

  /// Weights as probabilities: not negative, finite, divided by their sum.
  static func normalised(
    _ weights: [Double], _ parameter: String, of distribution: String
  ) throws(DistributionError) -> [Double] {
    for (index, weight) in weights.enumerated() {
      try that(weight >= 0 && weight.isFinite, weight, "\(parameter)[\(index)]", of: distribution, is: "finite, ≥ 0")
    }
    let sum = weights.reduce(0, +)
    try that(sum > 0 && sum.isFinite, sum, "sum of \(parameter)", of: distribution, is: "positive and finite")
    // Already normalised, but for rounding: kept as they are, so that a file gives back the same bits.
    if abs(sum - 1) <= Double(weights.count) * Double.ulpOfOne { return weights }
    return weights.map { $0 / sum }
  }
}
