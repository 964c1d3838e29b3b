import PushforwardChains
import PushforwardTables

extension MixedModel {
  private struct Description: Codable {
    var schema: Schema
    var record: FitRecord
    var leftOut: [PushforwardTables.Encoder.LeftOut]
    var encoder: TypedEncoder
    var relations: [ColumnRelation]?
    var chain: ChainSpecification
    var gaussian: MixturePart.Stored
    var independent: MixturePart.Stored

    enum CodingKeys: String, CodingKey {
      case schema, record, encoder, relations, chain, gaussian, independent
      case leftOut = "left_out"
    }
  }

  /// Puts the model into a file: each slice of the chain's numbers a tensor, the baselines' beside them.
  public func store(in archive: inout ModelArchive) throws {
    try archive.describe(
      Description(
        schema: schema, record: record, leftOut: leftOut, encoder: encoder,
        relations: relations.isEmpty ? nil : relations, chain: chain.specification,
        gaussian: gaussian.store(in: &archive, prefix: "gaussian."),
        independent: independent.store(in: &archive, prefix: "independent.")))
    try archive.add(chain.parameters, layout: Chain.layout(of: chain.specification))
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let description = try archive.description(as: Description.self)
    let specification = description.chain
    do {
      try specification.validate()
    } catch {
      throw archive.damage("\(error)")
    }
    let isAlike = zip(specification.columns, description.encoder.columns).allSatisfy { column, encoded in
      column.name == encoded.name && column.atoms == encoded.atoms && column.hasContinuous == encoded.hasContinuous
    }
    let presence = specification.columns.dropFirst(description.encoder.columns.count)
    guard specification.columns.count >= description.encoder.columns.count, isAlike,
      presence.allSatisfy({ $0.presenceOf != nil }),
      Set(presence.compactMap(\.presenceOf)).count == presence.count
    else {
      throw archive.damage("its columns and its chain do not fit each other")
    }
    let relations = description.relations ?? []
    let columns = description.encoder.columns.indices
    let areHints =
      specification.columns.indices.allSatisfy { relations.inputs(of: $0) == specification.columns[$0].hintedBy }
      && relations.allSatisfy { relation in
        columns.contains(relation.column) && relation.coefficients.count == relation.inputs.count
          && relation.inputs.allSatisfy(columns.contains)
      }
    guard areHints else {
      throw archive.damage("its relations of columns and its chain do not fit each other")
    }
    let parameters = try archive.parameters(
      layout: Chain.layout(of: specification), besides: ["gaussian.", "independent."])
    self.init(
      schema: description.schema, record: description.record, leftOut: description.leftOut,
      encoder: description.encoder, relations: relations,
      chain: try Chain(specification, parameters: parameters, hints: relations.hints(description.encoder.columns)),
      gaussian: try MixturePart(description.gaussian, from: archive, prefix: "gaussian."),
      independent: try MixturePart(description.independent, from: archive, prefix: "independent."))
    guard [gaussian, independent].allSatisfy(\.encoding.isConsistent) else {
      throw archive.damage("its baselines' columns do not fit each other")
    }
  }
}
