import PushforwardCore
import PushforwardTables

/// Rows of a synthetic table whose numbers lie beyond those of the real one are drawn again.
///
/// A fitted tail goes on beyond the largest value seen, as it must to give every value a density; a table that is to look like
/// the real one has no use for the one row in ten thousand that lies far out.
public struct RowsInRange: Sendable {
  /// Times that a row is drawn again, at most.
  public static var attempts: Int { 20 }

  private let ranges: [(name: String, range: ClosedRange<Double>)]

  /// The ranges of a table's numeric columns.
  ///
  /// - Parameters:
  ///   - table: The real rows.
  ///   - columns: The columns that count.
  public init(_ table: Table, columns: [String]) {
    ranges = columns.compactMap { name in
      let present = table[name]?.numbers?.values.filter { !$0.isNaN } ?? []
      guard let low = present.min(), let high = present.max() else { return nil }
      return (name, low...high)
    }
  }

  /// Numbers of the rows with a number outside.
  ///
  /// - Parameter table: Synthetic rows.
  /// - Returns: Ascending.
  public func rowsOutside(_ table: Table) -> [Int] {
    let columns = ranges.compactMap { name, range in table[name]?.numbers.map { ($0.values, range) } }
    return (0..<table.rowCount).filter { row in
      columns.contains { values, range in !values[row].isNaN && !range.contains(values[row]) }
    }
  }

  /// Draws the rows outside again, with random numbers of their own.
  ///
  /// - Parameters:
  ///   - drawn: Rows of the model.
  ///   - model: The model.
  ///   - given: Conditions of each row, if the model has any.
  ///   - seed: Same seed, same rows.
  ///   - withGaps: Whether cells may be missing as in the table that the model was fitted to.
  ///   - workers: Threads.
  /// - Returns: As many rows; how many were drawn again, and how many are still outside after 20 attempts.
  /// - Throws: As `sample`.
  public func drawingAgain(
    _ drawn: Table, by model: any TableModel, given: Table?, seed: UInt64, withGaps: Bool, workers: WorkerPool?
  ) throws -> (table: Table, count: Int, left: Int) {
    var table = drawn
    var outside = rowsOutside(table)
    let count = outside.count
    for attempt in 0..<Self.attempts where !outside.isEmpty {
      let own = RandomStream(seed: seed, purpose: .user).split(UInt64(attempt + 1)).seed
      let conditions = given?.selecting(rows: outside)
      let again =
        withGaps
        ? try model.sampleWithGaps(
          count: outside.count, given: conditions, seed: own, firstRow: 0, workers: workers)
        : try model.sample(count: outside.count, given: conditions, seed: own, firstRow: 0, workers: workers)
      let bad = Set(outside)
      let kept = (0..<table.rowCount).filter { !bad.contains($0) }
      table = try Table.merging(
        [(kept, table.selecting(rows: kept)), (outside, again)], names: table.names, count: table.rowCount)
      outside = rowsOutside(table)
    }
    return (table, count, outside.count)
  }
}
