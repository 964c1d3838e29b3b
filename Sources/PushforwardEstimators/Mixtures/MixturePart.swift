import PushforwardCore
import PushforwardMixtures
import PushforwardTables

/// A mixture with the map of the columns that it stands on.
struct MixturePart: Sendable {
  let encoding: MixedEncoding
  let mixture: GaussianMixture

  /// `log p(modelled | given)` of a row's present cells, in nats and data units.
  func logProb(_ table: Table, workers: WorkerPool?) throws -> [Double] {
    try scores(table, workers: workers).logProb
  }

  /// The same, with what a reader must know of the rows.
  func scores(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    let rows = try encoding.rows(table)
    var logProb = try mixture.logProb(rows.mixture, workers: workers)
    for row in logProb.indices { logProb[row] += rows.logDet[row] }
    if !encoding.given.isEmpty {
      let conditions = try encoding.rows(table, hiding: Set(encoding.modelled))
      let marginal = try mixture.logProb(conditions.mixture, workers: workers)
      for row in logProb.indices { logProb[row] -= marginal[row] }
    }
    return RowScores(logProb: logProb, scoredRows: Array(logProb.indices), leftOutNote: rows.note)
  }

  /// Puts the numbers into a file as tensors, and gives back what is left to describe.
  func store(in archive: inout ModelArchive, prefix: String) throws -> Stored {
    let (count, d) = (mixture.components, mixture.features)
    try archive.add(prefix + "weights", shape: [count], mixture.weights)
    if d > 0 {
      try archive.add(prefix + "means", shape: [count, d], mixture.means)
      try archive.add(prefix + "covariances", shape: Self.shape(mixture.kind, count, d), mixture.covariances)
    }
    for (column, table) in mixture.probabilities.enumerated() {
      try archive.add(prefix + "probabilities.\(column)", shape: [count, mixture.levels[column]], table)
    }
    return Stored(encoding: encoding, kind: mixture.kind, components: count)
  }

  /// What is not a tensor.
  struct Stored: Codable {
    var encoding: MixedEncoding
    var kind: CovarianceKind
    var components: Int
  }

  init(encoding: MixedEncoding, mixture: GaussianMixture) { (self.encoding, self.mixture) = (encoding, mixture) }

  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  init(_ stored: Stored, from archive: ModelArchive, prefix: String) throws {
    let (count, d) = (stored.components, stored.encoding.numbers.count)
    guard count >= 1, count <= 1 << 20, d <= 1 << 16 else {
      throw archive.damage("\(count) components of \(d) columns")
    }
    do {
      mixture = try GaussianMixture(
        features: d, weights: archive.values(prefix + "weights", shape: [count]),
        means: d > 0 ? archive.values(prefix + "means", shape: [count, d]) : [], kind: stored.kind,
        covariances: d > 0 ? archive.values(prefix + "covariances", shape: Self.shape(stored.kind, count, d)) : [],
        levels: stored.encoding.levels,
        probabilities: stored.encoding.levels.enumerated().map { column, width in
          try archive.values(prefix + "probabilities.\(column)", shape: [count, width])
        })
    } catch let error as MixtureError {
      throw archive.damage("\(error)")
    }
    encoding = stored.encoding
  }

  private static func shape(_ kind: CovarianceKind, _ count: Int, _ d: Int) -> [Int] {
    switch kind {
    case .full: [count, d, d]
    case .tied: [d, d]
    case .diagonal: [count, d]
    case .spherical: [count]
    }
  }
}

extension Baseline {
  /// One normal component and independent columns, as models are reported beside them.
  static func pair(gaussian: MixturePart, independent: MixturePart, of table: Table) throws -> [Baseline] {
    [
      Baseline(
        key: "gaussian", name: "full-covariance Gaussian", logProb: try gaussian.logProb(table, workers: nil)),
      Baseline(
        key: "independent", name: "independent columns", logProb: try independent.logProb(table, workers: nil)),
    ]
  }
}
