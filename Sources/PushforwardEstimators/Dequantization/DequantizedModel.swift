import PushforwardCore
import PushforwardModels
import PushforwardTables

/// A flow of numbers that were recorded in steps, with a learned distribution of where in its cell a value lay.
///
/// A score is a lower bound of the logarithm of the cells' mass (per unit, as in every model): the logarithm of the mean of
/// importance weights of a few draws, on average below the truth, and closer to it the more draws there are.
///
/// - SeeAlso: Ho et al. (2019), arXiv:1902.00275; Burda, Grosse & Salakhutdinov (2016), "Importance Weighted Autoencoders",
///   arXiv:1509.00519.
public struct DequantizedModel: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .dequantized }

  /// The flow, in which a value that has a cell is a point of it.
  public let base: DensityModel
  /// Places in the cells, before the normal distribution function, given the row on the flow's scale and its conditions.
  public let noise: Flow<Float>
  /// Numbers of the columns with cells, ascending: the features of `noise`.
  package let cellColumns: [Int]
  /// How the model came about.
  public var record: FitRecord

  /// Draws of a score.
  public static var draws: Int { 32 }

  /// What the modelled and conditioning columns are.
  public var schema: Schema { base.schema }
  /// Names of the modelled columns.
  public var columns: [String] { base.columns }
  /// The columns conditioned on.
  public var conditions: [(name: String, storage: Column.Storage)] { base.conditions }
  /// The columns that a table must have to be scored.
  public var requiredColumns: [(name: String, storage: Column.Storage)] { base.requiredColumns }
  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] { base.decimals }
  /// Columns of the table that the model does not see, and why.
  public var leftOut: [Encoder.LeftOut] { base.leftOut }
  /// Bounds of complete rows.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    traits.likelihood = .bound
    return traits
  }

  init(base: DensityModel, noise: Flow<Float>, cellColumns: [Int], record: FitRecord) {
    (self.base, self.noise, self.cellColumns, self.record) = (base, noise, cellColumns, record)
  }

  /// Lower bounds of `log p(row)`, the same for a row wherever it stands; the evidence lower bound beside them.
  ///
  /// - Throws: `TableError` for missing columns, wrong kinds, unseen levels.
  public func score(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    let rows = try base.encoder.prepare(table)
    let cells = base.encoder.cells(rows, of: Set(cellColumns))
    let (count, width) = (rows.rowCount, base.columns.count)
    let (context, given) = Self.contexts(rows, cells, encoder: base.encoder)
    let drawn: Matrix<Float> = RandomStream(seed: 0, purpose: .base).normal(
      rows: Self.draws, columns: cellColumns.count)
    var weights = [[Double]](repeating: [], count: count)
    for draw in 0..<Self.draws {
      let noises = Matrix(
        rows: count, columns: cellColumns.count, values: (0..<count).flatMap { _ in drawn.row(draw) })
      let v = try noise.decode(noises, context: given, workers: workers)
      let logNoise = try noise.logProb(v, context: given, workers: workers)
      var z = cells.lower
      var slopes = [Double](repeating: 0, count: count)
      for row in 0..<count {
        for (place, column) in cellColumns.enumerated() {
          let value = Double(v[row, place])
          z[row * width + column] += cells.width[row * width + column] * NormalScale.cdf(value)
          slopes[row] -= NormalScale.halfLogTwoPi + 0.5 * value * value
        }
      }
      let logProb = try base.flow.logProb(
        Matrix(rows: count, columns: width, values: z.map { Float($0) }), context: context, workers: workers)
      for row in 0..<count {
        weights[row].append(Double(logProb[row]) - Double(logNoise[row]) + slopes[row] + cells.constant[row])
      }
    }
    var scores = RowScores(
      logProb: [Double](repeating: .nan, count: table.rowCount), scoredRows: rows.keptRows,
      leftOutNote: rows.leftOutNote, missing: rows.missing)
    var bounds = scores.logProb
    let logDraws = Logarithm.of(Double(Self.draws))
    for (index, row) in rows.keptRows.enumerated() {
      scores.logProb[row] = Logarithm.sum(weights[index]) - logDraws
      bounds[row] = weights[index].reduce(0, +) / Double(Self.draws)
    }
    scores.evidenceBounds = bounds
    return scores
  }

  /// What the flow and the noise are conditional on.
  static func contexts(
    _ rows: PreparedRows, _ cells: EncodedCells, encoder: Encoder
  ) -> (flow: Matrix<Float>?, noise: Matrix<Float>) {
    let (width, conditions) = (encoder.columns.count, encoder.conditionWidth)
    var values: [Float] = []
    for row in 0..<rows.rowCount {
      values += (0..<width).map { Float(cells.lower[row * width + $0] + 0.5 * cells.width[row * width + $0]) }
      values += rows.conditions[row * conditions..<(row + 1) * conditions].map { Float($0) }
    }
    let context =
      conditions == 0
      ? nil : Matrix(rows: rows.rowCount, columns: conditions, values: rows.conditions.map { Float($0) })
    return (context, Matrix(rows: rows.rowCount, columns: width + conditions, values: values))
  }

  /// The rows under one full-covariance normal distribution and under independent columns.
  public func baselines(_ table: Table) throws -> [Baseline] { try base.baselines(table) }

  /// Draws rows: points of the flow, each recorded as the value in whose cell it lies.
  ///
  /// - Throws: as `DensityModel.sample`.
  public func sample(count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?) throws -> Table {
    try base.sample(count: count, given: given, seed: seed, firstRow: firstRow, workers: workers)
  }

  private struct Description: Codable {
    var noise: FlowSpecification
    var cellColumns: [Int]
    var record: FitRecord

    enum CodingKeys: String, CodingKey {
      case noise, record
      case cellColumns = "cell_columns"
    }
  }

  /// Puts the model into a file: the flow as a member.
  public func store(in archive: inout ModelArchive) throws {
    try archive.describe(Description(noise: noise.specification, cellColumns: cellColumns, record: record))
    try archive.add(noise.parameters, layout: noise.network.layout)
    try archive.addMember("flow", base)
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let stored = try archive.description(as: Description.self)
    guard let base = try archive.member("flow") as? DensityModel else {
      throw archive.damage("expected a flow among its members")
    }
    let width = base.columns.count
    guard !stored.cellColumns.isEmpty, stored.cellColumns.allSatisfy({ (0..<width).contains($0) }),
      zip(stored.cellColumns, stored.cellColumns.dropFirst()).allSatisfy({ $0 < $1 }),
      stored.noise.features == stored.cellColumns.count,
      stored.noise.contextFeatures == width + base.encoder.conditionWidth
    else { throw archive.damage("its noise does not fit its columns") }
    do {
      try stored.noise.validate()
    } catch {
      throw archive.damage("\(error)")
    }
    let network = try FlowNetwork<Float>(stored.noise)
    self.init(
      base: base, noise: Flow(network: network, parameters: try archive.parameters(layout: network.layout)),
      cellColumns: stored.cellColumns, record: stored.record)
  }
}
