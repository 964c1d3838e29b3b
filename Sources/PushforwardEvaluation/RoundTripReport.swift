import PushforwardCore
import PushforwardModels

/// How well the two directions of a flow undo each other in single precision, on rows of the asker's choice.
///
/// An error is the largest of a row's, relative to the row's largest magnitude (or to 1 if that is larger).
public struct RoundTripReport: Codable, Sendable, Equatable {
  /// Rows in all.
  public var rowCount: Int
  /// Rows of which some number, there or back, is not finite.
  public var nonFiniteCount: Int
  /// Median error of the finite rows.
  public var medianError: Double
  /// Largest error of the finite rows.
  public var maximumError: Double
  /// Rows whose inverse is well conditioned: in double precision, a change of z by 2^-24 of its largest magnitude, which
  /// is what rounding alone does, changes x by less than 1e-4.
  public var wellConditionedCount: Int
  /// Largest error among these.
  public var wellConditionedMaximum: Double

  private enum CodingKeys: String, CodingKey {
    case rowCount = "row_count"
    case nonFiniteCount = "non_finite_count"
    case medianError = "median_error"
    case maximumError = "maximum_error"
    case wellConditionedCount = "well_conditioned_count"
    case wellConditionedMaximum = "well_conditioned_maximum"
  }

  /// Maps rows to base space and back.
  ///
  /// - Parameters:
  ///   - flow: The flow.
  ///   - x: Rows, which may be far outside the data.
  ///   - context: A row for each, or one for all.
  ///   - seed: Of the signs of the changes to z.
  /// - Throws: `EngineError.featureCount` or `.rowCount`.
  public init(_ flow: Flow<Float>, rows x: Matrix<Float>, context: Matrix<Float>? = nil, seed: UInt64 = 0) throws {
    let z = try flow.encode(x, context: context)
    let back = try flow.decode(z, context: context)
    let logProb = try flow.logProb(x, context: context)
    let errors = (0..<x.rows).map { row in
      Self.distance(x.row(row), back.row(row))
    }
    let finite = (0..<x.rows).filter { row in
      errors[row].isFinite && logProb[row].isFinite && z.row(row).allSatisfy(\.isFinite)
    }
    let amplified = try Self.amplification(flow.converted(), rows: x, context: context, seed: seed)
    let calm = finite.filter { amplified[$0] < 1e-4 }
    let sorted = finite.map { errors[$0] }.sorted()
    rowCount = x.rows
    nonFiniteCount = x.rows - finite.count
    medianError = sorted.isEmpty ? .nan : sorted[sorted.count / 2]
    maximumError = sorted.last ?? .nan
    wellConditionedCount = calm.count
    wellConditionedMaximum = calm.map { errors[$0] }.max() ?? 0
  }

  /// What rounding z does to x, in double precision: the worst of a few random patterns of signs.
  private static func amplification(
    _ flow: Flow<Double>, rows: Matrix<Float>, context: Matrix<Float>?, seed: UInt64
  ) throws -> [Double] {
    let (x, given): (Matrix<Double>, Matrix<Double>?) = (rows.converted(), context?.converted())
    let z = try flow.encode(x, context: given)
    let center = try flow.decode(z, context: given)
    var worst = [Double](repeating: 0, count: x.rows)
    for round in 0..<3 {
      let signs: Matrix<Double> = RandomStream(seed: seed, purpose: .test).split(UInt64(round))
        .uniform(rows: x.rows, columns: x.columns)
      var moved = z
      for row in 0..<x.rows {
        let unit = z.row(row).reduce(0) { max($0, abs($1)) } * 0x1p-24
        for column in 0..<x.columns { moved[row, column] += signs[row, column] < 0.5 ? unit : -unit }
      }
      let image = try flow.decode(moved, context: given)
      for row in worst.indices {
        let change = distance(center.row(row), image.row(row))
        worst[row] = change.isFinite ? max(worst[row], change) : .infinity
      }
    }
    return worst
  }

  /// The largest difference, relative to the largest magnitude of `a` or to 1; not finite if any number is not.
  private static func distance<Scalar: TileScalar>(_ a: [Scalar], _ b: [Scalar]) -> Double {
    let size = a.reduce(1) { max($0, abs(Double($1))) }
    return zip(a, b).reduce(0) { found, pair in
      let difference = abs(Double(pair.0) - Double(pair.1)) / size
      return difference.isFinite && found.isFinite ? max(found, difference) : .infinity
    }
  }
}
