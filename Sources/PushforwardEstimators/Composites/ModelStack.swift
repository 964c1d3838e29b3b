import PushforwardCore
import PushforwardModels
import PushforwardTables

/// A flow followed by a model of its latent space, instead of the flow's own base distribution.
///
/// log p(x) = log p_inner(f(x)) + log|det f'(x)|. With a Gaussian mixture inside this is a flow with a mixture as its base, with
/// another flow a flow behind one that whitens, with a hidden Markov model a model of sequences whose rows are encoded by a
/// flow: then a row that cannot be encoded, for a missing cell, is a missing row of its sequence.
public struct ModelStack: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .stack }

  /// The flow.
  public let outer: DensityModel
  /// The model of the latent space, whose columns are `z1`, `z2`, ...
  public let inner: any TableModel
  /// How the stack came about.
  public let record: FitRecord

  /// What the table's columns are.
  public var schema: Schema { outer.schema }
  /// Names of the modelled columns.
  public var columns: [String] { outer.columns }
  /// The columns conditioned on.
  public var conditions: [(name: String, storage: Column.Storage)] { outer.conditions }
  /// The columns that a table must have to be scored.
  public var requiredColumns: [(name: String, storage: Column.Storage)] {
    (sequence.map { [($0.name, .categories)] } ?? []) + outer.requiredColumns
  }
  /// The column that names the sequences of rows, if the inner model has one.
  private var sequence: SequenceColumn? { (inner as? SequenceModel)?.sequence }
  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] { outer.decimals }
  /// Columns of the table that the model does not see, and why.
  public var leftOut: [Encoder.LeftOut] { outer.leftOut }
  /// Those of the inner model, for complete rows; missing cells are drawn by integrating the joint density.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    traits.likelihood = inner.traits.likelihood
    traits.isSequential = inner.traits.isSequential
    traits.completes = !traits.isSequential
    return traits
  }

  /// Puts a model on a flow's latent space.
  ///
  /// - Parameters:
  ///   - outer: A flow with a standard normal base.
  ///   - inner: A model of the columns `z1`, `z2`, ..., one for each of the flow's.
  ///   - record: How the stack came about.
  /// - Throws: `EstimatorError.cannotCombine`.
  public init(_ outer: DensityModel, _ inner: any TableModel, record: FitRecord? = nil) throws {
    let names = Self.names(outer)
    guard Set(inner.columns) == Set(names), inner.given.isEmpty else {
      throw EstimatorError.cannotCombine(
        detail: "the inner model must model \(names.joined(separator: ", ")) and nothing else; it models "
          + inner.columns.joined(separator: ", "))
    }
    guard outer.flow.specification.base == .standardNormal else {
      throw EstimatorError.cannotCombine(detail: "the flow's base must be a standard normal distribution")
    }
    (self.outer, self.inner) = (outer, inner)
    self.record =
      record
      ?? CompositeSupport.record(
        .stack, [outer, inner], choice: "\(outer.record.model.rawValue), then \(inner.record.model.rawValue)", rows: 0,
        numbers: [], seconds: 0)
  }

  static func names(_ outer: DensityModel) -> [String] { outer.columns.indices.map { "z\($0 + 1)" } }

  /// Rows in the flow's latent space, the rows of the table they are, and log|det| of the way there.
  struct Latent {
    var table: Table
    var rows: [Int]
    var logDet: [Double]
    var note: String?
  }

  // A `jitterSeed` spreads values over their recording cells, as in training. For a model of sequences all rows are there, those
  // that cannot be encoded as missing ones.
  static func latent(
    _ outer: DensityModel, _ table: Table, jitterSeed: UInt64? = nil, isSequential: Bool = false,
    sequence: SequenceColumn? = nil, workers: WorkerPool?
  ) throws -> Latent {
    let rows = try outer.encoder.prepare(table)
    let encoded = outer.encoder.encode(rows, jitterSeed: jitterSeed)
    let width = outer.encoder.conditionWidth
    let context =
      width == 0
      ? nil : Matrix<Float>(rows: rows.rowCount, columns: width, values: rows.conditions.map { Float($0) })
    let x = Matrix<Float>(rows: rows.rowCount, columns: outer.columns.count, values: encoded.floats)
    var (columns, logDet) = try latentColumns(outer, x, context, workers: workers)
    for row in logDet.indices { logDet[row] += encoded.logDet[row] }
    if isSequential {
      for index in columns.indices {
        var values = [Double](repeating: .nan, count: table.rowCount)
        let known = columns[index].column.numbers?.values ?? []
        for (place, row) in rows.keptRows.enumerated() { values[row] = known[place] }
        columns[index].column = .numbers(try NumberColumn(values, name: columns[index].name))
      }
      if let sequence { columns.insert((sequence.name, try table.column(sequence.name)), at: 0) }
    }
    return Latent(table: try Table(columns), rows: rows.keptRows, logDet: logDet, note: rows.leftOutNote)
  }

  /// Rows on the flow's scale in its latent space, and log|det| of the way there.
  static func latentColumns(
    _ outer: DensityModel, _ x: Matrix<Float>, _ context: Matrix<Float>?, workers: WorkerPool?
  ) throws -> (columns: [(name: String, column: Column)], logDet: [Double]) {
    let z = try outer.flow.encode(x, context: context, workers: workers)
    let inner = try outer.flow.logProb(x, context: context, workers: workers)
    let half = NormalScale.halfLogTwoPi
    let logDet = (0..<z.rows).map { row in
      let base = z.row(row).reduce(0.0) { $0 - half - 0.5 * Double($1) * Double($1) }
      return Double(inner[row]) - base
    }
    let columns = try names(outer).enumerated().map { feature, name in
      (name: name, column: Column.numbers(try NumberColumn(z.column(feature).map { Double($0) }, name: name)))
    }
    return (columns, logDet)
  }

  /// Draws of the inner model brought back to the flow's scale.
  func latentDecoded(_ drawn: Table, _ context: Matrix<Float>?, workers: WorkerPool?) throws -> Matrix<Float> {
    let names = Self.names(outer)
    var z = Matrix<Float>(rows: drawn.rowCount, columns: names.count)
    for (feature, name) in names.enumerated() {
      let values = try drawn.column(name).numbers?.values ?? []
      for row in 0..<drawn.rowCount { z[row, feature] = Float(values[row]) }
    }
    return try outer.flow.decode(z, context: context, workers: workers)
  }

  /// `log p` of each complete row.
  ///
  /// - Throws: what the flow and the inner model throw.
  public func score(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    let isSequential = traits.isSequential
    let latent = try Self.latent(outer, table, isSequential: isSequential, sequence: sequence, workers: workers)
    let scores = try inner.score(latent.table, workers: workers)
    var logProb = [Double](repeating: .nan, count: table.rowCount)
    var errors = scores.standardErrors.map { _ in logProb }
    for (index, row) in latent.rows.enumerated() {
      let place = isSequential ? row : index
      logProb[row] = scores.logProb[place] + latent.logDet[index]
      errors?[row] = scores.standardErrors?[place] ?? .nan
    }
    return RowScores(
      logProb: logProb, standardErrors: errors, scoredRows: latent.rows.filter { !logProb[$0].isNaN },
      leftOutNote: latent.note)
  }

  /// Those of the flow.
  public func baselines(_ table: Table) throws -> [Baseline] { try outer.baselines(table) }

  /// Draws rows: from the inner model, then back through the flow.
  ///
  /// - Throws: what the flow and the inner model throw.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: firstRow)
    let drawn = try inner.sample(count: count, given: nil, seed: seed, firstRow: firstRow, workers: workers)
    var context: Matrix<Float>?
    if let given, !self.given.isEmpty {
      context = Matrix(
        rows: given.rowCount, columns: outer.encoder.conditionWidth,
        values: try outer.encoder.conditions(of: given).map { Float($0) })
    }
    let rows = try outer.encoder.decode(latentDecoded(drawn, context, workers: workers).values)
    guard let sequence else { return rows }
    return try Table([(sequence.name, drawn.column(sequence.name))] + rows.columns.map { ($0, $1) })
  }

  /// Puts the model into a file, both parts with it.
  public func store(in archive: inout ModelArchive) throws {
    try archive.describe(Description(record: record))
    try archive.addMember("flow", outer)
    try archive.addMember("latent", inner)
  }

  private struct Description: Codable {
    var record: FitRecord
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let stored = try archive.description(as: Description.self)
    guard let outer = try archive.member("flow") as? DensityModel else {
      throw archive.damage("expected a flow outside, found another model")
    }
    do {
      try self.init(outer, archive.member("latent"), record: stored.record)
    } catch let error as EstimatorError {
      throw archive.damage("\(error)")
    }
  }

  /// Composites are combined from models, not fitted to a table.
  ///
  /// - Throws: `EstimatorError.cannotCombine`, always.
  public static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> ModelStack {
    throw EstimatorError.cannotCombine(detail: "a stack is made of fitted models (pushforward combine)")
  }
}
