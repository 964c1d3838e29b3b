import PushforwardLatent
import PushforwardTables

extension LatentModel {
  private struct Description: Codable {
    var specification: LatentSpecification
    var schema: Schema
    var cells: LatentColumns
    var record: FitRecord
    var scoringDraws: Int

    enum CodingKeys: String, CodingKey {
      case specification, schema, cells, record
      case scoringDraws = "scoring_draws"
    }
  }

  /// Puts the model into a file: each parameter slice a tensor under its own name, everything else as JSON.
  public func store(in archive: inout ModelArchive) throws {
    try archive.describe(
      Description(
        specification: autoencoder.specification, schema: schema, cells: cells, record: record,
        scoringDraws: scoringDraws))
    try archive.add(autoencoder.parameters, layout: autoencoder.network.layout)
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let description = try archive.description(as: Description.self)
    let (specification, cells) = (description.specification, description.cells)
    guard cells.isConsistent, specification.columns.count == cells.entries.count,
      zip(cells.kinds, specification.columns).allSatisfy({ kind, column in
        if case .categories(let levels) = kind { column == .categorical(levels: levels) } else { true }
      }), specification.contextFeatures == cells.encoder.conditionWidth, (1...1_000_000).contains(description.scoringDraws)
    else { throw archive.damage("its columns and its autoencoder do not fit each other") }
    let network: LatentNetwork<Float>
    do {
      network = try LatentNetwork(specification)
    } catch {
      throw archive.damage("\(error)")
    }
    self.init(
      schema: description.schema, record: description.record, cells: cells, scoringDraws: description.scoringDraws,
      autoencoder: VariationalAutoencoder(
        network: network, parameters: try archive.parameters(layout: network.layout)))
  }
}

extension LatentColumns {
  /// Whether the parts fit each other (those of a file need not).
  var isConsistent: Bool {
    let encoded = entries.filter { $0.form == .encoded }.map(\.schema.name)
    return !entries.isEmpty && Set(entries.map(\.schema.name)).count == entries.count
      && encoded == encoder.columns.map(\.name)
      && entries.allSatisfy { entry in
        switch entry.form {
        case .encoded: true
        case .lattice(let step, _, _): step > 0 && step.isFinite
        case .levels(let levels): !levels.isEmpty
        }
      }
  }
}
