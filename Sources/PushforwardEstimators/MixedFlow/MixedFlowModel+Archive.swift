import PushforwardTables

extension MixedFlowModel {
  private struct Description: Codable {
    var schema: Schema
    var record: FitRecord
    var leftOut: [PushforwardTables.Encoder.LeftOut]
    var gaussian: MixturePart.Stored
    var independent: MixturePart.Stored

    enum CodingKeys: String, CodingKey {
      case schema, record, gaussian, independent
      case leftOut = "left_out"
    }
  }

  /// Puts the model into a file: the chain and the flow as members, the baselines beside them.
  public func store(in archive: inout ModelArchive) throws {
    try archive.describe(
      Description(
        schema: schema, record: record, leftOut: leftOut,
        gaussian: gaussian.store(in: &archive, prefix: "gaussian."),
        independent: independent.store(in: &archive, prefix: "independent.")))
    try archive.addMember("chain", chain)
    try archive.addMember("flow", flow)
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let description = try archive.description(as: Description.self)
    guard let chain = try archive.member("chain") as? MixedModel else {
      throw archive.damage("its member 'chain' is no typed chain")
    }
    guard let flow = try archive.member("flow") as? DensityModel else {
      throw archive.damage("its member 'flow' is no flow")
    }
    guard Set(flow.given) == Set(chain.columns + chain.given), Set(flow.columns).isDisjoint(with: flow.given) else {
      throw archive.damage("its flow is not conditioned on the columns of its chain")
    }
    self.init(
      schema: description.schema, record: description.record, leftOut: description.leftOut, chain: chain, flow: flow,
      gaussian: try MixturePart(description.gaussian, from: archive, prefix: "gaussian."),
      independent: try MixturePart(description.independent, from: archive, prefix: "independent."))
    guard [gaussian, independent].allSatisfy(\.encoding.isConsistent) else {
      throw archive.damage("its baselines' columns do not fit each other")
    }
  }
}
