import PushforwardCore
import PushforwardMixtures
import PushforwardTables

/// A Gaussian mixture of a table: normal in the numbers, independent levels in the categories within a component.
///
/// Missing cells are marginalised exactly; any columns given any others are known in closed form.
public struct MixtureModel: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .mixture }

  /// What the table's columns are.
  public let schema: Schema
  /// How the model came about.
  public internal(set) var record: FitRecord
  /// Columns of the table that the model does not see, and why.
  public let leftOut: [Encoder.LeftOut]
  let part: MixturePart
  /// One component, and independent columns.
  let gaussian: MixturePart
  let independent: MixturePart

  /// The mixture, on the model's scale.
  public var mixture: GaussianMixture { part.mixture }
  /// Names of the modelled columns.
  public var columns: [String] { part.encoding.modelled }
  /// The columns conditioned on.
  public var conditions: [(name: String, storage: Column.Storage)] {
    part.encoding.given.map { ($0, part.encoding.schema($0).kind.storage) }
  }
  /// The columns that a table must have to be scored.
  public var requiredColumns: [(name: String, storage: Column.Storage)] { part.encoding.requiredColumns }
  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] { part.encoding.decimals }
  /// Exact, also with missing cells.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    (traits.acceptsMissing, traits.completes) = (true, true)
    traits.hasExactMarginals = true
    return traits
  }

  /// `log p` of each row's present cells, given its present conditions.
  ///
  /// A level that the fitted rows do not have counts as one row more than theirs, and is noted.
  ///
  /// - Throws: `TableError`.
  public func score(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    try part.scores(table, workers: workers)
  }

  /// The rows under one component and under independent columns.
  public func baselines(_ table: Table) throws -> [Baseline] {
    try Baseline.pair(gaussian: gaussian, independent: independent, of: table)
  }

  /// Draws rows.
  ///
  /// - Throws: `EngineError.invalidSetting`, `EstimatorError.conditions`, `.conditionRows`, `TableError`.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: firstRow)
    guard let given, !self.given.isEmpty else {
      return try part.encoding.decode(mixture.sample(count: count, seed: seed, firstRow: UInt64(firstRow)))
    }
    let rows = given.extended(to: count)
    return try completed(
      rows.selecting(columns: self.given), seed: seed, firstRow: firstRow, workers: workers)
  }

  /// Fills missing cells with draws from their exact distribution given the row's other cells.
  ///
  /// - Throws: `TableError`.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    let drawSeed = RandomStream(seed: seed, purpose: .user).split(UInt64(draw)).seed
    return try completed(table, seed: drawSeed, firstRow: firstRow, workers: workers)
  }

  private func completed(_ table: Table, seed: UInt64, firstRow: Int, workers: WorkerPool?) throws -> Table {
    let rows = try part.encoding.rows(table, absent: true).mixture
    let drawn = try mixture.completing(rows, seed: seed, firstRow: UInt64(firstRow), workers: workers)
    return try part.encoding.filled(table, with: part.encoding.decode(drawn))
  }

  /// Predicts a column from the mixture's own conditional distribution.
  ///
  /// - Throws: `TableError`.
  public func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    let encoding = part.encoding
    guard encoding.modelled.contains(target) else {
      throw TableError.unknownColumn(name: target, available: columns)
    }
    let rows = try encoding.rows(table, absent: true)
    let others = try encoding.rows(table, absent: true, hiding: [target])
    let joint = try mixture.logProb(rows.mixture, workers: workers)
    let marginal = try mixture.logProb(others.mixture, workers: workers)
    var logProb = (0..<table.rowCount).map { joint[$0] - marginal[$0] + rows.logDet[$0] - others.logDet[$0] }
    let cells = table[target]
    for row in logProb.indices where cells?.isMissing(row: row) ?? true { logProb[row] = .nan }
    guard let feature = encoding.numbers.firstIndex(where: { $0.name == target }) else {
      let place = encoding.categories.firstIndex { $0.name == target }!
      let shares = try mixture.predicting(category: place, others.mixture, workers: workers)
      return ColumnPrediction(
        target: target,
        answer: .levels(
          encoding.categories[place].levels ?? [], probabilities: (0..<table.rowCount).map { shares.row($0) }),
        logProb: logProb, cdf: nil, method: .exact)
    }
    let column = encoding.numbers[feature]
    let prediction = try mixture.predicting(column: feature, rows.mixture, workers: workers)
    let step = column.roundingStep.flatMap { RecordingStep($0) }
    let means = (0..<table.rowCount).map { row in prediction.mean(row) { column.decode($0, step: nil) } }
    let quantiles = (0..<table.rowCount).map { row in
      prediction.quantiles(row, options.levels).map { column.decode($0, step: step) }
    }
    let cdf = (0..<table.rowCount).map { row in
      let z = rows.mixture.numbers[row, feature]
      return z.isNaN ? .nan : prediction.cdf(row, z)
    }
    return ColumnPrediction(
      target: target, answer: .numbers(mean: means, quantiles: quantiles), logProb: logProb, cdf: cdf, method: .exact)
  }
}

extension TableModel {
  /// Checks what `sample` was asked.
  ///
  /// - Throws: `EngineError.invalidSetting`, `EstimatorError.conditions`, `.conditionRows`.
  func checkSampling(count: Int, given: Table?, firstRow: Int) throws {
    for (name, value) in [("number of rows", count), ("first row", firstRow)] where value < 0 {
      throw EngineError.invalidSetting(name: name, expected: "not negative", found: "\(value)")
    }
    let names = given?.names ?? []
    guard Set(self.given).isSubset(of: names), !self.given.isEmpty || names.isEmpty else {
      throw EstimatorError.conditions(expected: self.given, found: names)
    }
    if let given, !self.given.isEmpty, given.rowCount != 1 && given.rowCount != count {
      throw EstimatorError.conditionRows(expected: count, found: given.rowCount)
    }
  }
}
