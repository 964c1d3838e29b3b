/// The cells of one column in the form that a typed model works on, one element a row.
///
/// A code says what a cell is: missing, an atom (a class of point mass), or the continuous class, whose cells are intervals
/// of the scale z. The log-probability of a cell is `log P(class)` for an atom; `log P(class) + log(F(high) - F(low))` for
/// a cell of positive width, F the model's distribution function on z; `log P(class) + log f(low)` for width 0, a point;
/// nothing for a missing cell; **and in every case plus `constant`**, which brings it to nats in the column's units.
public struct TypedCells: Sendable, Equatable {
  /// The code of a missing cell.
  public static let missing: Int32 = -1

  /// `missing`, an atom `0..<atoms`, or `atoms`: the continuous class.
  public var codes: [Int32]
  /// Lower end on z, `-infinity` at the end of a range; 0 where not continuous.
  public var low: [Float]
  /// Upper end on z; equal to `low` for points.
  public var high: [Float]
  /// Width of the interval, exact where `high - low` has lost its digits; 0 for points.
  public var width: [Float]
  /// Added to the cell's log-probability, in nats: also where the cell counts as missing because its level is new.
  public var constant: [Double]
  /// Missing cells, those with a level never seen before included.
  public var missingCount: Int
  /// Cells outside what the column can be: levels never seen, numbers outside the range.
  public var unseenCount: Int

  /// All missing.
  public init(missing count: Int) {
    codes = [Int32](repeating: Self.missing, count: count)
    low = [Float](repeating: 0, count: count)
    high = low
    width = low
    constant = [Double](repeating: 0, count: count)
    missingCount = count
    unseenCount = 0
  }

  /// Cells.
  public var count: Int { codes.count }
}

/// The cells of a table, column by column.
public struct TypedRows: Sendable, Equatable {
  /// Rows.
  public let rowCount: Int
  /// One for each column of the encoder, in its order.
  public let columns: [TypedCells]
  /// What a reader must know (new levels, numbers outside a column's range); `nil`: nothing.
  public let note: String?

  /// The sum of each row's constants, in nats.
  public var constants: [Double] {
    var sums = [Double](repeating: 0, count: rowCount)
    for column in columns { for row in 0..<rowCount { sums[row] += column.constant[row] } }
    return sums
  }
}

/// One cell of the above.
struct TypedCell: Equatable {
  var code: Int32
  var low: Float = 0
  var high: Float = 0
  var width: Float = 0
  var constant = 0.0
  var isUnseen = false

  static let missing = TypedCell(code: TypedCells.missing)
}

extension TypedCells {
  /// Cells of a table's column.
  init(_ count: Int, cell: (Int) -> TypedCell) {
    self.init(missing: count)
    missingCount = 0
    for row in 0..<count {
      let cell = cell(row)
      codes[row] = cell.code
      low[row] = cell.low
      high[row] = cell.high
      width[row] = cell.width
      constant[row] = cell.constant
      if cell.code == Self.missing { missingCount += 1 }
      if cell.isUnseen { unseenCount += 1 }
    }
  }
}
