#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A value in a schema file.
enum SchemaValue: Equatable, Decodable {
  case text(String)
  case number(Double)
  case flag(Bool)
  case list([SchemaValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else {
      self = .list(try container.decode([SchemaValue].self))
    }
  }
}

extension SchemaOverrides {
  /// Reads a schema file: TOML (`[columns.NAME]` and keys) or JSON (`{"columns": {"NAME": {...}}}`).
  ///
  /// The keys of a column are `kind`, `levels`, `other` (the level that stands for all texts not among them), `step`, `min`,
  /// `max`, `period` (of an angle), `log`, `error_column` (of the values' standard deviations) and `role = "ignore"`.
  ///
  /// - Parameter path: A path.
  /// - Throws: `TableError.cannotRead` or `.badSchema`, which names the line or the column.
  public init(contentsOf path: String) throws {
    let bytes = try InputFile(path: path).readToEnd()
    let text = String(decoding: bytes, as: UTF8.self)
    guard let first = text.first(where: { !$0.isWhitespace }) else {
      throw TableError.badSchema(source: path, line: nil, detail: "the file is empty; expected [columns.NAME]")
    }
    try self.init(text: text, isJSON: first == "{", source: path)
  }

  /// Reads the text of a schema file.
  ///
  /// - Throws: `TableError.badSchema`.
  package init(text: String, isJSON: Bool, source: String) throws {
    if isJSON {
      struct File: Decodable { var columns: [String: [String: SchemaValue]] }
      let file: File
      do {
        file = try JSONDecoder().decode(File.self, from: Data(text.utf8))
      } catch {
        throw TableError.badSchema(
          source: source, line: nil, detail: "expected JSON like {\"columns\": {\"NAME\": {\"kind\": \"real\"}}}")
      }
      try self.init(file.columns.mapValues { $0.mapValues { ($0, nil) } }, source: source)
    } else {
      try self.init(TOMLReader(text, source: source).columns(), source: source)
    }
  }

  private init(_ columns: [String: [String: (SchemaValue, line: Int?)]], source: String) throws {
    self.init(source: source)
    for (name, keys) in columns.sorted(by: { $0.key < $1.key }) {
      var override = ColumnOverride()
      for (key, (value, line)) in keys.sorted(by: { ($0.value.line ?? 0, $0.key) < ($1.value.line ?? 0, $1.key) }) {
        if let problem = override.set(key, value) {
          throw TableError.badSchema(source: source, line: line, detail: "column \(name): \(problem)")
        }
      }
      self.columns[name] = override
    }
  }
}

extension ColumnOverride {
  /// Sets one key; says what is wrong with it otherwise.
  fileprivate mutating func set(_ key: String, _ value: SchemaValue) -> String? {
    switch (key, value) {
    case ("kind", .text(let text)):
      switch text {
      case "ordinal": (kind, isOrdered) = (.category, true)
      case "boolean": kind = .category
      case "angle": (kind, isAngle) = (.real, true)
      default:
        guard let kind = ColumnKind(rawValue: text) else {
          let kinds = ColumnKind.allCases.map(\.rawValue) + ["ordinal", "boolean", "angle"]
          return "\(quoted(text)) is no kind; expected one of \(listed(kinds))"
        }
        self.kind = kind
      }
    case ("levels", .list(let list)):
      var levels: [String] = []
      for item in list {
        switch item {
        case .text(let text): levels.append(text)
        case .number(let number): levels.append(NumberText.shortest(number))
        case .flag(let flag): levels.append(flag ? "true" : "false")
        case .list: return "levels must be texts"
        }
      }
      if levels.isEmpty { return "levels must not be empty" }
      self.levels = levels
    case ("other", .text(let text)): otherLevel = text
    case ("step", .number(let number)): step = number
    case ("min", .number(let number)): minimum = number
    case ("max", .number(let number)): maximum = number
    case ("period", .number(let number)): period = number
    case ("log", .flag(let flag)): log = flag
    case ("error_column", .text(let text)): errorColumn = text
    case ("role", .text("ignore")): isIgnored = true
    case ("role", _): return "role can only be \"ignore\""
    case ("kind", _), ("levels", _), ("other", _), ("step", _), ("min", _), ("max", _), ("log", _),
      ("period", _), ("error_column", _):
      let expected = [
        "kind": "a text", "other": "a text", "error_column": "a column's name", "levels": "a list of texts",
        "log": "true or false",
      ]
      return "\(key) must be \(expected[key] ?? "a number")"
    default:
      return "\(quoted(key)) is not known; expected kind, levels, other, step, min, max, period, log, error_column "
        + "or role"
    }
    if let low = minimum, let high = maximum, low > high { return "min is above max" }
    return nil
  }
}
