extension ColumnSchema {
  /// Numbers (days or seconds since 1970 for dates) as cells of the column: texts for dates, NaN for missing ones.
  package func column(of numbers: [Double], decimals: Int?) -> Column {
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

  /// Cells of the column with dates as numbers, days or seconds since 1970; others as they are.
  ///
  /// - Throws: `TableError.wrongKind` for a text that is no date.
  package func counted(_ column: Column) throws -> Column {
    kind == .date ? .numbers(try numbers(column, place: { "row \($0 + 1)" })) : column
  }

  /// Predicted numbers as cells of the column: dates as texts, to the day or second; others as they are.
  package func answers(_ values: [Double]) -> Column {
    kind == .date
      ? column(of: values.map { $0.rounded() }, decimals: nil)
      : .numbers(NumberColumn(unchecked: values, missingCount: values.count { $0.isNaN }, recording: .init()))
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

extension Schema {
  /// A table with its dates as numbers, days or seconds since 1970; what is no date as it is.
  ///
  /// - Throws: `TableError.wrongKind` for a text that is no date.
  package func counted(_ table: Table) throws -> Table {
    try Table(
      table.columns.map { name, column in (name, try self[name]?.counted(column) ?? column) }, origin: table.origin)
  }
}
