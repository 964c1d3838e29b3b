import PushforwardCore
import PushforwardEvaluation
import PushforwardModels
import PushforwardTables
import PushforwardTraining

/// Everything a fit needs before a model is chosen: schema, encoders, the split, both sources and the Gaussian baseline.
struct FitPreparation {
  let table: Table
  let options: FitOptions
  let schema: Schema
  /// The map of the model at hand.
  let encoder: Encoder
  /// Scaling alone, for the Gaussian baseline: no logarithm, no jitter.
  let plain: Encoder
  let rows: PreparedRows
  let split: Split
  let training: EncodedSource
  /// The held-out rows; the training rows when none are held out.
  let judging: EncodedSource
  let gaussian: LinearGaussian

  /// - Throws: `TableError`, `EstimatorError`.
  init(_ table: Table, options: FitOptions) throws {
    self.table = table
    self.options = options
    schema = try Schema(inferring: table, overrides: options.overrides)
    let columns = try Self.modelledColumns(schema: schema, options: options)
    let schema = self.schema
    func makeEncoder(_ table: Table, _ encoderOptions: EncoderOptions) throws -> Encoder {
      try Encoder(
        fitting: table, schema: schema, modelled: columns, conditions: options.given, options: encoderOptions)
    }
    // Which rows are usable does not depend on how columns are scaled, so a first encoder finds them.
    let usable = try makeEncoder(table, Self.plainOptions).prepare(table)
    guard usable.rowCount >= DensityModel.minimumRows else {
      throw EstimatorError.tooFewRows(
        expected: DensityModel.minimumRows, found: usable.rowCount, note: usable.leftOutNote)
    }
    split = Split(rows: usable.rowCount, heldOutFraction: options.heldOutFraction, seed: options.seed)
    let trainingTable = table.selecting(rows: split.training.map { usable.keptRows[$0] })
    plain = try makeEncoder(trainingTable, Self.plainOptions)
    encoder = options.model == .gaussian ? plain : try makeEncoder(trainingTable, options.encoder)
    rows = try encoder.prepare(table)
    let weights = try Self.rowWeights(table, column: options.weights, rows: rows)
    training = EncodedSource(
      encoder: encoder, rows: rows, indices: split.training, weights: weights, seed: options.seed)
    judging = EncodedSource(
      encoder: encoder, rows: rows, indices: split.heldOut.isEmpty ? split.training : split.heldOut, weights: weights,
      seed: options.seed)
    let plainRows = plain.encode(try plain.prepare(table), indices: split.training)
    gaussian = LinearGaussian(
      x: Matrix(rows: plainRows.rowCount, columns: plainRows.columnCount, values: plainRows.values),
      context: training.conditions?.converted(), weights: training.weights)
  }

  /// The likelihood of the judging rows under independent columns.
  var independentLikelihood: LikelihoodSummary {
    LikelihoodSummary(DensityModel.independent(judging.exact), weights: judging.weights)
  }

  /// The likelihood of the judging rows under the Gaussian baseline.
  var gaussianLikelihood: LikelihoodSummary {
    get throws {
      let indices = split.heldOut.isEmpty ? split.training : split.heldOut
      let judged = try plain.prepare(table.selecting(rows: indices.map { rows.keptRows[$0] }))
      return LikelihoodSummary(DensityModel.gaussian(gaussian, plain, judged), weights: judging.weights)
    }
  }

  /// The likelihood of the judging rows under a flow on the encoder's scale.
  func likelihood(of flow: Flow<Float>) throws -> LikelihoodSummary {
    LikelihoodSummary(try logProb(flow), weights: judging.weights)
  }

  /// The scores of the judging rows under a flow on the encoder's scale.
  func scores(of flow: Flow<Float>) throws -> ScoreDistribution {
    ScoreDistribution(try logProb(flow), weights: judging.weights)
  }

  private func logProb(_ flow: Flow<Float>) throws -> [Double] {
    let inner = try flow.logProb(judging.matrix, context: judging.conditions)
    return zip(inner, judging.exact.logDet).map { Double($0) + $1 }
  }

  private static var plainOptions: EncoderOptions {
    var options = EncoderOptions()
    options.transform = .standard
    options.allowsLog = false
    options.jitter = .wholeNumbers
    return options
  }

  /// The weights column is neither modelled nor a condition, unless named as such.
  private static func modelledColumns(schema: Schema, options: FitOptions) throws -> [String]? {
    guard let weights = options.weights else { return options.columns }
    _ = try schema.column(weights)
    if let columns = options.columns { return columns }
    return schema.columns.filter {
      $0.name != weights && !options.given.contains($0.name) && !$0.isIgnored
        && ($0.kind.isNumeric || $0.kind == .category)
    }.map(\.name)
  }

  private static func rowWeights(_ table: Table, column: String?, rows: PreparedRows) throws -> [Double]? {
    guard let column else { return nil }
    guard let numbers = try table.column(column).numbers else {
      throw EstimatorError.badWeights(column: column, detail: "expected numbers, found text")
    }
    let weights = rows.keptRows.map { numbers.values[$0] }
    if let index = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw EstimatorError.badWeights(
        column: column,
        detail: "expected finite numbers, not negative; found \(weights[index]) in "
          + table.place(ofRow: rows.keptRows[index]))
    }
    if !weights.contains(where: { $0 > 0 }) {
      throw EstimatorError.badWeights(column: column, detail: "all weights are zero")
    }
    return weights
  }
}

/// Rows to train on and rows that decide when to stop.
struct Split {
  let training: [Int]
  let heldOut: [Int]

  /// Held out: the given share, at most 50,000 rows; none below 20 rows.
  init(rows: Int, heldOutFraction: Double, seed: UInt64) {
    let order = RandomStream(seed: seed, purpose: .split).permutation(count: rows).map { Int($0) }
    let count = rows < 20 ? 0 : min(50_000, Int((heldOutFraction * Double(rows)).rounded()))
    heldOut = order.prefix(count).sorted()
    training = order.dropFirst(count).sorted()
  }
}
