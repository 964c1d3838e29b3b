#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A JSON value whose members keep the order in which they were written down.
package enum JSONValue: Equatable {
  /// Members in order.
  case object([Member])
  /// Values in order.
  case array([JSONValue])
  /// Text.
  case string(String)
  /// A number; `null` when it is not finite, which JSON cannot say.
  case number(Double)
  /// A whole number.
  case integer(Int)
  /// True or false.
  case bool(Bool)
  /// Nothing.
  case null

  /// A name and a value.
  package struct Member: Equatable {
    package var name: String
    package var value: JSONValue
  }

  /// Indented by two blanks a level; arrays of numbers on one line.
  package var text: String {
    var out = ""
    write(into: &out, indent: "")
    return out
  }

  private func write(into out: inout String, indent: String) {
    let inner = indent + "  "
    switch self {
    case .object(let members) where members.isEmpty: out += "{}"
    case .object(let members):
      out += "{\n"
      for (index, member) in members.enumerated() {
        out += inner + JSONValue.quoted(member.name) + ": "
        member.value.write(into: &out, indent: inner)
        out += index == members.count - 1 ? "\n" : ",\n"
      }
      out += indent + "}"
    case .array(let values) where values.allSatisfy(\.isPlain):
      out += "["
      for (index, value) in values.enumerated() {
        if index > 0 { out += ", " }
        value.write(into: &out, indent: inner)
      }
      out += "]"
    case .array(let values):
      out += "[\n"
      for (index, value) in values.enumerated() {
        out += inner
        value.write(into: &out, indent: inner)
        out += index == values.count - 1 ? "\n" : ",\n"
      }
      out += indent + "]"
    case .string(let text): out += JSONValue.quoted(text)
    case .number(let value): out += value.isFinite ? "\(value)" : "null"
    case .integer(let value): out += "\(value)"
    case .bool(let value): out += "\(value)"
    case .null: out += "null"
    }
  }

  private var isPlain: Bool {
    switch self {
    case .object, .array: false
    default: true
    }
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{0}"..<" ", "\u{7f}": out += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
  ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member(name: $0.0, value: $0.1) })
  }

  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  package init(stringLiteral value: String) { self = .string(value) }

  package init(floatLiteral value: Double) { self = .number(value) }

  package init(integerLiteral value: Int) { self = .integer(value) }

  package init(booleanLiteral value: Bool) { self = .bool(value) }

  package init(nilLiteral: ()) { self = .null }
}

extension JSONValue: Decodable {
  /// Reads any JSON; members in alphabetical order, since a decoder does not keep theirs.
  package init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: AnyKey.self) {
      let keys = container.allKeys.sorted { $0.stringValue < $1.stringValue }
      self = .object(
        try keys.map { Member(name: $0.stringValue, value: try container.decode(JSONValue.self, forKey: $0)) })
      return
    }
    if var container = try? decoder.unkeyedContainer() {
      var values: [JSONValue] = []
      while !container.isAtEnd { values.append(try container.decode(JSONValue.self)) }
      self = .array(values)
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else {
      self = .string(try container.decode(String.self))
    }
  }

  /// The JSON of any value, names in `snake_case`, numbers that are not finite as `null`.
  package init(encoding value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let marks = (infinity: "\u{1}inf", negative: "\u{1}-inf", nan: "\u{1}nan")
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: marks.infinity, negativeInfinity: marks.negative, nan: marks.nan)
    let decoded = try JSONDecoder().decode(JSONValue.self, from: encoder.encode(value))
    self = decoded.replacing(strings: [marks.infinity, marks.negative, marks.nan])
  }

  private func replacing(strings: Set<String>) -> JSONValue {
    switch self {
    case .string(let text) where strings.contains(text): .null
    case .array(let values): .array(values.map { $0.replacing(strings: strings) })
    case .object(let members):
      .object(members.map { Member(name: $0.name, value: $0.value.replacing(strings: strings)) })
    default: self
    }
  }

  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }
  }
}

extension JSONValue {
  /// Reads JSON text.
  package init(parsing text: String) throws { self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) }

  /// Indented lines for a person: `name: value`, nested ones below.
  package var outline: [String] {
    switch self {
    case .object(let members):
      members.flatMap { member in
        switch member.value {
        case .object(let inner) where !inner.isEmpty:
          ["  \(member.name):"] + member.value.outline.map { "  " + $0 }
        case .array(let inner) where !inner.isEmpty && !inner.allSatisfy(\.isPlain):
          ["  \(member.name):"] + member.value.outline.map { "  " + $0 }
        case .string(let text): ["  \(member.name): \(text)"]
        default: ["  \(member.name): \(member.value.text)"]
        }
      }
    case .array(let values):
      values.enumerated().flatMap { index, value in ["  [\(index + 1)]"] + value.outline.map { "  " + $0 } }
    case .string(let text): ["  " + text]
    default: ["  " + text]
    }
  }
}
