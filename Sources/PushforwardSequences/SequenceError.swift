/// A mistake in sequences or parameters handed to a sequence model: what, expected and found.
public enum SequenceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Two sizes that must agree do not.
  case size(what: String, expected: Int, found: Int)
  /// A value that cannot be used.
  case value(what: String, expected: String, found: String)

  /// One line for a person.
  public var description: String {
    switch self {
    case .size(let what, let expected, let found): "\(what): expected \(expected), found \(found)"
    case .value(let what, let expected, let found): "\(what): expected \(expected), found \(found)"
    }
  }
}
