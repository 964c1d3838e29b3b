/// How delimited text is to be read; everything that is not said is detected.
public struct CSVOptions: Sendable {
  /// Whether the first record names the columns.
  public enum Header: String, Sendable, CaseIterable {
    /// Decided by looking at the first record and those below it.
    case detect
    /// It does.
    case present
    /// It does not; columns are named c1, c2, ...
    case absent
  }

  /// Texts that stand for a missing cell, beside the empty one.
  public static let standardMissingMarkers: Set<String> = [
    "NA", "N/A", "n/a", "<NA>", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "?",
  ]

  /// Field delimiter, an ASCII character; `nil`: detected among comma, semicolon, tab and bar.
  public var delimiter: Character?
  /// Decimal point or comma; `nil`: detected (a comma only if it is not the delimiter).
  public var decimalPoint: Character?
  /// Whether there is a header.
  public var header: Header = .detect
  /// Texts that stand for a missing cell; the empty text always does.
  public var missingMarkers: Set<String> = standardMissingMarkers
  /// How to store columns whatever they seem to hold.
  public var storage: [String: Column.Storage] = [:]
  /// How to store columns that `storage` does not name; `nil`: as what they seem to hold.
  public var otherStorage: Column.Storage?
  /// Names in `columns` and `storage` that the source does not have are passed over.
  public var passesOverUnknownNames = false
  /// The columns to read; `nil`: all.
  public var columns: [String]?
  /// A column in which nearly all cells are numbers and a few are texts becomes a category instead of an error.
  public var acceptsMixedColumns = false

  /// Detects everything.
  public init() {}

  /// How to store a column; `nil`: as what it seems to hold.
  func storage(of name: String) -> Column.Storage? { storage[name] ?? otherStorage }

  /// The names that the source must have.
  var requiredNames: [String] { passesOverUnknownNames ? [] : (columns ?? []) + storage.keys.sorted() }

  /// The markers in the form the kernels take (see `pf_csv_is_missing`).
  var packedMarkers: [UInt8] {
    missingMarkers.sorted().flatMap { marker -> [UInt8] in
      let bytes = Array(marker.utf8)
      return bytes.isEmpty || bytes.count > 255 ? [] : [UInt8(bytes.count)] + bytes
    } + [0]
  }
}
