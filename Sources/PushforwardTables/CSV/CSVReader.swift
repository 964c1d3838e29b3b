import CKernels

/// Reads a whole delimited text file into a table, finding out what each column holds.
///
/// A column is one of numbers until text shows up. Text in a column that is otherwise made of numbers (at least 95 % of
/// twenty or more cells) is an error that shows where, unless three or more such texts are all codes of letters and digits; else
/// the column becomes a category, in a second pass over the file for those columns alone if the text came late.
public struct CSVReader {
  private let scanner: CSVScanner
  private let options: CSVOptions
  private let path: String
  private let markers: [UInt8]
  /// How the file is written.
  public let dialect: CSVDialect

  /// Opens a file and finds out how it is written.
  ///
  /// - Parameters:
  ///   - path: A path; `-` is standard input.
  ///   - options: What is known about the file.
  /// - Throws: `TableError`.
  public init(path: String, options: CSVOptions = CSVOptions()) throws {
    try self.init(path: path, input: InputFile(path: path), options: options)
  }

  private init(path: String, input: InputFile, options: CSVOptions) throws {
    self.path = path
    self.options = options
    scanner = try CSVScanner(input: input)
    markers = options.packedMarkers
    dialect = try CSVSniffer(scanner: scanner, options: options, markers: markers).detect()
  }

  /// Reads all rows.
  ///
  /// - Returns: The columns that the options ask for, in the order of the file.
  /// - Throws: `TableError`, which names file, line and column.
  public func readAll() throws -> Table {
    let builders = try Self.builders(dialect: dialect, options: options, source: scanner.input.name)
    var origin = RowOrigin(source: scanner.input.name)
    var row = 0
    let stride = dialect.names.count
    try scanner.begin(dialect)
    while case let rows = try scanner.next(), rows > 0 {
      for i in 0..<rows { origin.append(row: row + i, line: Int(scanner.lines[i])) }
      for builder in builders {
        try append(builder, rows: rows, stride: stride)
      }
      if row == 0, scanner.input.size > 0 {
        // Rows are about as long as the first ones; a little more than they promise saves a copy of the column.
        let estimate = Double(scanner.input.size) / Double(scanner.consumed) * Double(rows) * 1.02
        for builder in builders { builder.reserve(Int(min(estimate, 1e9))) }
      }
      row += rows
    }
    if row == 0 { throw TableError.noRows(source: scanner.input.name) }
    try settleMixedColumns(builders)
    return try Table(builders.map { (name: $0.name, column: $0.finish()) }, origin: origin)
  }

  /// One builder a column to be read.
  static func builders(dialect: CSVDialect, options: CSVOptions, source: String) throws -> [ColumnBuilder] {
    let wanted = options.columns.map(Set.init)
    for name in options.requiredNames where !dialect.names.contains(name) {
      throw TableError.unknownColumn(name: name, available: dialect.names)
    }
    return dialect.names.enumerated().compactMap { index, name in
      if let wanted, !wanted.contains(name) { return nil }
      return ColumnBuilder(name: name, index: index, storage: options.storage(of: name) ?? .numbers)
    }
  }

  private func append(_ builder: ColumnBuilder, rows: Int, stride: Int) throws {
    let point = dialect.decimalPoint.char
    let before = builder.summary
    try builder.append(scanner, rows: rows, stride: stride, decimalPoint: point, markers: markers)
    guard builder.storage == .numbers, options.storage(of: builder.name) == nil, before.bad == 0 else { return }
    let inBatch = builder.summary.bad
    let numbersBefore = builder.numberCount - (rows - inBatch - (builder.summary.missing - before.missing))
    if inBatch == 0 || numbersBefore > 0 || builder.isNearlyNumeric { return }
    builder.undoNumbers(rows: rows, before: before)
    builder.continueAsCategories()
    try builder.append(scanner, rows: rows, stride: stride, decimalPoint: point, markers: markers)
  }

  /// What to do about texts among numbers.
  static var hintForTexts: String {
    "Mark such texts as missing (--missing TEXT), or declare the column a category in a schema file"
  }

  /// Errors for text among numbers, a second pass for columns whose text came late.
  private func settleMixedColumns(_ builders: [ColumnBuilder]) throws {
    let mixed = builders.filter { $0.storage == .numbers && $0.summary.bad > 0 }
    if mixed.isEmpty { return }
    let wrong = mixed.filter {
      options.storage(of: $0.name) == .numbers || !scanner.input.isSeekable
        || ($0.isNearlyNumeric && !options.acceptsMixedColumns && !$0.looksLikeCodes)
    }
    if !wrong.isEmpty {
      throw TableError.badCells(
        source: scanner.input.name, expected: "a number", cells: wrong.flatMap(\.badCells),
        total: wrong.reduce(0) { $0 + $1.summary.bad },
        hint: Self.hintForTexts)
    }
    try scanner.input.rewind()
    let again = try CSVReader(path: path, input: scanner.input, options: options)
    try again.scanner.begin(again.dialect)
    for builder in mixed { builder.restartAsCategories() }
    while case let rows = try again.scanner.next(), rows > 0 {
      for builder in mixed {
        try builder.append(
          again.scanner, rows: rows, stride: dialect.names.count, decimalPoint: dialect.decimalPoint.char,
          markers: markers)
      }
    }
  }
}

extension TableError {
  /// Bad cells of several columns: sorted by line, the first ten shown.
  static func badCells(
    source: String, expected: String, cells: [BadCell], total: Int? = nil, hint: String
  ) -> TableError {
    let sorted = cells.sorted { $0.line < $1.line }
    return .badCells(
      source: source, expected: expected, cells: Array(sorted.prefix(10)), count: total ?? cells.count, hint: hint)
  }
}

extension Character {
  /// The byte of an ASCII character.
  var char: CChar { CChar(bitPattern: asciiValue ?? 0) }
}

extension CSVScanner {
  /// Starts after the header, if there is one.
  func begin(_ dialect: CSVDialect) throws {
    try begin(
      delimiter: dialect.delimiter.asciiValue ?? 0, columns: dialect.names.count, skippingFirst: dialect.hasHeader)
  }
}
