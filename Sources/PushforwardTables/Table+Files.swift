/// The short way for programs: a whole table from a file and back, columns as arrays.
extension Table {
  /// Reads a whole table: a CSV file, NumPy array or SQLite table (see `TableSource`).
  ///
  /// - Throws: `TableError`.
  public init(contentsOf location: String, options: CSVOptions = CSVOptions()) throws {
    self = try TableSource(location, options: options).read()
  }

  /// Writes the table as comma-separated text; `-` is standard output.
  ///
  /// - Throws: `TableError.cannotWrite` or `.brokenPipe`.
  public func write(to path: String) throws {
    let decimals = columns.compactMapValues { $0.numbers?.recording.decimals.map { min($0, 15) } }
    let writer = try CSVWriter(
      path: path, names: names,
      decimals: Dictionary(decimals.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first }))
    try writer.write(self)
    try writer.close()
  }

  /// The values of a column of numbers, NaN where missing.
  ///
  /// - Throws: `TableError.unknownColumn` or `.wrongKind`.
  public func numbers(_ name: String) throws -> [Double] {
    guard let numbers = try column(name).numbers else {
      throw TableError.wrongKind(column: name, expected: "numbers", found: "texts")
    }
    return numbers.values
  }

  /// The texts of a column, `nil` where missing; numbers as their shortest texts.
  ///
  /// - Throws: `TableError.unknownColumn`.
  public func texts(_ name: String) throws -> [String?] {
    let categories = try column(name).categories
    return (0..<rowCount).map { categories[$0] }
  }
}
