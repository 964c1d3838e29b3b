import PushforwardInterchange
import PushforwardTables

/// The content of a model file, read without building the model: what its metadata say, and its tensors.
struct ModelFileSummary {
  private let file: SafeTensors
  private let path: String

  /// Reads a file.
  ///
  /// - Throws: `FileError`, `SafeTensorsError`.
  init(path: String) throws {
    self.path = path
    file = try SafeTensors(contentsOf: path)
  }

  /// Whether a file begins like a safetensors file: a header length below 2^32, then a brace.
  static func looksLikeModel(_ path: String) -> Bool {
    guard path != "-", let start = SafeTensors.firstBytes(of: path, count: 9), start.count == 9 else { return false }
    return start[4..<8].allSatisfy { $0 == 0 } && start[8] == UInt8(ascii: "{")
  }

  /// For a person: the record and the columns in words, metadata of other programs as they are, the tensors.
  var lines: [String] {
    let bytes = file.tensors.reduce(0) { $0 + $1.byteCount }
    var lines = ["\(path): \(Format.count(file.tensors.count, "tensor")), \(Format.bytes(bytes))"]
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) {
      if key == "model", let model = try? JSONValue(parsing: value) {
        lines += modelLines(model)
      } else {
        lines.append("\(key): \(quoted(value))")
      }
    }
    lines += ["", "tensors:"]
    lines += Format.table(
      file.tensors.map { [$0.name, $0.type.rawValue, $0.shape.map(String.init).joined(separator: " x ")] })
    return lines
  }

  /// One object: the metadata, parsed where they are JSON, and the tensors.
  var json: JSONValue {
    let metadata = file.metadata.sorted { $0.key < $1.key }.map { key, value in
      JSONValue.Member(name: key, value: (try? JSONValue(parsing: value)) ?? .string(value))
    }
    let tensors = file.tensors.map { tensor -> JSONValue in
      [
        "name": .string(tensor.name), "dtype": .string(tensor.type.rawValue),
        "shape": .array(tensor.shape.map(JSONValue.integer)), "bytes": .integer(tensor.byteCount),
      ]
    }
    return ["file": .string(path), "metadata": .object(metadata), "tensors": .array(tensors)]
  }

  private func modelLines(_ model: JSONValue) -> [String] {
    var lines = ["", "flow:"]
    let specification = model["specification"]
    for key in ["family", "features", "contextFeatures", "base"] {
      if let value = specification?[key] { lines.append("  \(key): \(value.plain)") }
    }
    lines += (specification?["bijection"]?.parts ?? []).enumerated().map { "  layer \($0 + 1): \($1)" }
    for (title, key) in [("modelled columns:", "columns"), ("given:", "conditions"), ("left out:", "left_out")] {
      guard case .array(let columns)? = model["encoder"]?[key], !columns.isEmpty else { continue }
      lines += ["", title]
      lines += columns.map { column in
        let schema = column["schema"] ?? column
        let name = schema["name"]?.plain ?? "?"
        return "  \(name): " + [schema["kind"], schema["reason"]].compactMap { $0?.plain }.joined(separator: ", ")
      }
    }
    if let record = model["record"] {
      lines += ["", "how it was made:"]
      lines += record.outline
    }
    return lines
  }
}

extension JSONValue {
  /// A member of an object.
  fileprivate subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// Text without quotes, the name of an enum's case, other values as they are.
  fileprivate var plain: String {
    switch self {
    case .string(let text): text
    case .object(let members) where members.count == 1: members[0].name
    default: text
    }
  }

  /// The layers of a bijection's description: the names of its cases, with what tells them apart.
  fileprivate var parts: [String] {
    guard case .object(let members) = self, let only = members.first, members.count == 1 else { return [] }
    if only.name == "composition" {
      let inner = only.value["_0"] ?? only.value
      if case .array(let parts) = inner { return parts.flatMap(\.parts) }
    }
    let transformer = only.value["transformer"].flatMap { value -> String? in
      guard case .object(let cases) = value else { return nil }
      return cases.first?.name
    }
    let network = only.value["network"]?["hidden"].map { ", hidden \($0.text)" } ?? ""
    return [only.name + (transformer.map { ", \($0)" } ?? "") + network]
  }
}
