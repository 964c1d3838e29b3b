#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension TypedColumn {
  /// The cells of a table's column.
  ///
  /// - Parameters:
  ///   - column: A column of this name.
  ///   - place: Names a row's place in a message.
  /// - Returns: The cells.
  /// - Throws: `TableError.wrongKind` for texts that are no numbers or dates.
  func cells(_ column: Column, place: (Int) -> String) throws -> TypedCells {
    if let levels {
      let categories = column.categories
      let cells = categories.levels.map { cell(text: $0, levels) }
      return TypedCells(categories.codes.count) { row in
        let code = categories.codes[row]
        return code == CategoryColumn.missing ? .missing : cells[Int(code)]
      }
    }
    let numbers = try schema.numbers(column, place: place).values
    let grid = grid
    // Values of a grid recur: each cell is worked out once.
    var known: [Double: TypedCell] = [:]
    return TypedCells(numbers.count) { row in
      let value = numbers[row]
      if value.isNaN { return .missing }
      guard let grid else { return cell(number: value, grid: nil) }
      if let cell = known[value] { return cell }
      let cell = cell(number: value, grid: grid)
      if known.count < 1 << 18 { known[value] = cell }
      return cell
    }
  }

  private func cell(text: String, _ levels: CategoryClasses) -> TypedCell {
    let place = levels.place(text)
    var cell = TypedCell(code: place.class.map(Int32.init) ?? TypedCells.missing)
    cell.constant = place.logShare
    cell.isUnseen = place.isUnseen
    return cell
  }

  /// The cell of a number in the column's units.
  ///
  /// A stepped column's value stands for the multiple of the step nearest to it. A value outside the range, which the model
  /// holds impossible, is scored as the nearest possible one, less what a heavy tail over the range's width would take off,
  /// and the logarithm of the number of rows that did not go there.
  func cell(number: Double, grid: RecordingStep?) -> TypedCell {
    var x = number - origin
    if let circle { x = circle.wrapped(x, from: circle.origin) }
    if let grid { x = grid.gridValue(x) }
    // Rounding may have brought an angle once around.
    if let circle { x = circle.wrapped(x, from: circle.origin) }
    var cell = TypedCell.missing
    if let limit = limited(x), limit != x {
      let width = MarginalWidth.of(self)
      cell.constant = -log(presentWeight + 1) - 2 * log1p((limit - x).magnitude / width)
      cell.isUnseen = true
      x = limit
    }
    // Per unit of the column, as a density: a whole number recorded in hundreds has its mass over a hundred.
    let measure = -log(isMass ? scale?.step ?? step ?? 1 : resolution)
    if let atom = atomIndex(x) {
      cell.code = Int32(atom)
      cell.constant += measure
      return cell
    }
    guard let scale else {
      cell.constant = -log(2 * presentWeight + 2)
      cell.isUnseen = true
      return cell
    }
    if let circle { x = circle.wrapped(x, from: circle.cut) }
    cell.code = Int32(atoms)
    if let step = scale.step {
      let (low, high, width) = scale.cell(x, step: step)
      if width > 1e-30 {
        cell.low = Self.float(low)
        cell.high = Self.float(high)
        cell.width = Self.float(width)
        cell.constant += measure
        return cell
      }
    }
    let (z, logDet) = scale.point(x)
    cell.low = Self.float(z)
    cell.high = cell.low
    cell.constant += logDet
    return cell
  }

  private static func float(_ z: Double) -> Float {
    z.isFinite ? Float(min(max(z, -1e30), 1e30)) : z < 0 ? -.infinity : .infinity
  }

  /// The nearest value inside the range.
  private func limited(_ x: Double) -> Double? {
    guard let scale, circle == nil else { return nil }
    return min(max(x, scale.minimum ?? -.infinity), scale.maximum ?? .infinity)
  }

  /// The class of a value.
  func atomIndex(_ x: Double) -> Int? {
    var low = 0
    var high = values.count
    while low < high {
      let middle = (low + high) / 2
      if values[middle] < x { low = middle + 1 } else { high = middle }
    }
    return low < values.count && values[low] == x ? low : nil
  }
}

/// The width that distances outside a range are measured in.
private enum MarginalWidth {
  static func of(_ column: TypedColumn) -> Double {
    if let scale = column.scale {
      let width = (scale.value(1) - scale.value(-1)).magnitude
      if width > 0 { return width }
    }
    return max(column.resolution, .leastNormalMagnitude)
  }
}
