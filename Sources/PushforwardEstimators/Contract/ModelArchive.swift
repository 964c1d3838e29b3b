import PushforwardInterchange

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A model file being written or read: a description as JSON, named tensors, and other models as members.
///
/// A safetensors container. Members' tensors and metadata stand under the prefix `members/NAME/`, so a composite is one
/// file, and any tool for safetensors sees all of its numbers. Reading runs no code, and nothing is allocated before its
/// size is known to be in the file.
public struct ModelArchive: Sendable {
  /// The version of the format that this program writes; older ones open too.
  public static var formatVersion: Int { 2 }
  /// Models inside models, at most: a limit for hostile files.
  private static let maximumDepth = 8

  private(set) var container: SafeTensors
  private let prefix: String
  /// The file's name, for messages.
  public let file: String

  /// An archive of one model.
  ///
  /// - Throws: `SafeTensorsError`.
  init(_ model: some TableModel) throws {
    container = SafeTensors(metadata: ["format": "pushforward", "format_version": String(Self.formatVersion)])
    prefix = ""
    file = "new file"
    container.metadata["family"] = type(of: model).family.rawValue
    try model.store(in: &self)
  }

  /// A file that was read.
  ///
  /// - Throws: `EstimatorError.notAModel` for another format or a newer version of it.
  init(_ container: SafeTensors, file: String) throws {
    (self.container, self.file, prefix) = (container, file, "")
    guard container.metadata["format"] == "pushforward" else {
      throw damage("its metadata do not say 'format: pushforward'")
    }
    let version = try container.requiredMetadata("format_version")
    guard let number = Int(version), (1...Self.formatVersion).contains(number) else {
      throw damage(
        "expected format version 1 to \(Self.formatVersion), found '\(version)' (written by a newer program?)")
    }
  }

  private init(container: SafeTensors, prefix: String, file: String) {
    (self.container, self.prefix, self.file) = (container, prefix, file)
  }

  /// The error of a file that cannot be this model.
  public func damage(_ detail: String) -> EstimatorError {
    .notAModel(file: file, detail: prefix.isEmpty ? detail : "\(prefix.dropLast()): \(detail)")
  }

  // MARK: Writing

  /// Stores everything that is not a tensor.
  ///
  /// - Throws: `EncodingError`.
  public mutating func describe(_ description: some Encodable) throws {
    let json = JSONEncoder()
    json.outputFormatting = [.sortedKeys]
    json.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    container.metadata[prefix + "model"] = String(decoding: try json.encode(description), as: UTF8.self)
  }

  /// Stores a tensor, row-major, `shape` outermost dimension first.
  ///
  /// - Throws: `SafeTensorsError` for a name that is taken or a shape of another size.
  public mutating func add<Element: SafeTensorsElement>(_ name: String, shape: [Int], _ values: [Element]) throws {
    try container.add(prefix + name, shape: shape, values)
  }

  /// Stores a model inside this one under a name that contains no slash.
  ///
  /// - Throws: what the member's `store` throws.
  public mutating func addMember(_ name: String, _ model: any TableModel) throws {
    var inner = ModelArchive(container: container, prefix: "\(prefix)members/\(name)/", file: file)
    container = SafeTensors()
    inner.container.metadata[inner.prefix + "family"] = type(of: model).family.rawValue
    try model.store(in: &inner)
    container = inner.container
  }

  // MARK: Reading

  /// The model's type; files of version 1 hold flows and do not say so.
  ///
  /// - Throws: `EstimatorError.notAModel` for a type that this program does not know.
  public func family() throws -> ModelFamily {
    guard let name = container.metadata[prefix + "family"] else {
      if prefix.isEmpty { return .flow }
      throw damage("no such member")
    }
    guard let family = ModelFamily(rawValue: name) else {
      throw damage("unknown family of models '\(name)' (written by a newer program?)")
    }
    return family
  }

  /// The model in here.
  ///
  /// - Throws: what its `init(from:)` throws.
  public func model() throws -> any TableModel {
    if prefix.split(separator: "/").count > 2 * Self.maximumDepth {
      throw damage("expected at most \(Self.maximumDepth) models inside one another")
    }
    return try family().type.init(from: self)
  }

  /// What `describe` stored.
  ///
  /// - Throws: `EstimatorError.notAModel` that says which part cannot be read.
  public func description<Description: Decodable>(as type: Description.Type = Description.self) throws -> Description {
    let json = JSONDecoder()
    json.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return try json.decode(Description.self, from: Data(try container.requiredMetadata(prefix + "model").utf8))
    } catch let error as DecodingError {
      throw damage("its description cannot be read: \(Self.place(of: error))")
    }
  }

  /// Names of the tensors of this model, those of its members not among them.
  public var tensorNames: [String] {
    let own = container.tensors.lazy.map(\.name).filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
    return own.filter { !$0.hasPrefix("members/") }.map(String.init)
  }

  /// A tensor's elements; it must have this shape.
  ///
  /// - Throws: `SafeTensorsError.missingTensor`; `.tensor` when type or shape are others.
  public func values<Element: SafeTensorsElement>(
    _ name: String, shape: [Int], as type: Element.Type = Element.self
  ) throws -> [Element] {
    try container.values(prefix + name, shape: shape, as: type)
  }

  /// The model that was stored under a name.
  ///
  /// - Throws: what its `init(from:)` throws; `EstimatorError.notAModel` when there is none.
  public func member(_ name: String) throws -> any TableModel {
    try ModelArchive(container: container, prefix: "\(prefix)members/\(name)/", file: file).model()
  }

  private static func place(of error: DecodingError) -> String {
    let context =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
        .dataCorrupted(let context):
        context
      @unknown default: DecodingError.Context(codingPath: [], debugDescription: "unknown")
      }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return (path.isEmpty ? "" : "\(path): ") + context.debugDescription
  }
}
