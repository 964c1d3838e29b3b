#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Cholesky factorisation of a small dense symmetric matrix: A = L·Lᵀ, row-major, in `Double`.
///
/// For the covariances of a few hundred features at most; O(n³) with no blocking.
public struct Cholesky: Sendable, Equatable {
  /// Rows and columns of the matrix.
  public let dimension: Int
  /// L, `dimension × dimension` row-major; zeros above the diagonal.
  public let factor: [Double]

  /// Factorises a matrix.
  ///
  /// - Parameters:
  ///   - matrix: `dimension × dimension`, row-major; only its lower triangle is read.
  ///   - dimension: Rows and columns, at least 1.
  ///   - owner: The distribution that an error names.
  /// - Throws: `DistributionError.shapeMismatch` for a wrong count, `.notPositiveDefinite` when a pivot is not above
  ///   dimension·2⁻⁵²·(the diagonal entry of its row), or is NaN.
  public init(_ matrix: [Double], dimension: Int, owner: String = "cholesky") throws(DistributionError) {
    try Require.that(
      dimension > 0 && dimension <= 1 << 20, dimension, "dimension", of: owner, is: "from 1 to 2^20")
    if matrix.count != dimension * dimension {
      throw .shapeMismatch(
        distribution: owner, parameter: "matrix", expected: dimension * dimension, found: matrix.count)
    }
    var factor = [Double](repeating: 0, count: matrix.count)
    for row in 0..<dimension {
      for column in 0...row {
        var value = matrix[row * dimension + column]
        for k in 0..<column { value -= factor[row * dimension + k] * factor[column * dimension + k] }
        if row > column {
          factor[row * dimension + column] = value / factor[column * dimension + column]
          continue
        }
        let least = Double(dimension) * Double.ulpOfOne * matrix[row * dimension + row]
        if !(value > max(least, 0)) || !value.isFinite {
          throw .notPositiveDefinite(distribution: owner, row: row, pivot: value, least: least)
        }
        factor[row * dimension + row] = value.squareRoot()
      }
    }
    self.dimension = dimension
    self.factor = factor
  }

  /// log det A, in nats.
  public var logDeterminant: Double {
    2 * (0..<dimension).reduce(0) { $0 + log(factor[$1 * dimension + $1]) }
  }

  /// A again, row-major.
  public var matrix: [Double] {
    var product = [Double](repeating: 0, count: factor.count)
    for row in 0..<dimension {
      for column in 0...row {
        let value = (0...column).reduce(0) { $0 + factor[row * dimension + $1] * factor[column * dimension + $1] }
        product[row * dimension + column] = value
        product[column * dimension + row] = value
      }
    }
    return product
  }

  /// y with L·y = b.
  ///
  /// - Parameter b: `dimension` values.
  /// - Returns: `dimension` values.
  public func solveLower(_ b: [Double]) -> [Double] {
    precondition(b.count == dimension)
    var solution = b
    for row in 0..<dimension {
      for k in 0..<row { solution[row] -= factor[row * dimension + k] * solution[k] }
      solution[row] /= factor[row * dimension + row]
    }
    return solution
  }

  /// y with Lᵀ·y = b.
  ///
  /// - Parameter b: `dimension` values.
  /// - Returns: `dimension` values.
  public func solveLowerTransposed(_ b: [Double]) -> [Double] {
    precondition(b.count == dimension)
    var solution = b
    for row in stride(from: dimension - 1, through: 0, by: -1) {
      for k in row + 1..<dimension { solution[row] -= factor[k * dimension + row] * solution[k] }
      solution[row] /= factor[row * dimension + row]
    }
    return solution
  }

  /// x with A·x = b.
  ///
  /// - Parameter b: `dimension` values.
  /// - Returns: `dimension` values.
  public func solve(_ b: [Double]) -> [Double] { solveLowerTransposed(solveLower(b)) }

  /// L·z.
  ///
  /// - Parameter z: `dimension` values.
  /// - Returns: `dimension` values.
  public func multiplyLower(_ z: [Double]) -> [Double] {
    precondition(z.count == dimension)
    return (0..<dimension).map { row in
      (0...row).reduce(0) { $0 + factor[row * dimension + $1] * z[$1] }
    }
  }
}
