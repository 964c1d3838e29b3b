/// A mistake in rows or parameters handed to a mixture or a kernel density: what, expected and found.
public enum MixtureError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Two sizes that must agree do not.
  case size(what: String, expected: Int, found: Int)
  /// A value that cannot be used, and where it stands.
  case value(what: String, expected: String, found: String)
  /// No rows with any weight.
  case noRows

  /// One line for a person.
  public var description: String {
    switch self {
    case .size(let what, let expected, let found): "\(what): expected \(expected), found \(found)"
    case .value(let what, let expected, let found): "\(what): expected \(expected), found \(found)"
    case .noRows: "no rows to fit: expected at least 1 with a positive weight, found 0"
    }
  }
}
