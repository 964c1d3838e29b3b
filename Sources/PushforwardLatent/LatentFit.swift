import PushforwardCore
import PushforwardTraining

/// How a variational autoencoder is trained.
public struct LatentFitOptions: Codable, Sendable, Equatable {
  /// Batches, epochs, rates, patience, seed.
  public var training: TrainingSettings
  /// Epochs over which the divergence's weight rises to 1.
  public var warmUpEpochs: Double
  /// Divergence that costs nothing while training, nats a latent feature.
  public var freeBits: Double
  /// Draws a row while training: 1 for the evidence lower bound, more for the importance-weighted one.
  public var draws: Int

  /// Share of the rows of which some cells are hidden while training.
  public var hiddenShare: Double

  /// 200 epochs at most, the divergence's weight rising over the first ten, one draw a row.
  public init() {
    training = TrainingSettings()
    warmUpEpochs = 10
    freeBits = 0
    draws = 1
    hiddenShare = 0
  }
}

/// Rows to fit or to choose by.
public struct LatentRows: Sendable {
  /// `rows x columns` in the columns' own units, NaN for missing.
  public var cells: Matrix<Double>
  /// `rows x contextFeatures`; `nil` for a plain autoencoder.
  public var context: Matrix<Float>?
  /// One weight a row; all equal when `nil`.
  public var weights: [Float]?

  /// Rows with what is given of them.
  public init(_ cells: Matrix<Double>, context: Matrix<Float>? = nil, weights: [Float]? = nil) {
    self.cells = cells
    self.context = context
    self.weights = weights
  }

  func source(_ columns: [ColumnLikelihood]) throws -> MatrixSource<Float> {
    try MatrixSource(
      VariationalAutoencoder<Float>.code(cells, columns), context: context, weights: weights,
      featureNames: (0..<columns.count).map { "column \($0 + 1)" })
  }
}

extension VariationalAutoencoder where Scalar == Float {
  /// Fits a model.
  ///
  /// Training stops when the bound of the held-out rows no longer rises, and the best weights by it are returned. Same
  /// rows, options and build: the same bits, with any number of workers.
  ///
  /// - Parameters:
  ///   - specification: What to fit.
  ///   - rows: Rows to train on.
  ///   - heldOut: Rows that decide when to stop; `nil` trains to the end of the plan.
  ///   - options: How.
  ///   - workers: Threads to use.
  ///   - shouldStop: Asked before every step; `true` ends training with the best weights so far.
  ///   - progress: Told after each validation.
  /// - Returns: The model, and how training went (its values are the bound's, nats a row).
  /// - Throws: `EngineError`, `LatentError`, `TrainingError`.
  public static func fit(
    _ specification: LatentSpecification, to rows: LatentRows, heldOut: LatentRows? = nil,
    options: LatentFitOptions = LatentFitOptions(), workers: WorkerPool = WorkerPool(),
    shouldStop: () -> Bool = { false }, progress: (TrainingProgress) -> Void = { _ in }
  ) throws -> (model: VariationalAutoencoder, training: TrainingResult<Float>) {
    let start = try VariationalAutoencoder(specification, seed: options.training.seed)
    let training = try start.trained(
      rows, heldOut: heldOut, options: options, workers: workers, shouldStop: shouldStop, progress: progress)
    return (VariationalAutoencoder(network: start.network, parameters: training.parameters), training)
  }

  /// Trains from this model's parameters; see `fit`.
  ///
  /// - Parameters:
  ///   - rows: Rows to train on.
  ///   - heldOut: Rows that decide when to stop; `nil` trains to the end of the plan.
  ///   - options: How; `training.startsFromData` as `false` keeps what was learned before.
  ///   - workers: Threads to use.
  ///   - shouldStop: Asked before every step; `true` ends training with the best weights so far.
  ///   - progress: Told after each validation.
  /// - Returns: The trained parameters, and how training went.
  /// - Throws: `EngineError`, `LatentError`, `TrainingError`.
  public func trained(
    _ rows: LatentRows, heldOut: LatentRows?, options: LatentFitOptions, workers: WorkerPool,
    shouldStop: () -> Bool, progress: (TrainingProgress) -> Void
  ) throws -> TrainingResult<Float> {
    if rows.cells.rows == 0 { throw LatentError.noRows }
    let batch = max(1, min(options.training.batchSize, rows.cells.rows))
    let stepsPerEpoch = max(1, rows.cells.rows / batch)
    let objective = try EvidenceBound(
      network, draws: options.draws, warmUpRows: options.warmUpEpochs * Double(stepsPerEpoch * batch),
      freeBits: options.freeBits, hiddenShare: options.hiddenShare, batchSize: batch)
    let trainer = try Trainer(
      objective: objective, training: rows.source(specification.columns),
      heldOut: heldOut?.source(specification.columns), settings: options.training)
    return try trainer.run(from: parameters, workers: workers, shouldStop: shouldStop, progress: progress)
  }
}
