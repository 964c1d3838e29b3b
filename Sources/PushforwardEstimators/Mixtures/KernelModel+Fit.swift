import PushforwardCore
import PushforwardEvaluation
import PushforwardMixtures
import PushforwardTables

extension KernelModel {
  /// Rows that have a kernel at most; of more, evenly spaced ones are taken.
  public static var maximumKernels: Int { 20_000 }

  /// Fits kernel densities on both scalings of the columns by leave-one-out likelihood.
  ///
  /// - Parameters:
  ///   - table: The rows; those with missing cells are left out.
  ///   - options: What is fixed.
  ///   - shouldStop: `true` ends the search for bandwidths.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `MixtureError`.
  public static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> KernelModel {
    let start = ContinuousClock().now
    let ready = try MixturePreparation(table, options: options, complete: true)
    let workers = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    func isOver() -> Bool {
      shouldStop() || options.maximumSeconds.map { (ContinuousClock().now - start).inSeconds > $0 } ?? false
    }
    var best: (encoding: MixedEncoding, density: KernelDensity, value: Double, scaling: EncoderOptions.Transform)?
    for scaling in ready.scalings {
      let encoding = try MixedEncoding(
        fitting: ready.training, weights: ready.trainingWeights, choice: ready.choice, options: scaling)
      var rows = try encoding.rows(ready.training, jitterSeed: options.seed, weights: ready.trainingWeights)
      let shift = LikelihoodSummary(rows.logDet, weights: ready.trainingWeights).mean
      if rows.mixture.count > maximumKernels {
        let step = Double(rows.mixture.count) / Double(maximumKernels)
        rows.mixture = rows.mixture.selecting((0..<maximumKernels).map { Int(Double($0) * step) })
      }
      let (density, leaveOneOut) = try KernelDensity.fit(
        rows.mixture, bounds: bounds(encoding, rows.mixture), workers: workers, shouldStop: isOver)
      let value = leaveOneOut + shift
      let name = scaling.transform == .marginal ? "own scales" : "plain scales"
      if value.isFinite { progress(.stage("\(name): \(Nats.text(value)) nats a row, leaving one out")) }
      if best == nil || value > best!.value { best = (encoding, density, value, scaling.transform) }
    }
    let (encoding, density, _, scaling) = best!
    let (gaussian, independent) = try MixturePart.baselines(ready, workers: workers)
    let summary = try ready.likelihood { try scores(density, encoding, $0, workers: workers).logProb }
    var hash = NumberHash()
    for numbers in [density.centres.values, density.bandwidths, density.noise, density.weights] { hash.add(numbers) }
    let left = table.rowCount - ready.training.rowCount - ready.heldOut.rowCount
    let record = FitRecord(
      model: .kde,
      choice: "\(density.weights.count) kernels, "
        + (scaling == .marginal ? "each column on its own normal scale" : "columns scaled alone")
        + ": the choice of the leave-one-out likelihood",
      tableRows: table.rowCount, trainingRows: ready.training.rowCount, heldOutRows: ready.heldOut.rowCount,
      leftOutNote: left > 0 ? "\(left) of \(table.rowCount) rows left out, for missing cells or no weight" : nil,
      plan: nil, parameterCount: density.bandwidths.count + density.noise.count, stopReason: nil, epochs: 0,
      bestEpoch: 0, recoveries: [], heldOut: summary.mean, heldOutStandardError: summary.standardError,
      heldOutIndependent: try ready.likelihood { try independent.logProb($0, workers: workers) }.mean,
      heldOutGaussian: try ready.likelihood { try gaussian.logProb($0, workers: workers) }.mean,
      seconds: (ContinuousClock().now - start).inSeconds, fingerprint: hash.text, seed: options.seed,
      heldOutScores: try ready.scores { try scores(density, encoding, $0, workers: workers).logProb })
    return KernelModel(
      schema: ready.schema, record: record, leftOut: ready.choice.leftOut, encoding: encoding, density: density)
  }

  /// Walls where a column's range was declared; the columns' own scales have none.
  private static func bounds(_ encoding: MixedEncoding, _ rows: MixtureRows) -> [ClosedRange<Double>] {
    encoding.numbers.enumerated().map { feature, column in
      guard column.schema.hasDeclaredRange, case .standard(let transform) = column.transform else {
        return -.infinity ... .infinity
      }
      let cell = column.jitterWidth / 2
      let values = rows.numbers.column(feature)
      // Never inside the rows themselves.
      let low = column.schema.minimum.map { min(transform.forward($0 - cell).z, values.min() ?? 0) } ?? -.infinity
      let high = column.schema.maximum.map { max(transform.forward($0 + cell).z, values.max() ?? 0) } ?? .infinity
      return low...high
    }
  }
}
