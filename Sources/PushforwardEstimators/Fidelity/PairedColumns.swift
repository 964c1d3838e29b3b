import PushforwardTables

/// One column of two or more tables in the same numbers: values of a quantity, codes of a category; NaN where missing.
struct PairedColumns {
  let name: String
  let isCategory: Bool
  /// One array a table.
  let values: [[Double]]
  /// Codes are below this; 0 for quantities.
  let levelCount: Int

  /// - Throws: `TableError.unknownColumn`, `.wrongKind` when one table holds numbers and another texts.
  init(_ name: String, tables: [Table]) throws {
    self.name = name
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

  /// Both tables' cells as classes: a category's codes, a quantity's tenth of the first table's values; missing cells are a
  /// class of their own.
  func classes() -> (codes: [[Int]], count: Int) {
    if isCategory {
      return (values.map { $0.map { $0.isNaN ? levelCount : Int($0) } }, levelCount + 1)
    }
    let sorted = values[0].filter { !$0.isNaN }.sorted()
    let borders = sorted.isEmpty ? [] : (1..<10).map { sorted[$0 * sorted.count / 10] }
    let codes = values.map { column in
      column.map { value in value.isNaN ? 10 : borders.count { $0 <= value } }
    }
    return (codes, 11)
  }
}
