/// A file cannot be read or written.
public enum FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file cannot be opened or read; `reason` says why (does not exist, no permission, a directory).
  case cannotRead(path: String, reason: String)
  /// The file cannot be written; `reason` says why (disk full, no permission, a directory).
  case cannotWrite(path: String, reason: String)

  /// One line for a person.
  public var description: String {
    switch self {
    case .cannotRead(let path, let reason): "cannot read \(path): \(reason)"
    case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
    }
  }
}
