/// Tables from NumPy files.
enum NPYSource {
  /// Reads a `.npy` file: columns c1, c2, ...
  ///
  /// - Throws: `TableError`.
  static func read(_ input: InputFile) throws -> Table {
    try table(NPYArray(input.readToEnd(), source: input.name), source: input.name)
  }

  /// Reads an array of a `.npz` file; without a name the only one, or, if all are one-dimensional and of one length, all of
  /// them as columns with their names.
  ///
  /// - Throws: `TableError`.
  static func readArchive(_ input: InputFile, member: String?) throws -> Table {
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
      return try table(array(member), source: "\(input.name):\(member)")
    }
    if names.count == 1 { return try table(array(names[0]), source: input.name) }
    let arrays = try names.map { ($0, try array($0)) }
    guard let first = arrays.first?.1, arrays.allSatisfy({ $0.1.isOneDimensional && $0.1.rows == first.rows }) else {
      throw TableError.unsupportedFormat(
        source: input.name, detail: "choose one of its arrays, FILE:ARRAY; there are \(listed(names))")
    }
    return try Table(
      arrays.map { name, array in (name: name, column: .numbers(try array.column(0, name: name))) },
      origin: RowOrigin(source: input.name))
  }

  private static func table(_ array: NPYArray, source: String) throws -> Table {
    try Table(
      (0..<array.columns).map { index in
        let name = "c\(index + 1)"
        return (name: name, column: .numbers(try array.column(index, name: name)))
      }, origin: RowOrigin(source: source))
  }
}
