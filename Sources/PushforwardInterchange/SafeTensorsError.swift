/// What is wrong with a safetensors file: which file, what, expected and found.
public enum SafeTensorsError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Too few bytes for a header length, or a header length that no such file has.
  case notSafeTensors(file: String, expected: String, found: String)
  /// The header breaks off or is not the JSON that it should be; `byte` counts from the header's first.
  case header(file: String, byte: Int, expected: String, found: String)
  /// Two tensors, keys or metadata entries with one name.
  case duplicateName(file: String, name: String)
  /// A tensor whose type, shape or place does not hold together.
  case tensor(file: String, name: String, what: String, expected: String, found: String)
  /// More or fewer bytes of data than the header describes.
  case dataLength(file: String, expected: Int, found: Int)
  /// The contents are not those that were written.
  case checksum(file: String, expected: String, found: String)
  /// A tensor that is asked for and not there.
  case missingTensor(file: String, name: String)
  /// A metadata entry that is asked for and not there.
  case missingMetadata(file: String, key: String)

  /// One line for a person.
  public var description: String {
    switch self {
    case .notSafeTensors(let file, let expected, let found):
      "\(file) is no safetensors file: expected \(expected), found \(found)"
    case .header(let file, let byte, let expected, let found):
      "\(file): damaged header at byte \(byte): expected \(expected), found \(found)"
    case .duplicateName(let file, let name):
      "\(file): damaged header: \(printable(name)) occurs twice"
    case .tensor(let file, let name, let what, let expected, let found):
      "\(file): tensor \(printable(name)): \(what): expected \(expected), found \(found)"
    case .dataLength(let file, let expected, let found):
      found < expected
        ? "\(file) is cut short: expected \(expected) bytes of data, found \(found)"
        : "\(file) has bytes behind its end: expected \(expected) bytes of data, found \(found)"
    case .checksum(let file, let expected, let found):
      "\(file) is damaged: expected checksum \(printable(expected)), found \(found)"
    case .missingTensor(let file, let name):
      "\(file): expected a tensor \(printable(name)), found none"
    case .missingMetadata(let file, let key):
      "\(file): expected a metadata entry \(printable(key)), found none (written by another program?)"
    }
  }
}

/// Text from a file in quotes for a one-line message: control characters escaped, cut after 60 characters.
func printable(_ text: String) -> String {
  var shown = ""
  for (index, scalar) in text.unicodeScalars.enumerated() {
    if index == 60 {
      shown += "..."
      break
    }
    let isControl = scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value)
    shown += isControl ? scalar.escaped(asASCII: true) : String(scalar)
  }
  return "\"\(shown)\""
}
