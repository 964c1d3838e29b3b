import CKernels

/// Splits a file into records, a buffer at a time: memory does not grow with the file.
final class CSVScanner {
  /// A record longer than this is taken for a quote that was never closed.
  static let longestRecord = 1 << 28
  private static let firstCapacity = 1 << 18
  private static let padding = 64

  let input: InputFile
  private var buffer: UnsafeMutablePointer<CChar>
  private var capacity = firstCapacity
  private var start = 0
  private var end = 0
  private(set) var atEnd = false
  private var nextLine: Int64 = 1

  private var delimiter: CChar = 0
  private var columns = 0
  /// Records that one call returns at most.
  private(set) var batchLimit = 0

  /// Bytes split into records so far.
  private(set) var consumed = 0

  /// The text that the fields of the last batch point into.
  private(set) var text: UnsafePointer<CChar>
  /// Fields of the last batch, row-major.
  private(set) var fields: UnsafeMutablePointer<pf_csv_field>
  /// Line on which each record of the last batch starts.
  private(set) var lines: UnsafeMutablePointer<Int64>

  /// Opens the source and fills the first buffer, without a byte order mark.
  ///
  /// - Throws: `TableError` when it cannot be read, is empty, or is plainly something else than text.
  init(input: InputFile) throws {
    self.input = input
    buffer = .allocate(capacity: capacity + Self.padding)
    buffer.initialize(repeating: 0, count: capacity + Self.padding)
    text = UnsafePointer(buffer)
    fields = .allocate(capacity: 1)
    lines = .allocate(capacity: 1)
    try fill()
    try checkFirstBytes()
  }

  deinit {
    buffer.deallocate()
    fields.deallocate()
    lines.deallocate()
  }

  /// The bytes read so far and not yet split.
  var pending: UnsafeBufferPointer<CChar> { UnsafeBufferPointer(start: buffer + start, count: end - start) }

  /// Reads until the buffer is full or the source ends.
  private func fill() throws {
    while end < capacity, !atEnd {
      let got = try input.read(into: buffer + end, count: capacity - end)
      if got == 0 { atEnd = true }
      end += got
    }
  }

  /// Makes room behind an incomplete record and reads on.
  func readMore() throws {
    if start > 0 {
      buffer.update(from: buffer + start, count: end - start)
      end -= start
      start = 0
    }
    if end == capacity {
      guard capacity < Self.longestRecord else {
        throw TableError.recordTooLong(source: input.name, line: Int(nextLine), bytes: capacity)
      }
      let larger = UnsafeMutablePointer<CChar>.allocate(capacity: 2 * capacity + Self.padding)
      larger.initialize(repeating: 0, count: 2 * capacity + Self.padding)
      larger.update(from: buffer, count: end)
      buffer.deallocate()
      buffer = larger
      capacity *= 2
    }
    try fill()
  }

  private func checkFirstBytes() throws {
    let first = pending.prefix(4).map { UInt8(bitPattern: $0) }
    if first.isEmpty { throw TableError.emptySource(source: input.name) }
    if first.starts(with: [0xef, 0xbb, 0xbf]) { start = 3 }
    let detail: String? =
      if first.starts(with: [0x1f, 0x8b]) {
        "this is gzip data; read it through a pipe: gzip -dc FILE | pushforward ... -"
      } else if first.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
        "this is a ZIP archive (a spreadsheet?); expected comma-separated text"
      } else if first.starts(with: Array("PAR1".utf8)) {
        "this is a Parquet file; expected comma-separated text, .npy, .npz or SQLite"
      } else if first.starts(with: [0xff, 0xfe]) || first.starts(with: [0xfe, 0xff]) {
        "this is UTF-16 text; convert it: iconv -f utf-16 -t utf-8"
      } else {
        nil
      }
    if let detail { throw TableError.unsupportedFormat(source: input.name, detail: detail) }
  }

  /// Sets the delimiter and the number of fields of a record; `skippingFirst` takes the header off.
  func begin(delimiter: UInt8, columns: Int, skippingFirst: Bool) throws {
    self.delimiter = CChar(bitPattern: delimiter)
    self.columns = columns
    batchLimit = max(1, min(16384, (1 << 17) / columns))
    fields.deallocate()
    lines.deallocate()
    fields = .allocate(capacity: batchLimit * columns)
    lines = .allocate(capacity: batchLimit)
    if skippingFirst { _ = try next(limit: 1) }
  }

  /// The next records, at most `limit` and `batchLimit`; 0 at the end of the source.
  ///
  /// - Throws: `TableError` for a record that cannot be split or has the wrong number of fields.
  func next(limit: Int = .max) throws -> Int {
    while true {
      let result = pf_csv_scan(
        buffer + start, end - start, atEnd ? 1 : 0, delimiter, columns, nextLine, fields, lines, min(limit, batchLimit))
      text = UnsafePointer(buffer + start)
      start += result.consumed
      consumed += result.consumed
      nextLine = result.next_line
      if result.rows > 0 { return result.rows }
      switch UInt32(result.status) {
      case PF_CSV_MORE.rawValue, PF_CSV_FULL.rawValue:
        if atEnd { return 0 }
        try readMore()
      default: throw Self.error(result, source: input.name, columns: columns)
      }
    }
  }

  /// The error that a scan has found.
  static func error(_ result: pf_csv_result, source: String, columns: Int) -> TableError {
    let line = Int(result.error_line)
    return switch UInt32(result.status) {
    case PF_CSV_UNCLOSED.rawValue: .unclosedQuote(source: source, line: line)
    case PF_CSV_TEXT_AFTER_QUOTE.rawValue: .textAfterQuote(source: source, line: line, field: result.found)
    default: .raggedRow(source: source, line: line, expected: columns, found: result.found)
    }
  }

  /// The text of a field as it stands, for messages.
  func fieldText(row: Int, column: Int) -> String {
    Self.string(text, fields[row * columns + column])
  }

  /// The text of a field, doubled quotes halved, invalid bytes replaced.
  static func string(_ text: UnsafePointer<CChar>, _ field: pf_csv_field) -> String {
    let bytes = UnsafeBufferPointer(start: text + Int(field.start), count: Int(field.length & UInt32(PF_CSV_LENGTH)))
    let string = String(decoding: bytes.lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard field.length & UInt32(PF_CSV_DOUBLED) != 0 else { return string }
    var halved = ""
    var isSecond = false
    for character in string.unicodeScalars {
      isSecond = character == "\"" && !isSecond
      if !isSecond || character != "\"" { halved.unicodeScalars.append(character) }
    }
    return halved
  }
}
