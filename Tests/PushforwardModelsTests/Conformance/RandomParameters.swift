import Foundation
import PushforwardCore

/// Parameters away from their starting values: many bijections start as the identity, where nearly every bug passes.
///
/// Masked weights stay zero, variances positive, constants as they are.
func randomParameters(_ layout: ParameterLayout, seed: UInt64, spread: Double = 1) -> Parameters<Double> {
  var parameters = Parameters<Double>(layout: layout)
  for (index, slice) in layout.slices.enumerated() where slice.role != .constant {
    let stream = RandomStream(seed: seed, purpose: .test).split(UInt64(index))
    var values = stream.normal(rows: slice.rows, columns: slice.columns, as: Double.self).values
    let isVariance = slice.role == .statistic && slice.name.hasSuffix("variance")
    for row in 0..<slice.rows {
      let used = usedColumns(slice, row: row)
      for column in 0..<slice.columns {
        let at = row * slice.columns + column
        let scale = slice.role == .weight ? 1 / Double(max(used, 1)).squareRoot() : 0.4
        values[at] = column < used ? values[at] * scale * spread : 0
        if isVariance { values[at] = exp(values[at]) }
      }
    }
    parameters[slice] = values
  }
  return parameters
}

/// Leading columns of a row that the model reads.
func usedColumns(_ slice: ParameterSlice, row: Int) -> Int {
  if case .fanIn(_, let extents?) = slice.initializer { Int(extents[row]) } else { slice.columns }
}

/// Normal draws scaled into a range: the middle of `range` if it is finite, else `scale` times standard normal.
func randomRows(
  _ rows: Int, _ columns: Int, in range: ClosedRange<Double>, seed: UInt64, scale: Double = 1.5
) -> Matrix<Double> {
  let stream = RandomStream(seed: seed, purpose: .test)
  if range.lowerBound.isFinite && range.upperBound.isFinite {
    var matrix = stream.uniform(rows: rows, columns: columns, as: Double.self)
    let width = range.upperBound - range.lowerBound
    matrix.values = matrix.values.map { range.lowerBound + width * (0.02 + 0.96 * $0) }
    return matrix
  }
  var matrix = stream.normal(rows: rows, columns: columns, as: Double.self)
  matrix.values = matrix.values.map { $0 * scale }
  return matrix
}
