/// What is known of a column after the pass that cached it.
public struct CachedColumn: Sendable {
  /// More texts than this are not told apart: such a column is none to model.
  package static let mostLevels = 100_000

  /// Column name.
  public let name: String
  /// How the cells are stored; `nil` while every cell is missing.
  public internal(set) var storage: Column.Storage?
  /// Texts of a column of categories in the order of their first appearance; a cell's number is its text's index here.
  public internal(set) var levels: [String] = []
  /// Rows of each level.
  package internal(set) var levelCounts: [Int] = []
  /// Whether there are more texts than `mostLevels`; the cells of the later ones read as missing.
  package internal(set) var hasTooManyLevels = false
  /// Cells without a value.
  public internal(set) var missingCount = 0
  /// Smallest number.
  package internal(set) var minimum = Double.infinity
  /// Largest number.
  package internal(set) var maximum = -Double.infinity
  /// How the numbers were recorded.
  package internal(set) var recording: NumberColumn.Recording?
  /// Whether the numbers count the rows, from 0 or from 1.
  package internal(set) var countsRows = true

  init(name: String) { self.name = name }

  /// A column of cached numbers as it would stand in a table.
  func column(_ values: [Double]) -> Column {
    guard storage == .categories else {
      return .numbers(
        NumberColumn(
          unchecked: values, missingCount: values.count { $0.isNaN }, recording: recording ?? NumberColumn.Recording()))
    }
    let codes = values.map { $0.isNaN ? CategoryColumn.missing : UInt32($0) }
    return .categories(
      CategoryColumn(unchecked: codes, levels: levels, missingCount: codes.count { $0 == CategoryColumn.missing }))
  }
}
