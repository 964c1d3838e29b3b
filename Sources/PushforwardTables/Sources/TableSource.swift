/// Where a table is: a CSV file or standard input, a NumPy file, a file of images in the IDX format, or a table or query of
/// an SQLite database.
///
/// A location is a path, `-` for standard input, `FILE.db:TABLE` or `FILE.npz:ARRAY`. What a file holds is told by its first
/// bytes, not its name.
public struct TableSource: Sendable {
  private enum Content: Sendable {
    case text
    case npy
    case npz
    case sqlite
    case idx
  }

  private let path: String
  private let content: Content
  /// The table or array behind the colon.
  private let part: String?
  private let query: String?
  private let labels: String?
  private let options: CSVOptions

  /// Finds out what is at a location, without reading it.
  ///
  /// - Parameters:
  ///   - location: See the type.
  ///   - query: An SQL query; the location is then that of a database.
  ///   - labels: A file of labels in the IDX format, one a row; the location is then that of images in that format.
  ///   - options: How texts are to be read; `columns`, `storage` and `missingMarkers` hold for every kind of source.
  /// - Throws: `TableError.cannotRead` or `.unsupportedFormat`.
  public init(
    _ location: String, query: String? = nil, labels: String? = nil, options: CSVOptions = CSVOptions()
  ) throws {
    (self.query, self.labels) = (query, labels)
    self.options = options
    if location == "-" {
      (path, content, part) = (location, .text, nil)
    } else if let content = try? Self.content(location) {
      (path, self.content, part) = (location, content, nil)
    } else if let colon = location.lastIndex(of: ":"),
      let content = try? Self.content(String(location[..<colon])), content == .sqlite || content == .npz
    {
      (path, self.content, part) = (
        String(location[..<colon]), content, String(location[location.index(after: colon)...])
      )
    } else {
      // Opening it again says what is wrong.
      (path, content, part) = (location, try Self.content(location), nil)
    }
    if query != nil, content != .sqlite {
      throw TableError.unsupportedFormat(source: path, detail: "a query needs an SQLite database")
    }
    if labels != nil, content != .idx {
      throw TableError.unsupportedFormat(source: path, detail: "labels need images in the IDX format beside them")
    }
  }

  private static func content(_ path: String) throws -> Content {
    guard try InputFile.isRegular(path) else { return .text }
    let input = try InputFile(path: path)
    var first = [UInt8](repeating: 0, count: 16)
    let got = try first.withUnsafeMutableBytes { try input.read(into: $0.baseAddress!, count: 16) }
    let bytes = first.prefix(got)
    if bytes.starts(with: Array("SQLite format 3\0".utf8)) { return .sqlite }
    if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) { return .npy }
    if IDXSource.isMeant(by: bytes) { return .idx }
    if bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]), path.lowercased().hasSuffix(".npz") { return .npz }
    return .text
  }

  /// Reads the whole table and finds out what each column holds.
  ///
  /// - Throws: `TableError`.
  public func read() throws -> Table {
    let table =
      switch content {
      case .text: try CSVReader(path: path, options: options).readAll()
      case .npy: try NPYSource.open(InputFile(path: path)).readAll()
      case .npz: try NPYSource.openArchive(InputFile(path: path), member: part).readAll()
      case .idx: try idx().readAll()
      case .sqlite: try SQLiteSource(path: path, table: part, query: query, options: options).readAll()
      }
    let names = options.columns?.filter { !options.passesOverUnknownNames || table[$0] != nil }
    return try names.map { try table.selecting(columns: $0) } ?? table
  }

  /// Reads the table in batches against columns of known storage, in memory that does not grow with the rows (of the
  /// sources only `.npz` archives are held in memory).
  ///
  /// - Parameters:
  ///   - columns: The columns to read and how each is stored.
  ///   - batchRows: Rows a batch.
  /// - Returns: The batches, to be asked for one by one.
  /// - Throws: `TableError`.
  public func batches(
    columns: [(name: String, storage: Column.Storage)], batchRows: Int = 16384
  ) throws -> TableBatches {
    switch content {
    case .text:
      return TableBatches(try CSVStream(path: path, columns: columns, options: options, batchRows: batchRows))
    case .npy:
      return try batches(NPYSource.open(InputFile(path: path), batchRows: batchRows), columns.map(\.name))
    case .npz:
      return try batches(
        NPYSource.openArchive(InputFile(path: path), member: part, batchRows: batchRows), columns.map(\.name))
    case .idx: return try batches(idx(batchRows: batchRows), columns.map(\.name))
    case .sqlite:
      var source = self
      source.restrict(to: columns)
      return TableBatches(
        try SQLiteSource(path: path, table: part, query: query, options: source.options, batchRows: batchRows))
    }
  }

  /// Reads the table in batches without knowing its columns: each is stored as what its first cells hold, and a text among
  /// numbers later is an error.
  ///
  /// - Parameter batchRows: Rows a batch.
  /// - Returns: The batches, to be asked for one by one.
  /// - Throws: `TableError`.
  public func batches(batchRows: Int) throws -> TableBatches {
    switch content {
    case .text: return TableBatches(try CSVStream(path: path, finding: options, batchRows: batchRows))
    case .npy: return allColumns(try NPYSource.open(InputFile(path: path), batchRows: batchRows))
    case .npz: return allColumns(try NPYSource.openArchive(InputFile(path: path), member: part, batchRows: batchRows))
    case .idx: return allColumns(try idx(batchRows: batchRows))
    case .sqlite:
      return TableBatches(
        try SQLiteSource(path: path, table: part, query: query, options: options, batchRows: batchRows))
    }
  }

  /// The location's path, or `standard input`.
  public var name: String { path == "-" ? "standard input" : path }

  /// Bytes of the file; `nil` for standard input, pipes and queries.
  public var byteCount: Int? {
    guard query == nil, path != "-", (try? InputFile.isRegular(path)) == true else { return nil }
    return (try? InputFile(path: path))?.size
  }

  private func allColumns(_ arrays: NPYRows) -> TableBatches {
    TableBatches(arrays, columns: options.columns.map { $0.filter(arrays.names.contains) } ?? arrays.names)
  }

  /// Reads all columns in batches: those named against their storage, the others as texts, unchanged; of the sources only text
  /// in memory that does not grow with the rows.
  ///
  /// - Parameter columns: Columns of known storage; those that the source does not have are passed over.
  /// - Returns: The names of all columns, and the batches.
  /// - Throws: `TableError`.
  public func wholeBatches(
    columns: [(name: String, storage: Column.Storage)]
  ) throws -> (names: [String], batches: TableBatches) {
    var source = self
    var options = self.options
    options.passesOverUnknownNames = true
    if content == .text {
      let stream = try CSVStream(path: path, columns: columns, others: .categories, options: options, batchRows: .max)
      return (stream.dialect.names, TableBatches(stream))
    }
    options.storage = Dictionary(columns.map { ($0.name, $0.storage) }, uniquingKeysWith: { $1 })
    options.otherStorage = .categories
    source = TableSource(path: path, content: content, part: part, query: query, options: options)
    let table = try source.read()
    return (table.names, TableBatches(table))
  }

  private func idx(batchRows: Int = .max) throws -> NPYRows {
    try IDXSource.open(
      InputFile(path: path), labels: labels.map { try InputFile(path: $0) }, batchRows: batchRows)
  }

  private func batches(_ arrays: NPYRows, _ columns: [String]) -> TableBatches {
    TableBatches(
      arrays, columns: options.passesOverUnknownNames ? columns.filter(arrays.names.contains) : columns)
  }

  private mutating func restrict(to columns: [(name: String, storage: Column.Storage)]) {
    var options = self.options
    options.columns = columns.map(\.name)
    options.storage = Dictionary(columns.map { ($0.name, $0.storage) }, uniquingKeysWith: { $1 })
    self = TableSource(path: path, content: content, part: part, query: query, options: options)
  }

  private init(path: String, content: Content, part: String?, query: String?, options: CSVOptions) {
    self.path = path
    self.content = content
    self.part = part
    self.query = query
    labels = nil
    self.options = options
  }
}
