import Foundation
import PushforwardCore
import PushforwardInterchange
import PushforwardModels
import PushforwardTables

/// A model as a safetensors file: each parameter slice a tensor under its own name, everything else as JSON among the
/// metadata. Reading one runs no code, and nothing is allocated before its size is known to be in the file.
extension DensityModel {
  /// The version of the metadata that this program writes; older ones open too.
  public static var formatVersion: Int { 1 }

  private struct Description: Codable {
    var specification: FlowSpecification
    var schema: Schema
    var encoder: PushforwardTables.Encoder
    var record: FitRecord
    var gaussian: LinearGaussian
    var gaussianEncoder: PushforwardTables.Encoder

    enum CodingKeys: String, CodingKey {
      case specification, schema, encoder, record, gaussian
      case gaussianEncoder = "gaussian_encoder"
    }
  }

  /// Writes the model to a temporary file beside `path`, then renames it.
  ///
  /// - Throws: `FileError` or `SafeTensorsError` when the file cannot be written.
  public func save(to path: String) throws {
    try container().write(to: path)
  }

  /// The model's bytes as they would stand in a file.
  ///
  /// - Throws: `SafeTensorsError`.
  public func encoded() throws -> [UInt8] { try container().encoded() }

  private func container() throws -> SafeTensors {
    let description = Description(
      specification: flow.specification, schema: schema, encoder: encoder, record: record, gaussian: gaussian,
      gaussianEncoder: gaussianEncoder)
    let json = JSONEncoder()
    json.outputFormatting = [.sortedKeys]
    json.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    var file = SafeTensors(metadata: [
      "format": "pushforward",
      "format_version": String(Self.formatVersion),
      "model": String(decoding: try json.encode(description), as: UTF8.self),
    ])
    for slice in flow.network.layout.slices {
      try file.add(slice.name, shape: [slice.rows, slice.columns], flow.parameters[slice])
    }
    return file
  }

  /// Reads a model.
  ///
  /// - Throws: `FileError`, `SafeTensorsError`, `EstimatorError.notAModel`: what is wrong, and where.
  public init(contentsOf path: String) throws {
    try self.init(SafeTensors(contentsOf: path, checksum: .required), file: path)
  }

  /// Reads a model from bytes.
  ///
  /// - Parameters:
  ///   - bytes: What `encoded` returned, or the content of a file.
  ///   - file: Name of their source, for messages.
  /// - Throws: as `init(contentsOf:)`.
  public init(bytes: [UInt8], file: String = "data") throws {
    try self.init(SafeTensors(bytes: bytes, file: file, checksum: .required), file: file)
  }

  private init(_ container: SafeTensors, file: String) throws {
    guard container.metadata["format"] == "pushforward" else {
      throw EstimatorError.notAModel(file: file, detail: "its metadata do not say 'format: pushforward'")
    }
    let version = try container.requiredMetadata("format_version")
    guard let number = Int(version), (1...Self.formatVersion).contains(number) else {
      throw EstimatorError.notAModel(
        file: file,
        detail: "expected format version 1 to \(Self.formatVersion), found '\(version)' (written by a newer program?)")
    }
    let json = JSONDecoder()
    json.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let description: Description
    do {
      description = try json.decode(
        Description.self, from: Data(try container.requiredMetadata("model").utf8))
    } catch let error as DecodingError {
      throw EstimatorError.notAModel(file: file, detail: "its description cannot be read: \(Self.place(of: error))")
    }
    let specification = description.specification
    do {
      try specification.validate()
    } catch {
      throw EstimatorError.notAModel(file: file, detail: "\(error)")
    }
    guard description.encoder.columns.count == specification.features,
      description.encoder.conditionWidth == specification.contextFeatures,
      description.gaussian.isConsistent(with: description.gaussianEncoder),
      description.gaussianEncoder.columns.map(\.name) == description.encoder.columns.map(\.name)
    else {
      throw EstimatorError.notAModel(file: file, detail: "its columns and its flow have different sizes")
    }
    let network = try FlowNetwork<Float>(specification)
    let expected = network.layout.slices.map(\.name)
    if let extra = container.tensors.map(\.name).first(where: { network.layout.slice(named: $0) == nil }) {
      throw EstimatorError.notAModel(file: file, detail: "unknown tensor '\(extra)'")
    }
    // Shapes are checked against the file before the flat buffer is allocated.
    let values = try expected.map { name in
      let slice = network.layout.slice(named: name)!
      return (slice, try container.values(name, shape: [slice.rows, slice.columns], as: Float.self))
    }
    var parameters = Parameters<Float>.zeros(layout: network.layout)
    for (slice, numbers) in values { parameters[slice] = numbers }
    self.init(
      schema: description.schema, encoder: description.encoder, flow: Flow(network: network, parameters: parameters),
      record: description.record, gaussian: description.gaussian, gaussianEncoder: description.gaussianEncoder)
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

extension LinearGaussian {
  /// Whether the sizes fit an encoder's (those of a file need not).
  func isConsistent(with encoder: PushforwardTables.Encoder) -> Bool {
    features == encoder.columns.count && contextFeatures == encoder.conditionWidth && offset.count == features
      && whitening.count == features * (features + contextFeatures)
  }
}
