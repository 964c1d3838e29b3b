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
    guard cells.isConsistent(with: specification.columns),
      specification.contextFeatures == cells.contextWidth, (2...1_000_000).contains(description.scoringDraws)
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
