import CKernels

/// Reads a delimited text file a batch of rows at a time against columns of known storage, in constant memory.
///
/// For scoring: the model knows its columns, so a text in a column of numbers is an error at once.
public final class CSVStream {
  private let scanner: CSVScanner
  private let markers: [UInt8]
  private let builders: [ColumnBuilder]
  private let batchRows: Int
  /// Whether a column may turn out to be one of texts before its first number.
  private let finds: Bool
  private var numbered: Set<Int> = []
  private var row = 0
  /// How the file is written.
  public let dialect: CSVDialect

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: A path; `-` is standard input.
  ///   - columns: The columns to read and how each is stored.
  ///   - others: How the file's other columns are stored; `nil`: they are skipped.
  ///   - options: What is known about the file; its `columns` and `storage` are not used.
  ///   - batchRows: Rows a batch.
  /// - Throws: `TableError`; `.unknownColumn` when the file lacks a column.
  public init(
    path: String, columns: [(name: String, storage: Column.Storage)], others: Column.Storage? = nil,
    options: CSVOptions = CSVOptions(), batchRows: Int = 16384
  ) throws {
    var options = options
    options.columns = others == nil ? columns.map(\.name) : nil
    options.otherStorage = others
    options.storage = Dictionary(columns.map { ($0.name, $0.storage) }, uniquingKeysWith: { $1 })
    scanner = try CSVScanner(input: InputFile(path: path))
    markers = options.packedMarkers
    dialect = try CSVSniffer(scanner: scanner, options: options, markers: markers).detect()
    builders = try CSVReader.builders(dialect: dialect, options: options, source: scanner.input.name)
    self.batchRows = max(1, batchRows)
    finds = false
    try scanner.begin(dialect)
  }

  /// Opens a file whose columns are not known: each is stored as what its first cells hold.
  ///
  /// - Throws: `TableError`.
  init(path: String, finding options: CSVOptions, batchRows: Int) throws {
    scanner = try CSVScanner(input: InputFile(path: path))
    markers = options.packedMarkers
    dialect = try CSVSniffer(scanner: scanner, options: options, markers: markers).detect()
    builders = try CSVReader.builders(dialect: dialect, options: options, source: scanner.input.name)
    self.batchRows = max(1, batchRows)
    finds = true
    numbered = Set(builders.filter { options.storage(of: $0.name) != nil }.map(\.index))
    try scanner.begin(dialect)
  }

  /// The next batch, of `limit` rows at most if that is less than a batch; `nil` at the end of the file.
  ///
  /// - Throws: `TableError`; `.noRows` if the file has none at all.
  public func next(limit: Int = .max) throws -> Table? {
    let batchRows = min(batchRows, max(1, limit))
    var origin = RowOrigin(source: scanner.input.name, firstRow: row)
    var got = 0
    while got < batchRows, case let rows = try scanner.next(limit: batchRows - got), rows > 0 {
      for i in 0..<rows { origin.append(row: got + i, line: Int(scanner.lines[i])) }
      for builder in builders { try append(to: builder, rows: rows) }
      got += rows
      let bad = builders.reduce(0) { $0 + $1.summary.bad }
      if bad > 0 {
        throw TableError.badCells(
          source: scanner.input.name, expected: "a number", cells: builders.flatMap(\.badCells), total: bad,
          hint: finds ? CSVReader.hintForTexts : "")
      }
    }
    if got == 0 {
      if row == 0 { throw TableError.noRows(source: scanner.input.name) }
      return nil
    }
    row += got
    if finds { numbered.formUnion(builders.filter { $0.numberCount > 0 }.map(\.index)) }
    return try Table(builders.map { (name: $0.name, column: $0.finish()) }, origin: origin)
  }

  private func append(to builder: ColumnBuilder, rows: Int) throws {
    let point = dialect.decimalPoint.char
    let before = builder.summary
    let hadNumbers = builder.numberCount > 0 || numbered.contains(builder.index)
    try builder.append(scanner, rows: rows, stride: dialect.names.count, decimalPoint: point, markers: markers)
    guard finds, builder.storage == .numbers, builder.summary.bad > 0, !hadNumbers, !builder.isNearlyNumeric else {
      return
    }
    builder.undoNumbers(rows: rows, before: before)
    builder.continueAsCategories()
    try builder.append(scanner, rows: rows, stride: dialect.names.count, decimalPoint: point, markers: markers)
  }
}
