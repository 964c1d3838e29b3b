extension ColumnSchema {
  /// Numbers (days or seconds since 1970 for dates) as cells of the column: texts for dates, NaN for missing ones.
  func column(of numbers: [Double], decimals: Int?) -> Column {
    guard kind == .date, let unit = dateUnit else {
      return .numbers(
        NumberColumn(
          unchecked: numbers, missingCount: numbers.count { $0.isNaN }, recording: .init(decimals: decimals)))
    }
    return .categories(
      CategoryColumn(
        numbers.map { number in
          if number.isNaN { return nil }
          let seconds = number * unit.seconds
          return dateFormat?.text(secondsSince1970: seconds, hasTime: unit == .second)
            ?? ISODate.text(secondsSince1970: seconds, hasTime: unit == .second)
        }))
  }

  /// Cells that show the column's range: its levels in turn, or evenly spaced numbers, steps kept.
  package func evenCells(count: Int) -> Column {
    if let levels, !levels.isEmpty { return .categories(CategoryColumn((0..<count).map { levels[$0 % levels.count] })) }
    let (low, high) = (minimum ?? 0, maximum ?? 1)
    let grid = step.flatMap { RecordingStep($0) }
    let numbers = (0..<count).map { place in
      let number = low + (high - low) * (Double(place) + 0.5) / Double(count)
      return grid?.round(number) ?? number
    }
    return column(of: numbers, decimals: grid?.decimals)
  }
}
