import PushforwardCore

extension FitOptions {
  /// Checks what does not depend on the table.
  ///
  /// - Throws: `EngineError.invalidSetting` for a value outside its range.
  public func validate() throws {
    func require(_ holds: Bool, _ name: String, _ expected: String, _ found: Any?) throws {
      if !holds {
        throw EngineError.invalidSetting(name: name, expected: expected, found: found.map { "\($0)" } ?? "nothing")
      }
    }
    func require(_ value: Int?, in range: ClosedRange<Int>, _ name: String) throws {
      try require(value.map(range.contains) ?? true, name, "\(range.lowerBound) to \(range.upperBound)", value)
    }
    if let column = overrides.firstWithErrors, ![.auto, .gmm].contains(model) {
      throw EstimatorError.cannotAnswer(
        model: model.rawValue, question: "errors of measurement (error_column of \(column)); 'gmm' does")
    }
    try require(transforms, in: 1...1024, "transforms")
    try require(bins, in: 1...64, "spline bins")
    try require(components, in: 1...100_000, "components")
    try require(chain.orders, in: 1...64, "orders")
    try require(sequences.states, in: 1...10_000, "states")
    try require(batchSize, in: 1...1 << 24, "batch size")
    try require(maximumEpochs, in: 1...1_000_000_000, "epochs")
    try require(workers, in: 1...4096, "workers")
    try require(
      heldOutFraction >= 0 && heldOutFraction < 1, "share of rows held out", "at least 0 and below 1", heldOutFraction)
    try require(maximumSeconds ?? 1 > 0, "maximum seconds", "a positive number", maximumSeconds)
    let rate = learningRate ?? 1
    try require(rate > 0 && rate.isFinite, "learning rate", "a positive number", learningRate)
    let decay = weightDecay ?? 0
    try require(decay >= 0 && decay.isFinite, "weight decay", "not negative", weightDecay)
  }
}
