/// Rows of numbers, row-major: what a caller hands in and gets back.
///
/// The engine itself works on tiles (`features x lanes`); this type is the border.
public struct Matrix<Scalar: TileScalar>: Sendable, Equatable {
  /// Number of rows (observations).
  public let rows: Int
  /// Number of columns (features).
  public let columns: Int
  /// All values, row after row.
  public var values: [Scalar]

  /// A matrix over existing values.
  ///
  /// - Precondition: `values.count == rows * columns`.
  public init(rows: Int, columns: Int, values: [Scalar]) {
    precondition(values.count == rows * columns, "Matrix: \(values.count) values for \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// A matrix of one repeated value.
  public init(rows: Int, columns: Int, repeating value: Scalar = 0) {
    self.init(rows: rows, columns: columns, values: [Scalar](repeating: value, count: rows * columns))
  }

  /// A matrix of the given rows.
  ///
  /// - Precondition: all rows have the same length.
  public init(_ rowArrays: [[Scalar]]) {
    let columns = rowArrays.first?.count ?? 0
    precondition(rowArrays.allSatisfy { $0.count == columns }, "Matrix: rows of unequal length")
    self.init(rows: rowArrays.count, columns: columns, values: rowArrays.flatMap { $0 })
  }

  /// One value.
  public subscript(row: Int, column: Int) -> Scalar {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// One row, copied.
  public func row(_ index: Int) -> [Scalar] {
    Array(values[index * columns..<(index + 1) * columns])
  }

  /// One column, copied.
  public func column(_ index: Int) -> [Scalar] {
    (0..<rows).map { values[$0 * columns + index] }
  }

  /// The rows of the given numbers, in that order.
  public func selectingRows(_ indices: some Sequence<Int>) -> Matrix {
    var out: [Scalar] = []
    var count = 0
    for index in indices {
      out.append(contentsOf: values[index * columns..<(index + 1) * columns])
      count += 1
    }
    return Matrix(rows: count, columns: columns, values: out)
  }

  /// The same numbers in another precision.
  public func converted<Other: TileScalar>(to type: Other.Type = Other.self) -> Matrix<Other> {
    Matrix<Other>(rows: rows, columns: columns, values: values.map { Other($0) })
  }
}
