import PushforwardCore
import PushforwardTables

extension ModelStack {
  /// Fills missing cells with draws given the others, as a flow does: exactly where one is missing, else by Gibbs sampling.
  ///
  /// - Throws: `EstimatorError.cannotAnswer` where the inner model is one of sequences; `TableError`.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    try joint("the distribution of missing cells given the others", workers)
      .complete(table, seed: seed, firstRow: firstRow, draw: draw)
  }

  /// Predicts a column given all the others: by quadrature where they are present, by draws elsewhere.
  ///
  /// - Throws: as `complete`.
  public func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    try joint("a column given the others", workers)
      .predict(table, target: target, options: options, of: self, workers: workers)
  }

  private func joint(_ question: String, _ workers: WorkerPool?) throws -> JointDensity {
    guard traits.completes else {
      throw EstimatorError.cannotAnswer(
        model: "stack of a flow and \(inner.record.model.rawValue)", question: question)
    }
    return JointDensity(encoder: outer.encoder) { rows, context in
      let (columns, logDet) = try Self.latentColumns(outer, rows, context, workers: workers)
      return zip(try inner.score(Table(columns), workers: workers).logProb, logDet).map(+)
    } draw: { count, context, seed, firstRow in
      let drawn = try inner.sample(count: count, given: nil, seed: seed, firstRow: firstRow, workers: workers)
      return try latentDecoded(drawn, context, workers: workers)
    }
  }
}
