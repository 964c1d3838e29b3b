/// Rows of a stream with the smallest keys: all of them at first, and whenever there are too many, only those below half of
/// the bound so far.
///
/// Which rows remain at the end depends on keys and number alone, not on the pieces in which the rows came.
struct RowSample {
  /// Rows at most.
  let limit: Int
  /// Keys of the rows that are kept lie below this.
  private(set) var bound = 1.0
  /// Numbers of the rows, ascending.
  private(set) var rows: [Int] = []
  private var keys: [Double] = []
  /// The rows' cells, one array a column.
  private(set) var values: [[Double]]

  init(limit: Int, columns: Int) {
    self.limit = max(1, limit)
    values = [[Double]](repeating: [], count: columns)
  }

  /// Takes what is wanted of some consecutive rows.
  ///
  /// - Parameters:
  ///   - firstRow: Number of the first.
  ///   - newKeys: A key for each, in (0, 1).
  ///   - columns: The rows' cells, column by column.
  mutating func add(firstRow: Int, keys newKeys: [Double], columns: [[Double]]) {
    let wanted = newKeys.indices.filter { newKeys[$0] < bound }
    if wanted.isEmpty { return }
    for index in wanted {
      rows.append(firstRow + index)
      keys.append(newKeys[index])
    }
    for (column, cells) in columns.enumerated() {
      values[column].append(contentsOf: wanted.lazy.map { cells[$0] })
    }
    while rows.count > limit { halve() }
  }

  private mutating func halve() {
    bound /= 2
    let kept = keys.indices.filter { keys[$0] < bound }
    rows = kept.map { rows[$0] }
    keys = kept.map { keys[$0] }
    for column in values.indices {
      let cells = values[column]
      values[column] = kept.map { cells[$0] }
    }
  }
}

/// A number in (0, 1) for each row of a table, by which rows are held out or taken into a sample.
///
/// It depends on the row's number and a seed alone, so a split is the same however the table is read.
package enum RowKey {
  /// The key of a row.
  package static func value(seed: UInt64, row: Int) -> Double {
    Jitter.uniform(seed: seed ^ 0x6b65_795f_6f66_726f, row: row, column: 0) + 0.5
  }
}
