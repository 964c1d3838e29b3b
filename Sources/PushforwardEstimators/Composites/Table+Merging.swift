import PushforwardTables

extension Table {
  /// Conditions of that many rows: these, or the first of them for all.
  func extended(to count: Int) -> Table {
    rowCount == count ? self : selecting(rows: [Int](repeating: 0, count: count))
  }

  /// Each row so many times, one after the other.
  func repeating(_ times: Int) -> Table {
    times == 1 ? self : selecting(rows: (0..<rowCount).flatMap { repeatElement($0, count: times) })
  }

  /// Tables with the same columns below each other.
  package static func stacking(_ parts: [Table]) throws -> Table {
    guard let first = parts.first else { return try Table([]) }
    if parts.count == 1 { return first }
    return try Table(
      first.names.map { name in (name, try Column.joining(parts.map { try $0.column(name) })) })
  }

  /// One table whose rows come from several: `pieces` say which rows.
  static func merging(_ pieces: [(rows: [Int], table: Table)], names: [String], count: Int) throws -> Table {
    var place = [Int](repeating: 0, count: count)
    var next = 0
    for piece in pieces {
      for row in piece.rows {
        place[row] = next
        next += 1
      }
    }
    let whole = try stacking(pieces.map { try $0.table.selecting(columns: names) })
    return whole.selecting(rows: place)
  }
}

extension Column {
  /// Columns of one storage below each other.
  static func joining(_ columns: [Column]) throws -> Column {
    if columns.allSatisfy({ $0.storage == .numbers }) {
      let numbers = columns.compactMap(\.numbers)
      return .numbers(
        NumberColumn(
          unchecked: numbers.flatMap(\.values), missingCount: numbers.reduce(0) { $0 + $1.missingCount },
          recording: numbers[0].recording))
    }
    // Levels are few, cells many: texts are looked at once.
    var places: [String: UInt32] = [:]
    var (levels, codes): ([String], [UInt32]) = ([], [])
    for column in columns.map(\.categories) {
      let own = column.levels.map { level -> UInt32 in
        if let place = places[level] { return place }
        places[level] = UInt32(levels.count)
        levels.append(level)
        return UInt32(levels.count - 1)
      }
      codes += column.codes.map { $0 == CategoryColumn.missing ? $0 : own[Int($0)] }
    }
    return .categories(
      CategoryColumn(
        unchecked: codes, levels: levels, missingCount: codes.count { $0 == CategoryColumn.missing }))
  }
}
