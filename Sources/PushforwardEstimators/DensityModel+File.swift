import Foundation
import PushforwardCore
import PushforwardInterchange
import PushforwardModels
import PushforwardTables

extension DensityModel {
  /// The metadata entries of a model file.
  private enum Key {
    static let format = "format"
    static let version = "version"
    static let architecture = "architecture"
    static let schema = "schema"
    static let encoder = "encoder"
    static let record = "record"
    static let baselineEncoder = "baseline_encoder"
  }

  /// The tensors that are not the flow's.
  private enum Tensor {
    static let whitening = "baseline.whitening"
    static let offset = "baseline.offset"
  }

  private static let formatName = "pushforward"
  private static let formatVersion = 1

  /// Saves the model: a safetensors file with the architecture, schema, encoder and record as JSON in its metadata.
  ///
  /// The same model gives the same bytes. The file is written beside its place and renamed.
  ///
  /// - Throws: `FileError.cannotWrite`.
  public func save(to path: String) throws {
    var file = SafeTensors(metadata: [
      Key.format: Self.formatName,
      Key.version: "\(Self.formatVersion)",
      Key.architecture: try json(flow.specification),
      Key.schema: try json(schema),
      Key.encoder: try json(encoder),
      Key.record: try json(record),
      Key.baselineEncoder: try json(gaussianEncoder),
    ])
    for slice in flow.network.layout.slices {
      try file.add(slice.name, shape: slice.fileShape, flow.parameters[slice])
    }
    try file.add(
      Tensor.whitening, shape: [gaussian.features, gaussian.contextFeatures + gaussian.features], gaussian.whitening)
    try file.add(Tensor.offset, gaussian.offset)
    try file.write(to: path)
  }

  /// Loads a model, trusting nothing in the file.
  ///
  /// - Throws: `FileError.cannotRead`; `SafeTensorsError` for a damaged file; `EstimatorError.notAModel` for a file that
  ///   is whole but says something else or contradicts itself.
  public static func load(from path: String) throws -> DensityModel {
    let file = try SafeTensors(contentsOf: path, checksum: .required)
    try checkFormat(file, path)
    let reader = MetadataReader(file: file, path: path)
    let specification: FlowSpecification = try reader.value(Key.architecture)
    let schema: Schema = try reader.value(Key.schema)
    let encoder: Encoder = try reader.value(Key.encoder)
    let plainEncoder: Encoder = try reader.value(Key.baselineEncoder)
    let record: FitRecord = try reader.value(Key.record)
    for (name, encoder) in [("encoder", encoder), ("baseline's encoder", plainEncoder)] {
      try reader.check("\(name), columns", encoder.columns.count, specification.features)
      try reader.check("\(name), width of the conditions", encoder.conditionWidth, specification.contextFeatures)
    }
    let flow = try flow(specification, file: file, path: path)
    let width = specification.contextFeatures + specification.features
    let gaussian = LinearGaussian(
      contextFeatures: specification.contextFeatures, features: specification.features,
      whitening: try file.values(Tensor.whitening, shape: [specification.features, width]),
      offset: try file.values(Tensor.offset, shape: [specification.features]))
    return DensityModel(
      schema: schema, encoder: encoder, flow: flow, record: record, gaussian: gaussian, gaussianEncoder: plainEncoder)
  }

  private static func checkFormat(_ file: SafeTensors, _ path: String) throws {
    if file.metadata[Key.format] != formatName {
      throw EstimatorError.notAModel(file: path, detail: "its metadata do not name the format \(formatName)")
    }
    let version = try file.requiredMetadata(Key.version)
    guard let number = Int(version), number >= 1, number <= formatVersion else {
      throw EstimatorError.notAModel(
        file: path, detail: "expected format version \(formatVersion), found \(quoted(version)) (a later program's?)")
    }
  }

  /// The flow with its numbers; every tensor must be there, and no other.
  private static func flow(_ specification: FlowSpecification, file: SafeTensors, path: String) throws -> Flow<Float> {
    do {
      try specification.checkSizes(elements: file.tensors.reduce(0) { $0 + $1.byteCount / $1.type.byteCount })
      let network = try FlowNetwork<Float>(specification)
      var parameters = Parameters<Float>.zeros(layout: network.layout)
      for slice in network.layout.slices {
        parameters[slice] = try file.values(slice.name, shape: slice.fileShape)
      }
      let known = Set(network.layout.slices.map(\.name) + [Tensor.whitening, Tensor.offset])
      if let other = file.tensors.first(where: { !known.contains($0.name) }) {
        throw EstimatorError.notAModel(file: path, detail: "the architecture has no tensor \(quoted(other.name))")
      }
      return Flow(network: network, parameters: parameters)
    } catch let error as EngineError {
      throw EstimatorError.notAModel(file: path, detail: "architecture: \(error)")
    }
  }

  private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

/// Decodes the JSON in a file's metadata.
private struct MetadataReader {
  let file: SafeTensors
  let path: String

  func value<Value: Decodable>(_ key: String) throws -> Value {
    let text = try file.requiredMetadata(key)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return try decoder.decode(Value.self, from: Data(text.utf8))
    } catch let error as DecodingError {
      throw EstimatorError.notAModel(file: path, detail: "metadata \(key): \(error.line)")
    }
  }

  func check(_ what: String, _ found: Int, _ expected: Int) throws {
    if found != expected {
      throw EstimatorError.notAModel(file: path, detail: "\(what): expected \(expected), found \(found)")
    }
  }
}

extension DecodingError {
  /// Where and what, in one line.
  fileprivate var line: String {
    func place(_ context: Context) -> String {
      let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
      return path.isEmpty ? "" : " at \(path)"
    }
    switch self {
    case .keyNotFound(let key, let context): return "expected a member \(quoted(key.stringValue))\(place(context))"
    case .typeMismatch(let type, let context): return "expected \(type)\(place(context))"
    case .valueNotFound(let type, let context): return "expected \(type)\(place(context)), found null"
    case .dataCorrupted(let context): return "unreadable\(place(context))"
    @unknown default: return "unreadable"
    }
  }
}

extension ParameterSlice {
  /// A vector when there is one column.
  fileprivate var fileShape: [Int] { columns == 1 ? [rows] : [rows, columns] }
}
