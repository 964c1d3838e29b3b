extension Schema {
  /// Infers the kinds of a cached table's columns from its sample; ranges, levels and missing cells are those of all rows.
  ///
  /// - Parameters:
  ///   - cache: The table.
  ///   - overrides: What is declared, for instance in a schema file.
  /// - Throws: `TableError.unknownColumn` or `.badSchema` when a declaration does not fit the table.
  public init(inferring cache: TableCache, overrides: SchemaOverrides = SchemaOverrides()) throws {
    try self.init(inferring: cache.sample.table, overrides: overrides)
    rowCount = cache.rowCount
    for (index, cached) in cache.columns.enumerated() {
      columns[index].complete(from: cached, rowCount: cache.rowCount, override: overrides.columns[cached.name])
    }
  }
}

extension ColumnSchema {
  /// Puts what the pass over all rows has found in place of what the sample shows.
  fileprivate mutating func complete(from cached: CachedColumn, rowCount: Int, override: ColumnOverride?) {
    missingCount = cached.missingCount
    if cached.hasTooManyLevels, override?.levels == nil {
      kind = .freeText
      reason = "more than \(CachedColumn.mostLevels) different texts"
      (levels, levelCounts) = (nil, nil)
      return
    }
    if cached.storage == .numbers, kind == .wholeNumber || kind == .real {
      if declaredMinimum == nil { minimum = cached.minimum }
      if declaredMaximum == nil { maximum = cached.maximum }
      if cached.countsRows, rowCount >= 10, override?.kind == nil, kind == .wholeNumber {
        kind = .identifier
        reason = "it counts the rows from \(NumberText.shortest(cached.minimum))"
      }
    }
    if kind == .category, cached.storage == .categories, override?.levels == nil, isOrdered != true {
      let order = cached.levels.indices.sorted { cached.levels[$0] < cached.levels[$1] }
      levels = order.map { cached.levels[$0] }
      levelCounts = order.map { cached.levelCounts[$0] }
      distinctCount = order.count
    }
    if kind == .date {
      let numbers = cached.levels.compactMap { text in
        dateFormat.map { $0.secondsSince1970(text) } ?? ISODate.secondsSince1970(text)?.seconds
      }
      let unit = (dateUnit ?? .second).seconds
      if let low = numbers.min(), let high = numbers.max() { (minimum, maximum) = (low / unit, high / unit) }
    }
  }
}
