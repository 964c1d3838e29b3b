import CKernels

/// Collects one column from the records of a scanner.
final class ColumnBuilder {
  let name: String
  let index: Int
  private(set) var storage: Column.Storage
  /// Cells seen that are neither numbers nor missing, while the column is one of numbers: the first ten, and how many.
  private(set) var badCells: [TableError.BadCell] = []
  private(set) var summary = pf_number_summary()
  private(set) var count = 0

  private var values: [Double] = []
  private var codes: [UInt32] = []
  private var dictionary: OpaquePointer?
  private var missingTexts = 0

  init(name: String, index: Int, storage: Column.Storage) {
    self.name = name
    self.index = index
    self.storage = storage
  }

  deinit { pf_dictionary_destroy(dictionary) }

  /// Makes room for so many cells in all.
  func reserve(_ cells: Int) {
    if storage == .numbers { values.reserveCapacity(cells) } else { codes.reserveCapacity(cells) }
  }

  /// Cells that are numbers.
  var numberCount: Int { count - summary.missing - summary.bad }

  /// Whether so many of the cells are numbers that the others look like mistakes.
  var isNearlyNumeric: Bool { numberCount + summary.bad >= 20 && 20 * summary.bad <= numberCount }

  /// Whether the texts are not mistakes but codes: three or more, each of letters and digits (`V57`, `136A`).
  var looksLikeCodes: Bool {
    summary.bad >= 3
      && badCells.allSatisfy { cell in
        let text = cell.text
        return text.utf8.count <= 16 && Double(text) == nil && text.contains(where: \.isLetter)
          && text.contains(where: \.isNumber)
          && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._/".contains($0)) }
      }
  }

  /// Starts the column again as one of categories.
  func restartAsCategories() {
    storage = .categories
    values = []
    count = 0
    badCells = []
    summary = pf_number_summary()
  }

  /// Turns a column into categories in which only missing cells have been seen so far.
  func continueAsCategories() {
    let rows = values.count
    restartAsCategories()
    codes = [UInt32](repeating: CategoryColumn.missing, count: rows)
    missingTexts = rows
    count = rows
  }

  /// Appends the column's cells of the scanner's last batch.
  ///
  /// - Throws: `TableError.invalidText` for text that is not UTF-8, `.outOfMemory`.
  func append(_ scanner: CSVScanner, rows: Int, stride: Int, decimalPoint: CChar, markers: [UInt8]) throws {
    switch storage {
    case .numbers: appendNumbers(scanner, rows: rows, stride: stride, decimalPoint: decimalPoint, markers: markers)
    case .categories: try appendTexts(scanner, rows: rows, stride: stride, markers: markers)
    }
    count += rows
  }

  /// Takes the last `rows` cells off again, as far as numbers are concerned.
  func undoNumbers(rows: Int, before: pf_number_summary) {
    values.removeLast(rows)
    count -= rows
    summary = before
    badCells.removeAll()
  }

  private func appendNumbers(
    _ scanner: CSVScanner, rows: Int, stride: Int, decimalPoint: CChar, markers: [UInt8]
  ) {
    let badBefore = summary.bad
    var badRows = [Int](repeating: 0, count: 10)
    var batch = pf_number_summary()
    batch.decimals = summary.decimals
    batch.flags = summary.flags
    values.append(addingCapacity: rows) { target in
      pf_csv_parse_numbers(
        scanner.text, scanner.fields + index, stride, rows, decimalPoint, markers, target, &batch, &badRows, 10)
    }
    summary.missing += batch.missing
    summary.bad += batch.bad
    summary.decimals = batch.decimals
    summary.flags = batch.flags
    guard summary.bad > badBefore else { return }
    for row in badRows.prefix(min(batch.bad, 10 - min(10, badCells.count))) {
      badCells.append(
        TableError.BadCell(
          line: Int(scanner.lines[row]), column: name, text: scanner.fieldText(row: row, column: index)))
    }
  }

  private func appendTexts(_ scanner: CSVScanner, rows: Int, stride: Int, markers: [UInt8]) throws {
    if dictionary == nil { dictionary = pf_dictionary_create() }
    guard let dictionary else { throw TableError.outOfMemory(what: scanner.input.name) }
    let known = pf_dictionary_count(dictionary)
    let old = codes.count
    var missing = 0
    codes.append(addingCapacity: rows) { target in
      missing = pf_csv_encode_texts(dictionary, scanner.text, scanner.fields + index, stride, rows, markers, target)
    }
    if missing < 0 { throw TableError.outOfMemory(what: scanner.input.name) }
    missingTexts += missing
    for code in known..<pf_dictionary_count(dictionary) {
      var length = 0
      let bytes = pf_dictionary_text(dictionary, code, &length)
      let valid = pf_utf8_valid_prefix(bytes, length)
      if valid == length { continue }
      let row = codes[old...].firstIndex(of: code).map { $0 - old } ?? 0
      let detail =
        bytes?[valid] == 0
        ? "the text contains a zero byte; expected UTF-8 text"
        : "\(quoted(scanner.fieldText(row: row, column: index))) is not UTF-8 text; convert the file: iconv -f latin1 -t utf-8"
      throw TableError.invalidText(
        source: scanner.input.name, line: Int(scanner.lines[row]), column: name, detail: detail)
    }
  }

  /// The column so far; the builder is empty afterwards.
  func finish() -> Column {
    defer {
      values = []
      codes = []
      count = 0
      missingTexts = 0
      pf_dictionary_destroy(dictionary)
      dictionary = nil
      summary = pf_number_summary()
    }
    switch storage {
    case .numbers:
      let recording = NumberColumn.Recording(
        decimals: Int(summary.decimals), hasLeadingZeros: Int32(summary.flags) & PF_NUMBER_LEADING_ZERO != 0)
      return .numbers(NumberColumn(unchecked: values, missingCount: summary.missing, recording: recording))
    case .categories:
      let levels: [String] =
        dictionary.map { dictionary in
          (0..<pf_dictionary_count(dictionary)).map { code in
            var length = 0
            let bytes = pf_dictionary_text(dictionary, code, &length)
            return String(
              decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
          }
        } ?? []
      return .categories(CategoryColumn(unchecked: codes, levels: levels, missingCount: missingTexts))
    }
  }
}

extension Array {
  /// Appends `addingCapacity` elements that `fill` initialises.
  fileprivate mutating func append(addingCapacity: Int, fill: (UnsafeMutablePointer<Element>) -> Void) {
    withUnsafeTemporaryAllocation(of: Element.self, capacity: addingCapacity) { scratch in
      guard let base = scratch.baseAddress else { return }
      fill(base)
      append(contentsOf: UnsafeBufferPointer(start: base, count: addingCapacity))
    }
  }
}
