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
  /// Standard error of `mean`, nats; NaN for fewer than two rows (a weight of at most one).
  public var standardError: Double
  /// Sum of the finite rows' weights; `nil`: 1 each.
  private var weightTotal: Double?

  /// `mean` in bits a row.
  public var meanBits: Double { mean / log(2) }

  /// Summarises log-densities in nats.
  ///
  /// - Parameters:
  ///   - logProb: One a row.
  ///   - weights: One a row, how often it counts; rows of weight 0 are not there. All 1 when `nil`.
  public init(_ logProb: [Double], weights: [Double]? = nil) {
    rowCount = weights?.count { $0 > 0 } ?? logProb.count
    var total = 0.0
    var weightTotal = 0.0
    nonFiniteCount = 0
    for (index, value) in logProb.enumerated() {
      let weight = weights?[index] ?? 1
      if weight == 0 { continue }
      if !value.isFinite {
        nonFiniteCount += 1
        continue
      }
      total += weight * value
      weightTotal += weight
    }
    mean = weightTotal > 0 ? total / weightTotal : .nan
    var squares = 0.0
    for (index, value) in logProb.enumerated() where value.isFinite {
      squares += (weights?[index] ?? 1) * (value - mean) * (value - mean)
    }
    standardError = weightTotal > 1 ? (squares / (weightTotal - 1) / weightTotal).squareRoot() : .nan
    if weights != nil { self.weightTotal = weightTotal }
  }

  /// Takes further rows in, given by a summary of theirs.
  ///
  /// What results is the summary of all rows, to rounding (Chan, Golub and LeVeque, 1983, eq. 2.1).
  public mutating func add(_ other: LikelihoodSummary) {
    let (a, b) = (weight, other.weight)
    if weightTotal != nil || other.weightTotal != nil { weightTotal = a + b }
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
      standardError = total > 1 ? (sum / (total - 1) / total).squareRoot() : .nan
    }
  }

  /// Weight of the finite rows.
  var weight: Double { weightTotal ?? Double(rowCount - nonFiniteCount) }

  private enum CodingKeys: String, CodingKey {
    case rowCount = "row_count"
    case nonFiniteCount = "non_finite_count"
    case mean
    case standardError = "standard_error"
  }
}
