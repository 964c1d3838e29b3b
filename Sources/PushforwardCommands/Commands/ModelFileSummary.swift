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
    lines += ["", "models inside:"] + members(under: "", indent: "  ")
    if lines.last == "models inside:" { lines.removeLast(2) }
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) {
      if key.hasPrefix("members/") { continue }
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

  /// The models inside a model as a tree: a line each, with its kind, its columns and what was said of its choice.
  private func members(under prefix: String, indent: String) -> [String] {
    let start = prefix + "members/"
    let names = file.metadata.keys.compactMap { key -> String? in
      guard key.hasPrefix(start), key.hasSuffix("/family") else { return nil }
      let name = key.dropFirst(start.count).dropLast("/family".count)
      return name.contains("/") ? nil : String(name)
    }
    let weights = (file.metadata[prefix + "model"].flatMap { try? JSONValue(parsing: $0) })?["weights"]?.numbers ?? []
    return names.sorted { (Int($0) ?? 0, $0) < (Int($1) ?? 0, $1) }.flatMap { name -> [String] in
      let model = file.metadata["\(start)\(name)/model"].flatMap { try? JSONValue(parsing: $0) }
      let kind = model?["record"]?["model"]?.plain ?? file.metadata["\(start)\(name)/family"] ?? "?"
      let place = (Int(name) ?? 0) - 1
      let weight = weights.indices.contains(place) ? ", weight \(Format.fixed(weights[place], 4))" : ""
      let choice = (model?["record"]?["choice"]?.plain).map { ", \($0)" } ?? ""
      return ["\(indent)\(name): \(kind)\(weight)\(choice)"]
        + members(under: "\(start)\(name)/", indent: indent + "  ")
    }
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
    var lines: [String] = []
    let specification = model["specification"]
    if let specification { lines += ["", specification["latentFeatures"] == nil ? "flow:" : "autoencoder:"] }
    for key in ["family", "features", "latentFeatures", "contextFeatures", "base"] {
      if let value = specification?[key] { lines.append("  \(key): \(value.plain)") }
    }
    lines += (specification?["bijection"]?.parts ?? []).enumerated().map { "  layer \($0 + 1): \($1)" }
    for (title, key) in [("modelled columns:", "columns"), ("given:", "conditions"), ("left out:", "left_out")] {
      let cells = model["cells"]
      let found = model["encoder"]?[key] ?? model[key]
      let own = key == "columns" ? cells?["entries"] : key == "conditions" ? cells?["encoder"]?[key] : cells?["leftOut"]
      guard case .array(let columns)? = found ?? own, !columns.isEmpty else { continue }
      lines += ["", title]
      lines += columns.map { column in
        let schema = column["schema"] ?? column
        let name = schema["name"]?.plain ?? "?"
        return "  \(name): " + [schema["kind"], schema["reason"]].compactMap { $0?.plain }.joined(separator: ", ")
      }
    }
    if let record = model["record"] {
      lines += ["", "how it was made:"]
      lines += record.summarised.outline
    }
    return lines
  }
}

extension JSONValue {
  /// A training record with the number of its held-out scores in their place.
  fileprivate var summarised: JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(
      members.map { member in
        guard member.name == "held_out_scores", let rows = member.value["rows"] else { return member }
        return Member(name: member.name, value: .string("of \(rows.text) rows"))
      })
  }

  /// A member of an object.
  fileprivate subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The numbers of an array.
  fileprivate var numbers: [Double]? {
    guard case .array(let values) = self else { return nil }
    return values.compactMap { value in
      switch value {
      case .number(let number): number
      case .integer(let number): Double(number)
      default: nil
      }
    }
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
