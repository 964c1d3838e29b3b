/// Tables from NumPy files.
enum NPYSource {
  /// Opens a `.npy` file: columns c1, c2, ...
  ///
  /// - Throws: `TableError`.
  static func open(_ input: InputFile, batchRows: Int = .max) throws -> NPYRows {
    NPYRows([(nil, try NPYArray(input, source: input.name))], source: input.name, batchRows: batchRows)
  }

  /// Opens an array of a `.npz` file, which is held in memory; without a name the only one, or, if all are one-dimensional
  /// and of one length, all of them as columns with their names.
  ///
  /// - Throws: `TableError`.
  static func openArchive(_ input: InputFile, member: String?, batchRows: Int = .max) throws -> NPYRows {
    let archive = try ZIPArchive(input.readToEnd(), source: input.name)
    let names = archive.names.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }
    func array(_ name: String) throws -> NPYArray {
      try NPYArray(archive.content(name + ".npy"), source: "\(input.name):\(name)")
    }
    if let member {
      guard names.contains(member) else {
        throw TableError.unsupportedFormat(
          source: input.name, detail: "no array \(quoted(member)); there are \(listed(names))")
      }
      return NPYRows([(nil, try array(member))], source: "\(input.name):\(member)", batchRows: batchRows)
    }
    if names.count == 1 {
      return NPYRows([(nil, try array(names[0]))], source: input.name, batchRows: batchRows)
    }
    let arrays = try names.map { (Optional($0), try array($0)) }
    guard let first = arrays.first?.1, arrays.allSatisfy({ $0.1.isOneDimensional && $0.1.rows == first.rows }) else {
      throw TableError.unsupportedFormat(
        source: input.name, detail: "choose one of its arrays, FILE:ARRAY; there are \(listed(names))")
    }
    return NPYRows(arrays, source: input.name, batchRows: batchRows)
  }
}

/// The rows of one or several arrays side by side, batch by batch.
final class NPYRows {
  private let parts: [(name: String?, array: NPYArray)]
  private let source: String
  private let batchRows: Int
  private var row = 0

  /// Arrays of equally many rows; the columns of one without a name are c1, c2, ...
  init(_ parts: [(name: String?, array: NPYArray)], source: String, batchRows: Int) {
    self.parts = parts
    self.source = source
    self.batchRows = max(1, batchRows)
  }

  /// Names of the columns.
  var names: [String] { parts.flatMap { name, array in name.map { [$0] } ?? (1...array.columns).map { "c\($0)" } } }

  /// The next batch, of `limit` rows at most if that is less than a batch; `nil` at the end.
  ///
  /// - Throws: `TableError`.
  func next(limit: Int = .max) throws -> Table? {
    let rowCount = parts[0].array.rows
    if row >= rowCount { return nil }
    let rows = row..<row + min(batchRows, limit, rowCount - row)
    let columns = try parts.flatMap { name, array in
      let names = name.map { [$0] } ?? (1...array.columns).map { "c\($0)" }
      return zip(names, try array.columns(Array(names.indices), rows: rows, names: names)).map {
        (name: $0, column: Column.numbers($1))
      }
    }
    row = rows.upperBound
    return try Table(columns, origin: RowOrigin(source: source, firstRow: rows.lowerBound))
  }

  /// All rows.
  ///
  /// - Throws: `TableError`.
  func readAll() throws -> Table {
    guard let table = try next() else { throw TableError.noRows(source: source) }
    return table
  }
}
