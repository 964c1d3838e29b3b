import PushforwardCore
import PushforwardModels
import PushforwardTables

extension DensityModel {
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

  /// Puts the model into a file: each parameter slice a tensor under its own name, everything else as JSON.
  public func store(in archive: inout ModelArchive) throws {
    try archive.describe(
      Description(
        specification: flow.specification, schema: schema, encoder: encoder, record: record, gaussian: gaussian,
        gaussianEncoder: gaussianEncoder))
    try archive.add(flow.parameters, layout: flow.network.layout)
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let description = try archive.description(as: Description.self)
    let specification = description.specification
    do {
      try specification.validate()
    } catch {
      throw archive.damage("\(error)")
    }
    guard description.encoder.columns.count == specification.features,
      description.encoder.conditionWidth == specification.contextFeatures,
      description.gaussian.isConsistent(with: description.gaussianEncoder),
      description.gaussianEncoder.columns.map(\.name) == description.encoder.columns.map(\.name)
    else {
      throw archive.damage("its columns and its flow have different sizes")
    }
    let network = try FlowNetwork<Float>(specification)
    self.init(
      schema: description.schema, encoder: description.encoder,
      flow: Flow(network: network, parameters: try archive.parameters(layout: network.layout)),
      record: description.record, gaussian: description.gaussian, gaussianEncoder: description.gaussianEncoder)
  }
}

extension LinearGaussian {
  /// Whether the sizes fit an encoder's (those of a file need not).
  func isConsistent(with encoder: PushforwardTables.Encoder) -> Bool {
    features == encoder.columns.count && contextFeatures == encoder.conditionWidth && offset.count == features
      && whitening.count == features * (features + contextFeatures)
  }
}
