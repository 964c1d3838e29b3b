/// Rows of cells, column by column, in the order of the chain's columns.
public struct ChainRows: Sendable, Equatable {
  /// Number of rows.
  public let count: Int
  /// One for each column of the chain, conditions included.
  public var columns: [ChainCells]
  /// One a row; all equal when `nil`.
  public var weights: [Float]?

  /// Rows.
  ///
  /// - Throws: `ChainError.rowCount`.
  public init(_ columns: [ChainCells], weights: [Float]? = nil) throws {
    count = columns.first?.codes.count ?? 0
    for (index, column) in columns.enumerated() where column.codes.count != count {
      throw ChainError.rowCount(what: "column \(index + 1)", expected: count, found: column.codes.count)
    }
    if let weights, weights.count != count {
      throw ChainError.rowCount(what: "weights", expected: count, found: weights.count)
    }
    self.columns = columns
    self.weights = weights
  }

  /// Rows of missing cells, to be drawn.
  public init(missing count: Int, columns: [ChainColumn]) {
    self.count = count
    self.columns = columns.map { column in
      let codes = [Int32](repeating: ChainCells.missing, count: count)
      let zeros = [Float](repeating: 0, count: column.hasContinuous ? count : 0)
      return column.hasContinuous ? ChainCells(codes: codes, low: zeros, high: zeros) : ChainCells(codes: codes)
    }
    weights = nil
  }

  /// The given rows, in that order.
  public func selecting(_ rows: [Int]) -> ChainRows {
    var result = ChainRows(missing: rows.count, columns: [])
    result.columns = columns.map { $0.selecting(rows) }
    result.weights = weights.map { weights in rows.map { weights[$0] } }
    return result
  }

  /// The rows of both, weights 1 where one has none.
  ///
  /// - Precondition: the same columns.
  public static func + (a: ChainRows, b: ChainRows) -> ChainRows {
    var result = ChainRows(missing: a.count + b.count, columns: [])
    result.columns = zip(a.columns, b.columns).map { $0.appending($1) }
    if a.weights != nil || b.weights != nil {
      result.weights = [a, b].flatMap { $0.weights ?? [Float](repeating: 1, count: $0.count) }
    }
    return result
  }

  /// Throws `ChainError` unless every cell is one of its column's.
  func validate(for columns: [ChainColumn]) throws {
    guard columns.count == self.columns.count else {
      throw ChainError.columnCount(expected: columns.count, found: self.columns.count)
    }
    for (column, cells) in zip(columns, self.columns) {
      let classes = Int32(column.classes)
      if let row = cells.codes.firstIndex(where: { $0 < ChainCells.missing || $0 >= classes }) {
        throw ChainError.code(
          column: column.name, row: row, expected: "from 0 to \(classes - 1), or -1", found: cells.codes[row])
      }
      guard column.hasContinuous else { continue }
      guard cells.low.count == count, cells.high.count == count, cells.width.count == count else {
        throw ChainError.rowCount(what: "intervals of column '\(column.name)'", expected: count, found: cells.low.count)
      }
      let open = Int32(column.atoms)
      for row in 0..<count where cells.codes[row] == open || (cells.codes[row] >= 0 && cells.width[row] != 0) {
        let (low, high) = (cells.low[row], cells.high[row])
        let isPoint = cells.width[row] == 0 && low == high && low.isFinite
        guard isPoint || (cells.width[row] > 0 && low <= high && low < .infinity && high > -.infinity) else {
          throw ChainError.interval(column: column.name, row: row, low: low, high: high)
        }
      }
    }
    if let weights, let row = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw ChainError.weight(row: row, found: weights[row])
    }
    if let weights, count > 0, !weights.contains(where: { $0 > 0 }) { throw ChainError.weight(row: 0, found: 0) }
  }
}
