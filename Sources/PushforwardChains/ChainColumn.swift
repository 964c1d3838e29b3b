/// A column as a chain sees it: classes of point mass ("atoms"), and perhaps one class with a density.
///
/// Atoms are the levels of a category, the two values of a boolean, the steps of an ordinal, the frequent values of a
/// number. The continuous class is everything else, on a scale z where the whole column is about standard normal.
public struct ChainColumn: Codable, Sendable, Equatable {
  /// For messages.
  public var name: String
  /// Number of classes of point mass; may be 0.
  public var atoms: Int
  /// Whether there is a class with a density (its code is `atoms`).
  public var hasContinuous: Bool
  /// The atoms' places on the scale z, where they have any; they are then also told to the network as numbers.
  public var positions: [Float]?
  /// Whether the column is always given and never modelled.
  public var isCondition: Bool
  /// Number of the column whose presence this one tells: class 0 where that is missing, 1 where it is there.
  ///
  /// Such a column has a probability of its own, stands before the other in the chain, and is seen by no column: what is
  /// missing is seen as missing anyway. Left out (missing) itself, it has no part in a score, which so stays the marginal
  /// of the cells that are there.
  public var presenceOf: Int?
  /// Of each hint of this column's cells (see `ChainHint`) the numbers of the columns that it comes from.
  ///
  /// Conditions and columns before it in the chain count where they are seen, columns after it where they are given.
  public var hintedBy: [[Int]]?

  /// Number of classes, the continuous one included.
  public var classes: Int { atoms + (hasContinuous ? 1 : 0) }

  /// A column.
  public init(
    name: String, atoms: Int, hasContinuous: Bool, positions: [Float]? = nil, isCondition: Bool = false
  ) {
    self.name = name
    self.atoms = atoms
    self.hasContinuous = hasContinuous
    self.positions = positions
    self.isCondition = isCondition
  }

  /// The presence of another column's cells.
  ///
  /// - Parameters:
  ///   - index: The other column's number.
  ///   - name: For messages.
  public init(presenceOf index: Int, name: String) {
    self.init(name: name, atoms: 2, hasContinuous: false)
    presenceOf = index
  }
}

/// One column's cells.
public struct ChainCells: Sendable, Equatable {
  /// The code of a missing cell.
  public static let missing: Int32 = -1

  /// The class of each row's cell, or `missing`.
  public var codes: [Int32]
  /// Lower end of each cell's interval on z; empty where the column has no continuous class.
  ///
  /// A cell of the continuous class is a point with a density where both ends are equal, or an interval with a mass
  /// (a rounding step, a whole number); the outer ends may be infinite. An atom whose interval is not a point has that
  /// mass added to its own: a value that is an atom, and lies among the cells of the continuous class as well.
  public var low: [Float]
  /// Upper end.
  public var high: [Float]
  /// `high - low`, computed before the ends were rounded to `Float`.
  public var width: [Float]

  /// Cells of a column without a continuous class.
  public init(codes: [Int32]) {
    self.codes = codes
    low = []
    high = []
    width = []
  }

  /// Cells with their intervals; those of atoms are ignored unless wider than 0.
  ///
  /// - Precondition: equal counts.
  public init(codes: [Int32], low: [Float], high: [Float]) {
    precondition(low.count == codes.count && high.count == codes.count, "ChainCells: unequal counts")
    self.codes = codes
    self.low = low
    self.high = high
    width = zip(low, high).map { $0 == $1 ? 0 : $1 - $0 }
  }

  /// Cells with their intervals in `Double`, so that very narrow ones keep their width.
  ///
  /// - Precondition: equal counts.
  public init(codes: [Int32], low: [Double], high: [Double]) {
    precondition(low.count == codes.count && high.count == codes.count, "ChainCells: unequal counts")
    self.codes = codes
    self.low = low.map { Float($0) }
    self.high = high.map { Float($0) }
    width = zip(low, high).map { $0 == $1 ? 0 : Float($1 - $0) }
  }

  /// These cells, then others.
  func appending(_ other: ChainCells) -> ChainCells {
    var result = ChainCells(codes: codes + other.codes)
    (result.low, result.high, result.width) = (low + other.low, high + other.high, width + other.width)
    return result
  }

  /// The cells of the given rows, in that order.
  public func selecting(_ rows: [Int]) -> ChainCells {
    var result = ChainCells(codes: rows.map { codes[$0] })
    if !low.isEmpty {
      result.low = rows.map { low[$0] }
      result.high = rows.map { high[$0] }
      result.width = rows.map { width[$0] }
    }
    return result
  }
}
