/// Where the rows of a table stand in their source, so that a message about a row can name its line.
public struct RowOrigin: Sendable, Equatable {
  /// The source's name: a path, or `standard input`.
  public let source: String
  /// Rows at which the line number is not one more than that of the row before, with their line numbers.
  private var breaks: [Break] = []
  /// Row number (from 0, in the whole source) of the table's first row.
  public let firstRow: Int

  private struct Break: Sendable, Equatable {
    var row: Int
    var line: Int
  }

  /// Makes the origin of a table whose first row is row `firstRow` of the source.
  public init(source: String, firstRow: Int = 0) {
    self.source = source
    self.firstRow = firstRow
  }

  /// Notes the line of a row; rows come in order.
  package mutating func append(row: Int, line: Int) {
    if self.line(ofRow: row) != line { breaks.append(Break(row: row, line: line)) }
  }

  /// The line (from 1) on which a row of the table starts; `nil` if the source has no lines.
  public func line(ofRow row: Int) -> Int? {
    guard var last = breaks.last else { return nil }
    if last.row > row {
      var low = 0
      var high = breaks.count - 1
      while low < high {
        let middle = (low + high + 1) / 2
        if breaks[middle].row <= row { low = middle } else { high = middle - 1 }
      }
      last = breaks[low]
    }
    return last.row <= row ? last.line + (row - last.row) : nil
  }

  /// `file.csv:12`, or `row 12 of file.db:table`, for messages.
  public func place(ofRow row: Int) -> String {
    line(ofRow: row).map { "\(source):\($0)" } ?? "row \(firstRow + row + 1) of \(source)"
  }
}
