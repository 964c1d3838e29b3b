import PushforwardTables

extension Models {
  /// Fits the model that the options name to a table that is not in memory.
  ///
  /// Flows and the two baselines learn from all rows; models of other kinds learn from the cache's sample of up to a million
  /// rows, and say so. Left the choice, complete numbers get a flow, other tables the typed chain.
  ///
  /// - Parameters:
  ///   - cache: The rows.
  ///   - options: What is fixed; everything else is chosen.
  ///   - shouldStop: Asked often; `true` ends the fit with the best model so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `TrainingError`; `EstimatorError.cannotAnswer` for sequences,
  ///   whose order a sample would lose.
  public static func fit(
    _ cache: TableCache, options: FitOptions = FitOptions(), shouldStop: () -> Bool = { false },
    progress: (FitEvent) -> Void = { _ in }
  ) throws -> any TableModel {
    try options.validate()
    var options = options
    if options.model == .auto, options.overrides.firstWithErrors != nil { options.model = .gmm }
    if options.model == .auto, let reason = try reasonForChain(cache, options: options) {
      progress(.stage("mixed, since \(reason)"))
      options.model = .mixed
    }
    switch options.model.family {
    case .flow where options.dequantization == .uniform:
      return try DensityModel.fit(cache, options: options, shouldStop: shouldStop, progress: progress)
    case .sequences:
      throw EstimatorError.cannotAnswer(
        model: options.model.rawValue, question: "sequences of a table that is read through a cache")
    default:
      let sample = cache.sample.table
      progress(
        .stage(
          "\(options.model.rawValue) learns from a table in memory: \(sample.rowCount) of \(cache.rowCount) rows, drawn at random"
        ))
      return try fit(sample, options: options, shouldStop: shouldStop, progress: progress)
    }
  }

  /// Why no flow can model the table; `nil` when one can.
  private static func reasonForChain(_ cache: TableCache, options: FitOptions) throws -> String? {
    let choice = try ColumnChoice(Schema(inferring: cache, overrides: options.overrides), options: options)
    return AutomaticFit.reasonForChain(choice) { name in
      cache.columns.contains { $0.name == name && $0.missingCount > 0 }
    }
  }
}
