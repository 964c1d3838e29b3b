import PushforwardCore
import PushforwardEvaluation
import PushforwardModels
import PushforwardTables
import PushforwardTraining

/// Everything a fit needs before a model is chosen: schema, encoders, the split, both sources and the Gaussian baseline.
struct FitPreparation {
  let rows: FitRows
  let options: FitOptions
  let schema: Schema
  /// The map of the model at hand.
  let encoder: Encoder
  /// Scaling alone, for the Gaussian baseline: no logarithm, no jitter.
  let plain: Encoder
  let training: any RowSource<Float>
  /// The held-out rows; the training rows when none are held out.
  let judging: EncodedSource
  let gaussian: LinearGaussian
  private let modelled: [String]?

  /// Prepares a table in memory.
  ///
  /// - Throws: `TableError`, `EstimatorError`.
  init(_ table: Table, options: FitOptions) throws {
    let schema = try Schema(inferring: table, overrides: options.overrides)
    let modelled = try Self.modelledColumns(schema: schema, options: options)
    let rows = try FitRows(table, schema: schema, modelled: modelled, options: options)
    try self.init(rows, schema: schema, modelled: modelled, options: options)
  }

  /// Prepares a table that is not in memory.
  ///
  /// - Throws: `TableError`, `EstimatorError`.
  init(_ cache: TableCache, options: FitOptions) throws {
    let schema = try Schema(inferring: cache, overrides: options.overrides)
    let modelled = try Self.modelledColumns(schema: schema, options: options)
    let rows = try FitRows(cache, schema: schema, modelled: modelled, options: options)
    try self.init(rows, schema: schema, modelled: modelled, options: options)
  }

  private init(_ rows: FitRows, schema: Schema, modelled: [String]?, options: FitOptions) throws {
    (self.rows, self.schema, self.modelled, self.options) = (rows, schema, modelled, options)
    plain = try Encoder(
      fitting: rows.known, schema: schema, modelled: modelled, conditions: options.given,
      weights: rows.knownWeights, options: Self.plainOptions)
    encoder =
      options.model == .gaussian
      ? plain
      : try Encoder(
        fitting: rows.known, schema: schema, modelled: modelled, conditions: options.given,
        weights: rows.knownWeights, options: options.encoder)
    training = try rows.source(encoder)
    judging = try Self.judging(rows, encoder, seed: options.seed)
    let known = try plain.prepare(rows.known)
    gaussian = LinearGaussian(
      x: Matrix(rows: known.rowCount, columns: plain.columns.count, values: plain.encode(known).values),
      context: plain.conditionWidth == 0
        ? nil
        : Matrix(rows: known.rowCount, columns: plain.conditionWidth, values: known.conditions.map { Float($0) })
          .converted(), weights: rows.knownWeights.map { $0.map { Double(Float($0)) } })
  }

  /// The same rows on another scale.
  private init(_ other: FitPreparation, encoder: Encoder, options: FitOptions) throws {
    (rows, schema, modelled, plain, gaussian) = (other.rows, other.schema, other.modelled, other.plain, other.gaussian)
    (self.encoder, self.options) = (encoder, options)
    training = try rows.source(encoder)
    judging = try Self.judging(rows, encoder, seed: options.seed)
  }

  /// The same rows, columns scaled by mean and deviation, or by a logarithm where that fits.
  ///
  /// - Throws: `TableError`.
  func onStandardScale() throws -> FitPreparation {
    var options = options
    options.encoder.transform = .standard
    let encoder = try Encoder(
      fitting: rows.known, schema: schema, modelled: modelled, conditions: options.given, weights: rows.knownWeights,
      options: options.encoder)
    return try FitPreparation(self, encoder: encoder, options: options)
  }

  /// The same rows on the scale of the Gaussian baseline.
  ///
  /// - Throws: `TableError`.
  func onPlainScale() throws -> FitPreparation {
    var options = options
    options.model = .gaussian
    return try FitPreparation(self, encoder: plain, options: options)
  }

  private static func judging(_ rows: FitRows, _ encoder: Encoder, seed: UInt64) throws -> EncodedSource {
    EncodedSource(
      encoder: encoder, rows: try encoder.prepare(rows.judged), indices: Array(0..<rows.judged.rowCount),
      weights: rows.judgedWeights, seed: seed)
  }

  /// The first training rows on the encoder's scale, for layers that start from data.
  ///
  /// - Throws: `TableError`.
  func firstRows() throws -> (x: Matrix<Float>, context: Matrix<Float>?) {
    let first = try encoder.prepare(rows.known.selecting(rows: 0..<min(rows.known.rowCount, 4096)))
    return (
      Matrix(rows: first.rowCount, columns: encoder.columns.count, values: encoder.encode(first).floats),
      encoder.conditionWidth == 0
        ? nil
        : Matrix(rows: first.rowCount, columns: encoder.conditionWidth, values: first.conditions.map { Float($0) })
    )
  }

  /// The likelihood of the judging rows under independent columns.
  var independentLikelihood: LikelihoodSummary {
    LikelihoodSummary(DensityModel.independent(judging.exact), weights: judging.weights)
  }

  /// The likelihood of the judging rows under the Gaussian baseline.
  var gaussianLikelihood: LikelihoodSummary {
    get throws {
      LikelihoodSummary(
        DensityModel.gaussian(gaussian, plain, try plain.prepare(rows.judged)), weights: judging.weights)
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
}

/// Rows to train on and rows that decide when to stop.
struct Split {
  /// Rows held out at most.
  static let mostHeldOut = 50_000

  let training: [Int]
  let heldOut: [Int]

  /// Of usable rows of a table, by their numbers there: as the options say.
  init(usable: [Int], options: FitOptions) {
    guard let fixed = options.heldOutRows.map({ Set($0) }) else {
      self.init(rows: usable.count, heldOutFraction: options.heldOutFraction, seed: options.seed)
      return
    }
    self.init(
      training: usable.indices.filter { !fixed.contains(usable[$0]) },
      heldOut: usable.indices.filter { fixed.contains(usable[$0]) })
  }

  private init(training: [Int], heldOut: [Int]) { (self.training, self.heldOut) = (training, heldOut) }

  /// Held out: the given share, at most 50,000 rows; none below 20 rows.
  init(rows: Int, heldOutFraction: Double, seed: UInt64) {
    let order = RandomStream(seed: seed, purpose: .split).permutation(count: rows).map { Int($0) }
    let count = rows < 20 ? 0 : min(Self.mostHeldOut, Int((heldOutFraction * Double(rows)).rounded()))
    heldOut = order.prefix(count).sorted()
    training = order.dropFirst(count).sorted()
  }
}
