import PushforwardMixtures
import PushforwardTables

extension MixtureModel {
  private struct Description: Codable {
    var schema: Schema
    var record: FitRecord
    var leftOut: [PushforwardTables.Encoder.LeftOut]
    var mixture: MixturePart.Stored
    var gaussian: MixturePart.Stored
    var independent: MixturePart.Stored

    enum CodingKeys: String, CodingKey {
      case schema, record, mixture, gaussian, independent
      case leftOut = "left_out"
    }
  }

  /// Puts the model into a file: weights, means, covariances and probabilities as tensors.
  public func store(in archive: inout ModelArchive) throws {
    try archive.describe(
      Description(
        schema: schema, record: record, leftOut: leftOut, mixture: part.store(in: &archive, prefix: ""),
        gaussian: gaussian.store(in: &archive, prefix: "gaussian."),
        independent: independent.store(in: &archive, prefix: "independent.")))
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let description = try archive.description(as: Description.self)
    self.init(
      schema: description.schema, record: description.record, leftOut: description.leftOut,
      part: try MixturePart(description.mixture, from: archive, prefix: ""),
      gaussian: try MixturePart(description.gaussian, from: archive, prefix: "gaussian."),
      independent: try MixturePart(description.independent, from: archive, prefix: "independent."))
    guard [part, gaussian, independent].allSatisfy(\.encoding.isConsistent) else {
      throw archive.damage("its columns do not fit each other")
    }
  }
}
