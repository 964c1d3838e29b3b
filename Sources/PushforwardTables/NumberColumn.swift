/// A column of finite numbers, some of them missing.
///
/// Missing cells are NaN, and nothing else is: a column never holds an infinite value or a NaN that means anything else.
public struct NumberColumn: Sendable, Equatable {
  /// What the recorded texts (or the storage type) say about the numbers' resolution.
  public struct Recording: Sendable, Equatable {
    /// Digits to the right of the decimal point, the most that any cell has; `nil` if the source is binary.
    public var decimals: Int?
    /// A cell was written with superfluous leading zeros, like 007: more likely a code than a quantity.
    public var hasLeadingZeros: Bool
    /// The source is single precision, so only seven digits mean something.
    public var isSinglePrecision: Bool

    /// Makes a description of recorded numbers.
    public init(decimals: Int? = nil, hasLeadingZeros: Bool = false, isSinglePrecision: Bool = false) {
      self.decimals = decimals
      self.hasLeadingZeros = hasLeadingZeros
      self.isSinglePrecision = isSinglePrecision
    }
  }

  /// One value a row; NaN where missing.
  public let values: [Double]
  /// How many cells are missing.
  public let missingCount: Int
  /// How the numbers were recorded.
  public let recording: Recording

  /// Makes a column of numbers.
  ///
  /// - Parameters:
  ///   - values: One value a row; NaN marks a missing cell.
  ///   - recording: How the numbers were recorded.
  ///   - name: What a message calls the column.
  /// - Throws: `TableError.notFinite` for an infinite value.
  public init(_ values: [Double], recording: Recording = Recording(), name: String = "") throws {
    var missing = 0
    for (row, value) in values.enumerated() where !value.isFinite {
      if !value.isNaN { throw TableError.notFinite(column: name, place: "row \(row + 1)") }
      missing += 1
    }
    self.init(unchecked: values, missingCount: missing, recording: recording)
  }

  /// For readers that have already checked that every value is finite or NaN.
  package init(unchecked values: [Double], missingCount: Int, recording: Recording) {
    self.values = values
    self.missingCount = missingCount
    self.recording = recording
  }
}
