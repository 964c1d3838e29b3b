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
}
