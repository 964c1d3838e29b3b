import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import PushforwardTables

extension SequenceModel {
  /// Rows without memory, under one normal distribution of all numbers and under independent columns (categories at their shares
  /// in both); with flow emissions also the chain with the normal emissions that they started from.
  public func baselines(_ table: Table) throws -> [Baseline] {
    guard let memoryless, table.rowCount > 0 else { return [] }
    let rows = try encoding.rows(table)
    func scores(_ mixture: GaussianMixture) throws -> [Double] {
      zip(try mixture.logProb(rows.mixture), rows.logDet).map(+)
    }
    var all = [
      Baseline(key: "gaussian", name: "one Gaussian, no memory", logProb: try scores(memoryless)),
      Baseline(
        key: "independent", name: "independent columns, no memory",
        logProb: try scores(memoryless.withIndependentColumns())),
    ]
    if flow != nil {
      let layout = try SequenceColumn.layout(sequence, of: table).sequences
      let logProb = zip(try hidden.rowLogProb(rows.mixture, layout), rows.logDet).map(+)
      all.append(Baseline(key: "gaussian_emissions", name: "the states with Gaussian emissions", logProb: logProb))
    }
    return all
  }
}

extension GaussianMixture {
  /// The same without covariances between columns.
  fileprivate func withIndependentColumns() throws -> GaussianMixture {
    try GaussianMixture(
      features: features, weights: weights, means: means, kind: .diagonal,
      covariances: (0..<components).flatMap { k in (0..<features).map { covariance(k, $0, $0) } }, levels: levels,
      probabilities: probabilities)
  }
}
