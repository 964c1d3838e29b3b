/// Encodes the rows of a cache block by block: what a model sees of a table that is not in memory.
package struct BlockEncoder: Sendable {
  /// A column of the encoder in the cache: where, and what its numbers stand for where that is not themselves.
  private struct Place: Sendable {
    /// Which of `columns`.
    var position: Int
    /// Values of a date column's levels.
    var values: [Double]?
    /// Places of a category's levels among its indicators.
    var indicators: [Int]?
  }

  /// The encoder.
  package let encoder: Encoder
  /// Indices of the cache's columns that are read.
  package let columns: [Int]
  private let cache: TableCache
  private let modelled: [Place]
  private let conditions: [Place]
  private let weights: Int?
  /// Rows whose key is below this are left to others.
  private let lowestKey: Double

  /// An encoder of blocks.
  ///
  /// - Parameters:
  ///   - encoder: Fitted to some of the rows.
  ///   - cache: The rows.
  ///   - weights: Column of row weights.
  ///   - lowestKey: Rows with smaller keys are passed over.
  /// - Throws: `TableError.unknownColumn`, `.wrongKind` for a text that is no date, `.unseenLevel`.
  package init(_ encoder: Encoder, cache: TableCache, weights: String?, lowestKey: Double) throws {
    (self.encoder, self.cache, self.lowestKey) = (encoder, cache, lowestKey)
    var columns: [Int] = []
    func position(_ name: String) throws -> Int {
      let index = try cache.index(ofColumn: name)
      if let known = columns.firstIndex(of: index) { return known }
      columns.append(index)
      return columns.count - 1
    }
    modelled = try encoder.columns.map { column in
      let position = try position(column.name)
      return Place(position: position, values: try Self.values(column.schema, cache.columns[columns[position]]))
    }
    conditions = try encoder.conditions.map { condition in
      let position = try position(condition.name)
      let cached = cache.columns[columns[position]]
      if condition.transform != nil {
        return Place(position: position, values: try Self.values(condition.schema, cached))
      }
      return Place(position: position, indicators: try Self.indicators(condition, cached))
    }
    self.weights = try weights.map { try position($0) }
    self.columns = columns
  }

  private static func values(_ schema: ColumnSchema, _ cached: CachedColumn) throws -> [Double]? {
    guard cached.storage == .categories else { return nil }
    let levels = Column.categories(CategoryColumn(cached.levels))
    return try schema.numbers(levels) { _ in "somewhere in the table" }.values
  }

  private static func indicators(_ condition: ConditionColumn, _ cached: CachedColumn) throws -> [Int] {
    guard cached.storage == .categories else {
      throw TableError.wrongKind(
        column: condition.name, expected: "texts", found: "numbers; declare it a category in a schema file")
    }
    let levels = condition.schema.levels ?? []
    let known = Dictionary(levels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let other = condition.schema.otherLevel.flatMap { known[$0] }
    return try cached.levels.map { level in
      guard let place = known[level] ?? other else {
        throw TableError.unseenLevel(
          column: condition.name, level: level, place: "somewhere in the table", known: levels)
      }
      return place
    }
  }

  /// Reads a block: `columns.count * TableCache.blockRows` numbers.
  ///
  /// - Throws: `TableError.cannotRead`.
  package func read(block: Int, to raw: UnsafeMutablePointer<Double>) throws {
    try cache.read(block: block, columns: columns, to: raw)
  }

  /// The rows of a block, by their places in it, that are complete and not left to others.
  package func rows(ofBlock block: Int, _ raw: UnsafePointer<Double>) -> [Int] {
    let rows = cache.rows(ofBlock: block)
    return (0..<rows.count).filter { place in
      RowKey.value(seed: cache.seed, row: rows.lowerBound + place) >= lowestKey
        && !columns.indices.contains { raw[$0 * TableCache.blockRows + place].isNaN }
    }
  }

  /// Encodes rows of a block.
  ///
  /// - Parameters:
  ///   - block: Number of the block.
  ///   - raw: The block as it was read.
  ///   - places: Which rows.
  ///   - jitterSeed: As for `Encoder.encode`.
  ///   - x: `places.count x encoder.columns.count` numbers, row-major.
  ///   - context: `places.count x encoder.conditionWidth` numbers, row-major, if there are conditions.
  ///   - weightsOut: A weight a row, if there are weights.
  package func encode(
    block: Int, _ raw: UnsafePointer<Double>, places: [Int], jitterSeed: UInt64?, x: UnsafeMutablePointer<Float>,
    context: UnsafeMutablePointer<Float>?, weights weightsOut: UnsafeMutablePointer<Float>?
  ) {
    let limit = Double(Float.greatestFiniteMagnitude)
    let width = encoder.columns.count
    let firstRow = cache.rows(ofBlock: block).lowerBound
    for (feature, column) in encoder.columns.enumerated() {
      let place = modelled[feature]
      let cells = raw + place.position * TableCache.blockRows
      for (index, row) in places.enumerated() {
        var value = place.values.map { $0[Int(cells[row])] } ?? cells[row]
        if let jitterSeed, case let cell = column.jitterWidth(at: value), cell > 0 {
          value += cell * Jitter.uniform(seed: jitterSeed, row: firstRow + row, column: feature)
        }
        x[index * width + feature] = Float(min(max(column.transform.forward(value).z, -limit), limit))
      }
    }
    if let context { encodeConditions(raw, places: places, to: context) }
    if let weights, let weightsOut {
      let cells = raw + weights * TableCache.blockRows
      for (index, row) in places.enumerated() { weightsOut[index] = Float(cells[row]) }
    }
  }

  private func encodeConditions(
    _ raw: UnsafePointer<Double>, places: [Int], to context: UnsafeMutablePointer<Float>
  ) {
    let width = encoder.conditionWidth
    context.update(repeating: 0, count: places.count * width)
    var offset = 0
    for (condition, place) in zip(encoder.conditions, conditions) {
      let cells = raw + place.position * TableCache.blockRows
      for (index, row) in places.enumerated() {
        if let transform = condition.transform {
          let value = place.values.map { $0[Int(cells[row])] } ?? cells[row]
          context[index * width + offset] = Float(transform.forward(value).z)
        } else if let indicators = place.indicators {
          context[index * width + offset + indicators[Int(cells[row])]] = 1
        }
      }
      offset += condition.width
    }
  }
}
