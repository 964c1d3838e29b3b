/// A mistake in the rows handed to a variational autoencoder.
public enum LatentError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A cell that its column cannot hold; rows and columns are numbered from 1.
  case cell(row: Int, column: Int, expected: String, found: Double)
  /// There are no rows.
  case noRows

  /// One line for a person.
  public var description: String {
    switch self {
    case .cell(let row, let column, let expected, let found):
      "row \(row), column \(column): expected \(expected), found \(found)"
    case .noRows: "there are no rows to train on"
    }
  }
}
