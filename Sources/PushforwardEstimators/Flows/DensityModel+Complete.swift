import PushforwardCore
import PushforwardTables

extension DensityModel {
  /// Fills missing cells with draws given the others.
  ///
  /// One missing cell is drawn from its exact conditional density, found by adaptive bisection; all missing, from the model;
  /// several, by Gibbs sampling (12 sweeps of exact conditional draws, begun at a draw of the model), which approaches
  /// their joint distribution but is not yet there when the missing columns depend strongly on each other.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    try joint(workers).complete(table, seed: seed, firstRow: firstRow, draw: draw)
  }

  /// Predicts a column given all the others: by quadrature where they are present, by draws elsewhere.
  public func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    try joint(workers).predict(table, target: target, options: options, of: self, workers: workers)
  }

  /// `log p` of the other cells of rows in which one modelled column counts as missing, by quadrature along it.
  func marginalLogProb(_ table: Table, without name: String, workers: WorkerPool?) throws -> [Double] {
    try joint(workers).marginalLogProb(table, without: name)
  }

  private func joint(_ workers: WorkerPool?) -> JointDensity {
    JointDensity(encoder: encoder) { rows, context in
      try flow.logProb(rows, context: context, workers: workers).map(Double.init)
    } draw: { count, context, seed, firstRow in
      try flow.sample(count: count, context: context, seed: seed, firstRow: UInt64(firstRow), workers: workers)
    }
  }
}
