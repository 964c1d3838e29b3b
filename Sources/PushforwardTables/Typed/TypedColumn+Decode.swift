extension TypedColumn {
  /// Cells back in the column's own form: numbers rounded to the step and inside the range, dates and levels as texts.
  ///
  /// - Parameters:
  ///   - codes: One a row.
  ///   - z: One a row, looked at where the code is the continuous class.
  ///   - index: The column's number, which with seed and row picks the levels of a shared class.
  ///   - seed: Same seed, same levels.
  ///   - firstRow: Number of the first row.
  /// - Returns: The column.
  /// - Throws: `TableError.wrongShape`, `.notFinite`.
  func column(codes: [Int32], z: [Float], index: Int, seed: UInt64, firstRow: Int) throws -> Column {
    guard codes.count == z.count else {
      throw TableError.wrongShape(what: "cells of \(name)", expected: "\(codes.count)", found: "\(z.count)")
    }
    for (row, code) in codes.enumerated() {
      if code < TypedCells.missing || code >= classes {
        throw TableError.wrongShape(
          what: "column \(name), row \(row + 1)", expected: "a class from -1 to \(classes - 1)", found: "\(code)")
      }
      if hasContinuous, code == atoms, !z[row].isFinite {
        throw TableError.notFinite(column: name, place: "row \(row + 1)")
      }
    }
    if let levels {
      let texts = levels.levels + levels.pooled
      let drawn = codes.enumerated().map { row, code -> UInt32 in
        if code == TypedCells.missing { return CategoryColumn.missing }
        if code < levels.levels.count { return UInt32(code) }
        let uniform = Jitter.uniform(seed: seed, row: firstRow + row, column: index) + 0.5
        return UInt32(levels.level(Int(code), uniform: uniform))
      }
      let missing = codes.count { $0 == TypedCells.missing }
      return .categories(CategoryColumn(unchecked: drawn, levels: texts, missingCount: missing))
    }
    let grid = grid
    let decoded = codes.indices.map { row -> Double in
      let code = Int(codes[row])
      if code < 0 { return .nan }
      return (code < atoms ? values[code] : number(Double(z[row]), grid: grid)) + origin
    }
    return schema.column(of: decoded, decimals: decimals)
  }

  /// The value at a place of the continuous scale: a multiple of the step that is no class of its own, inside the range.
  func number(_ z: Double, grid: RecordingStep?) -> Double {
    guard let scale else { return 0 }
    var x = scale.value(z)
    if let grid {
      x = grid.gridValue(x)
      if let low = scale.minimum, x < low { x = low }
      if let high = scale.maximum, x > high { x = high }
      x = freeValue(x, grid, scale)
    }
    guard let circle else { return x }
    x = circle.wrapped(x, from: circle.origin)
    return circle.wrapped(grid?.gridValue(x) ?? x, from: circle.origin)
  }

  /// Rounding at a seam may land on a cut cell: the next value upwards that is not cut, or else downwards.
  private func freeValue(_ x: Double, _ grid: RecordingStep, _ scale: TypedScale) -> Double {
    var up = x
    while scale.isCut(up) { up = grid.gridValue(up + grid.value) }
    if up <= scale.maximum ?? .infinity { return up }
    var down = x
    while scale.isCut(down) { down = grid.gridValue(down - grid.value) }
    return down
  }
}

extension TypedScale {
  /// Whether the cell of a value is cut out.
  func isCut(_ x: Double) -> Bool {
    var low = 0
    var high = cuts.count
    while low < high {
      let middle = (low + high) / 2
      if cuts[middle] < x { low = middle + 1 } else { high = middle }
    }
    return low < cuts.count && cuts[low] == x
  }
}

extension TypedColumn {
  /// The cell in which a place of the continuous class lies, which may be an atom's.
  package func cell(atPlace z: Float) -> (code: Int32, low: Float, high: Float, width: Float) {
    let cell = cell(number: number(Double(z), grid: grid) + origin, grid: grid)
    return (cell.code, cell.low, cell.high, cell.width)
  }

  /// The number, in the column's units, of an atom, or of a place of the continuous class, rounded to the column's step.
  package func number(code: Int, z: Double) -> Double {
    (code < atoms ? values[code] : number(z, grid: grid)) + origin
  }

  /// Where a number in the column's units lies on the continuous scale, within its range; `nil`: there is no such scale.
  package func place(ofNumber x: Double) -> Double? { scale.map { $0.place(x - origin) } }
}
