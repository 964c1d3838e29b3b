/// Rows on the model's scale.
public struct EncodedRows: Sendable, Equatable {
  /// Rows.
  public let rowCount: Int
  /// Modelled columns.
  public let columnCount: Int
  /// `rowCount x columnCount`, row-major.
  public var values: [Double]
  /// Log-determinant of each row's transform in nats: log p(row in its units) = log p(values) + logDet.
  public var logDet: [Double]

  /// The values in single precision; those beyond its range become its largest values.
  public var floats: [Float] {
    let limit = Double(Float.greatestFiniteMagnitude)
    return values.map { Float(min(max($0, -limit), limit)) }
  }

  /// Each row's log-density in nats, in the columns' units, if every column were independently standard normal on the
  /// model's scale.
  ///
  /// With marginal transforms this is the model of independent columns, each with its fitted density.
  public var independentLogDensities: [Double] {
    (0..<rowCount).map { row in
      let squares = values[row * columnCount..<(row + 1) * columnCount].reduce(0) { $0 + $1 * $1 }
      return logDet[row] - squares / 2 - Double(columnCount) * NormalScale.halfLogTwoPi
    }
  }
}
