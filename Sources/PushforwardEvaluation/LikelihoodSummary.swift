#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The mean log-likelihood of some rows, with how sure one can be of it.
///
/// Sums are in Double. Rows whose log-density is not finite are counted and left out of the mean, never dropped
/// silently: a reader must look at `nonFiniteCount` first.
public struct LikelihoodSummary: Codable, Sendable, Equatable {
  /// Rows in all.
  public var rowCount: Int
  /// Rows whose log-density is NaN or infinite.
  public var nonFiniteCount: Int
  /// (Weighted) mean of the finite log-densities, nats a row; NaN when there is none.
  public var mean: Double
  /// Standard error of `mean`, nats; NaN for fewer than two rows.
  public var standardError: Double

  /// `mean` in bits a row.
  public var meanBits: Double { mean / log(2) }

  /// Summarises log-densities in nats.
  ///
  /// - Parameters:
  ///   - logProb: One a row.
  ///   - weights: One a row; all equal when `nil`.
  public init(_ logProb: [Double], weights: [Double]? = nil) {
    rowCount = logProb.count
    var total = 0.0
    var weightTotal = 0.0
    var finite = 0
    for (index, value) in logProb.enumerated() where value.isFinite {
      let weight = weights?[index] ?? 1
      total += weight * value
      weightTotal += weight
      finite += 1
    }
    nonFiniteCount = logProb.count - finite
    mean = finite > 0 ? total / weightTotal : .nan
    var squares = 0.0
    for (index, value) in logProb.enumerated() where value.isFinite {
      let weight = weights?[index] ?? 1
      squares += weight * weight * (value - mean) * (value - mean)
    }
    standardError =
      finite > 1 ? (squares * Double(finite) / Double(finite - 1)).squareRoot() / weightTotal : .nan
  }

  /// Takes further rows in, given by a summary of theirs; rows of equal weight only.
  ///
  /// What results is the summary of all rows, to rounding (Chan, Golub and LeVeque, 1983, eq. 2.1).
  public mutating func add(_ other: LikelihoodSummary) {
    let (a, b) = (Double(rowCount - nonFiniteCount), Double(other.rowCount - other.nonFiniteCount))
    rowCount += other.rowCount
    nonFiniteCount += other.nonFiniteCount
    if b == 0 { return }
    if a == 0 {
      (mean, standardError) = (other.mean, other.standardError)
    } else {
      let squares = { (count: Double, error: Double) in count > 1 ? error * error * count * (count - 1) : 0 }
      let difference = other.mean - mean
      let total = a + b
      let sum = squares(a, standardError) + squares(b, other.standardError) + difference * difference * a * b / total
      mean += difference * b / total
      standardError = (sum / (total - 1) / total).squareRoot()
    }
  }

  private enum CodingKeys: String, CodingKey {
    case rowCount = "row_count"
    case nonFiniteCount = "non_finite_count"
    case mean
    case standardError = "standard_error"
  }
}
