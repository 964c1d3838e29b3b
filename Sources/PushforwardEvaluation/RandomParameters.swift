import PushforwardCore

/// Parameters drawn at random, for checks: as they start, most flows are near the identity and nearly every mistake passes.
///
/// A `spread` of 1 makes splines so steep that differences fail.
package func randomParameters<Scalar: TileScalar>(
  _ layout: ParameterLayout, seed: UInt64, spread: Double = 0.5, as type: Scalar.Type = Scalar.self
) -> Parameters<Scalar> {
  var parameters = Parameters<Scalar>(layout: layout, seed: seed)
  for (index, slice) in layout.slices.enumerated() where slice.role == .weight || slice.role == .bias {
    let stream = RandomStream(seed: seed, purpose: .test).split(UInt64(index))
    var values: [Scalar] = stream.normal(rows: slice.rows, columns: slice.columns).values
    for row in 0..<slice.rows {
      let used = slice.usedColumns(row: row)
      let scale = spread * (slice.role == .weight ? 1 / Double(max(used, 1)).squareRoot() : 0.4)
      for column in 0..<slice.columns {
        let at = row * slice.columns + column
        values[at] = column < used ? values[at] * Scalar(scale) : 0
      }
    }
    parameters[slice] = values
  }
  return parameters
}

extension ParameterSlice {
  /// Leading columns of a row that the model reads: what is behind them is masked, and must stay zero.
  fileprivate func usedColumns(row: Int) -> Int {
    if case .fanIn(_, let extents?) = initializer { Int(extents[row]) } else { columns }
  }
}
