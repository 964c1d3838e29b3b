/// A mistake in how the engine was asked: what, where, expected and found.
public enum EngineError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A value has another number of features than the operation takes.
  case featureCount(operation: String, expected: Int, found: Int)
  /// Two numbers of rows that must agree do not.
  case rowCount(operation: String, expected: Int, found: Int)
  /// The operation has no derivative in this direction.
  case notDifferentiable(operation: String, remedy: String)
  /// The operation has no closed or numerical inverse.
  case notInvertible(operation: String, remedy: String)
  /// No parameter has that name.
  case unknownParameter(name: String)
  /// A parameter has another number of elements.
  case parameterShape(name: String, expected: Int, found: Int)
  /// A setting is outside its range.
  case invalidSetting(name: String, expected: String, found: String)
  /// The system starts no more threads.
  case noThread

  /// One line for a person.
  public var description: String {
    switch self {
    case .featureCount(let operation, let expected, let found):
      "\(operation): expected \(expected) features, found \(found)"
    case .rowCount(let operation, let expected, let found):
      "\(operation): expected \(expected) rows, found \(found)"
    case .notDifferentiable(let operation, let remedy):
      "\(operation) has no derivative in this direction; \(remedy)"
    case .notInvertible(let operation, let remedy):
      "\(operation) cannot be inverted; \(remedy)"
    case .unknownParameter(let name):
      "no parameter is named '\(name)'"
    case .parameterShape(let name, let expected, let found):
      "parameter '\(name)': expected \(expected) numbers, found \(found)"
    case .invalidSetting(let name, let expected, let found):
      "\(name): expected \(expected), found \(found)"
    case .noThread: "the system starts no more threads"
    }
  }
}
