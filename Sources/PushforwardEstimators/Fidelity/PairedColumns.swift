import PushforwardTables

/// One column of two or more tables in the same numbers: values of a quantity, codes of a category; NaN where missing.
struct PairedColumns {
  let name: String
  let isCategory: Bool
  /// One array a table.
  let values: [[Double]]
  /// Weights of the rows, one array a table; `nil`: 1 each.
  let weights: [[Double]?]
  /// Codes are below this; 0 for quantities.
  let levelCount: Int

  /// A column of several tables.
  ///
  /// - Parameters:
  ///   - name: The column.
  ///   - tables: Which have it.
  ///   - weights: Of the first table's rows.
  /// - Throws: `TableError.unknownColumn`, `.wrongKind` when one table holds numbers and another texts.
  init(_ name: String, tables: [Table], weights: [Double]? = nil) throws {
    self.name = name
    self.weights = tables.indices.map { $0 == 0 ? weights : nil }
    let columns = try tables.map { try $0.column(name) }
    isCategory = columns.contains { $0.storage == .categories }
    guard isCategory else {
      values = columns.map { $0.numbers?.values ?? [] }
      levelCount = 0
      return
    }
    var codes: [String: Int] = [:]
    values = columns.map { column in
      let cells = column.categories
      let own = cells.levels.map { level -> Double in
        let code = codes[level] ?? codes.count
        codes[level] = code
        return Double(code)
      }
      return cells.codes.map { $0 == CategoryColumn.missing ? .nan : own[Int($0)] }
    }
    levelCount = codes.count
  }

  /// The weight of a table's rows whose cell fulfils a condition.
  func weight(in table: Int, where holds: (Double) -> Bool) -> Double {
    var sum = 0.0
    for (row, value) in values[table].enumerated() where holds(value) { sum += weights[table]?[row] ?? 1 }
    return sum
  }

  /// A table's values that are there and have a weight, ascending.
  func sorted(_ table: Int) -> [(value: Double, weight: Double)] {
    values[table].indices.compactMap { row in
      let (value, weight) = (values[table][row], weights[table]?[row] ?? 1)
      return value.isNaN || weight <= 0 ? nil : (value, weight)
    }.sorted { $0.value < $1.value }
  }

  /// Both tables' cells as classes: a category's codes, a quantity's tenth of the first table's values; missing cells are a
  /// class of their own.
  func classes() -> (codes: [[Int]], count: Int) {
    if isCategory {
      return (values.map { $0.map { $0.isNaN ? levelCount : Int($0) } }, levelCount + 1)
    }
    let borders = tenths()
    let codes = values.map { column in
      column.map { value in value.isNaN ? 10 : borders.count { $0 <= value } }
    }
    return (codes, 11)
  }

  /// What divides the first table's values into ten parts of equal weight.
  private func tenths() -> [Double] {
    let sorted = sorted(0)
    let total = sorted.reduce(0) { $0 + $1.weight }
    var (place, passed) = (0, 0.0)
    return sorted.isEmpty
      ? []
      : (1..<10).map { tenth in
        while place + 1 < sorted.count, passed + sorted[place].weight <= total * Double(tenth) / 10 {
          passed += sorted[place].weight
          place += 1
        }
        return sorted[place].value
      }
  }
}
