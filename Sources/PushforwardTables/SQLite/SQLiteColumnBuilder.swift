import CKernels

/// Collects one column of a query's result: numbers until a text shows up that is no number.
final class SQLiteColumnBuilder {
  let name: String
  /// Which column of the query.
  let index: Int
  private let storage: Column.Storage?
  private let markers: [UInt8]
  private var values: [Double] = []
  private var codes: [UInt32] = []
  private var dictionary: OpaquePointer?
  private var missing = 0
  private var isText: Bool
  private var isWhole = true

  /// `storage` says how the column is stored (`nil`: as what it holds), `markers` which texts stand for a missing cell.
  init(name: String, index: Int, storage: Column.Storage?, markers: [UInt8]) {
    self.name = name
    self.index = index
    self.storage = storage
    self.markers = markers
    isText = storage == .categories
  }

  deinit { pf_dictionary_destroy(dictionary) }

  /// Adds a cell; `place` names its row in a message.
  ///
  /// - Throws: `TableError.wrongKind` for a blob, or a text among numbers; `.notFinite`, `.outOfMemory`.
  func append(_ cell: SQLiteStatement.Cell, place: @autoclosure () -> String) throws {
    switch cell {
    case .null: appendMissing()
    case .integer(let value): try append(Double(value))
    case .real(let value):
      if !value.isFinite { throw TableError.notFinite(column: name, place: place()) }
      isWhole = false
      try append(value)
    case .text(let bytes):
      try bytes.withMemoryRebound(to: CChar.self) { try append($0, place: place) }
    case .blob:
      throw TableError.wrongKind(column: name, expected: "numbers or texts", found: "a blob, \(place())")
    }
  }

  /// The column so far; the builder is empty afterwards.
  func finish() -> Column {
    defer {
      values = []
      codes = []
      missing = 0
      isWhole = true
      isText = storage == .categories
      pf_dictionary_destroy(dictionary)
      dictionary = nil
    }
    if isText { return .categories(CategoryColumn(unchecked: codes, levels: levels(), missingCount: missing)) }
    return .numbers(
      NumberColumn(unchecked: values, missingCount: missing, recording: .init(decimals: isWhole ? 0 : nil)))
  }

  private func levels() -> [String] {
    guard let dictionary else { return [] }
    return (0..<pf_dictionary_count(dictionary)).map { code in
      var length = 0
      let bytes = pf_dictionary_text(dictionary, code, &length)
      return String(decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
    }
  }

  private func appendMissing() {
    missing += 1
    if isText { codes.append(CategoryColumn.missing) } else { values.append(.nan) }
  }

  private func append(_ value: Double) throws {
    if isText { codes.append(try code(NumberText.shortest(value))) } else { values.append(value) }
  }

  private func append(_ text: UnsafeBufferPointer<CChar>, place: () -> String) throws {
    if pf_csv_is_missing(text.baseAddress, text.count, markers) != 0 { return appendMissing() }
    if !isText {
      var number = pf_number()
      if pf_parse_number(text.baseAddress, text.count, CChar(UInt8(ascii: ".")), &number) == PF_NUMBER_OK.rawValue {
        isWhole = false
        return values.append(number.value)
      }
    }
    if storage == .numbers {
      throw TableError.wrongKind(
        column: name, expected: "a number", found: "\(quoted(shown(text))), \(place())")
    }
    if pf_utf8_valid_prefix(text.baseAddress, text.count) < text.count {
      throw TableError.wrongKind(
        column: name, expected: "UTF-8 text", found: "\(quoted(shown(text))), \(place())")
    }
    try turnToText()
    codes.append(try code(text))
  }

  private func shown(_ text: UnsafeBufferPointer<CChar>) -> String {
    String(decoding: UnsafeRawBufferPointer(text), as: UTF8.self)
  }

  private func turnToText() throws {
    if isText { return }
    isText = true
    codes = try values.map { $0.isNaN ? CategoryColumn.missing : try code(NumberText.shortest($0)) }
    values = []
  }

  private func code(_ text: String) throws -> UInt32 {
    var text = text
    return try text.withUTF8 { try $0.withMemoryRebound(to: CChar.self) { try code($0) } }
  }

  private func code(_ text: UnsafeBufferPointer<CChar>) throws -> UInt32 {
    if dictionary == nil { dictionary = pf_dictionary_create() }
    guard let dictionary, case let code = pf_dictionary_insert(dictionary, text.baseAddress, text.count),
      code != PF_DICTIONARY_MISSING
    else { throw TableError.outOfMemory(what: "column \(name)") }
    return code
  }
}
