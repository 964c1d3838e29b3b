/// A column of texts, dictionary-encoded.
public struct CategoryColumn: Sendable, Equatable {
  /// The code of a missing cell.
  public static let missing = UInt32.max

  /// One code a row: an index into `levels`, or `missing`.
  public let codes: [UInt32]
  /// Distinct texts in the order of their first appearance.
  public let levels: [String]
  /// How many cells are missing.
  public let missingCount: Int

  /// Encodes texts; `nil` is a missing cell.
  public init(_ texts: [String?]) {
    var codeOfLevel: [String: UInt32] = [:]
    var levels: [String] = []
    var missing = 0
    codes = texts.map { text in
      guard let text else {
        missing += 1
        return Self.missing
      }
      if let code = codeOfLevel[text] { return code }
      let code = UInt32(levels.count)
      codeOfLevel[text] = code
      levels.append(text)
      return code
    }
    self.levels = levels
    missingCount = missing
  }

  /// For readers: codes must lie in `levels` or be `missing`.
  package init(unchecked codes: [UInt32], levels: [String], missingCount: Int) {
    self.codes = codes
    self.levels = levels
    self.missingCount = missingCount
  }

  /// The text of a row, `nil` if missing.
  public subscript(row: Int) -> String? {
    let code = codes[row]
    return code == Self.missing ? nil : levels[Int(code)]
  }
}
