#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The cells of some rows on an encoder's scale: each value stands for its recording cell, or for itself.
package struct EncodedCells: Sendable {
  /// Lower end of each cell, `rows x columns`, row-major.
  package var lower: [Double]
  /// Width of each cell; 0 where a value stands for itself.
  package var width: [Double]
  /// One a row: what a log-density on the scale, cells' widths included, lacks to one in the columns' units, nats.
  package var constant: [Double]
}

extension Encoder {
  /// The cells of prepared rows.
  ///
  /// - Parameters:
  ///   - rows: Prepared rows.
  ///   - columns: Numbers of the columns whose values stand for their cells, where they have any; `nil`: all.
  /// - Returns: Lower ends and widths.
  package func cells(_ rows: PreparedRows, of columns: Set<Int>? = nil) -> EncodedCells {
    let (count, width) = (rows.rowCount, self.columns.count)
    let zeros = [Double](repeating: 0, count: count * width)
    var cells = EncodedCells(lower: zeros, width: zeros, constant: [Double](repeating: 0, count: count))
    for (feature, column) in self.columns.enumerated() {
      for row in 0..<count {
        let (x, at) = (rows.values[feature][row], row * width + feature)
        let step = columns?.contains(feature) ?? true ? column.jitterWidth(at: x) : 0
        if step > 0 {
          let (low, high) = (column.transform.forward(x - step / 2).z, column.transform.forward(x + step / 2).z)
          if high > low {
            (cells.lower[at], cells.width[at]) = (low, high - low)
            cells.constant[row] += log(high - low) - log(step)
            continue
          }
        }
        let (z, slope) = column.transform.forward(x)
        cells.lower[at] = z
        cells.constant[row] += slope
      }
    }
    return cells
  }
}
