import PushforwardCore

extension GaussianMixture {
  /// `log p` of each row, in nats: of its present cells where some are missing (0 where all are).
  ///
  /// - Throws: `MixtureError.size` when the columns are not those of the mixture.
  public func logProb(_ rows: MixtureRows, workers: WorkerPool? = nil) throws(MixtureError) -> [Double] {
    try check(rows)
    let tiles = arranged(rows)
    var out = [Double](repeating: 0, count: rows.count)
    out.withUnsafeMutableBufferPointer { out in
      guard let out = out.baseAddress else { return }
      MixturePass(tiles).run(
        self, completing: false, workers: workers, begin: { _ in },
        body: { _, evaluator, segment, first, count, _ in
          Self.eachRow(tiles, segment, first, count) { lane, row in out[row] = evaluator.logProb.pointer[lane] }
        }, end: { _, _ in })
    }
    return out
  }

  /// Posterior probability of each component given a row's present cells: `rows x components`, each row sums to one.
  ///
  /// - Throws: `MixtureError.size` when the columns are not those of the mixture.
  public func responsibilities(
    _ rows: MixtureRows, workers: WorkerPool? = nil
  ) throws(MixtureError) -> Matrix<Double> {
    try check(rows)
    let tiles = arranged(rows)
    let width = components
    var out = Matrix<Double>(rows: rows.count, columns: width)
    out.values.withUnsafeMutableBufferPointer { out in
      guard let out = out.baseAddress else { return }
      MixturePass(tiles).run(
        self, completing: false, workers: workers, begin: { _ in },
        body: { _, evaluator, segment, first, count, _ in
          Self.eachRow(tiles, segment, first, count) { lane, row in
            self.posterior(evaluator, lane, into: out + row * width)
          }
        }, end: { _, _ in })
    }
    return out
  }

  /// Posterior of one lane of the block evaluated last; the weights where the row is impossible.
  func posterior(_ evaluator: MixtureEvaluator, _ lane: Int, into out: UnsafeMutablePointer<Double>) {
    let (width, lanes) = (components, PatternTiles.lanes)
    let total = evaluator.logProb.pointer[lane]
    for k in 0..<width {
      let joint = evaluator.logJoint.pointer[(lane / lanes * width + k) * lanes + lane % lanes]
      out[k] = total.isFinite ? PatternFactors.exponential(joint - total) : weights[k]
    }
  }

  func arranged(_ rows: MixtureRows) -> PatternTiles {
    PatternTiles(
      rows, shift: [Double](repeating: 0, count: features), scale: [Double](repeating: 1, count: features))
  }

  static func eachRow(
    _ tiles: PatternTiles, _ segment: PatternTiles.Segment, _ first: Int, _ count: Int,
    _ body: (_ lane: Int, _ row: Int) -> Void
  ) {
    let start = (segment.firstTile + first) * PatternTiles.lanes
    for lane in 0..<count * PatternTiles.lanes {
      let row = tiles.rowOfLane[start + lane]
      if row >= 0 { body(lane, Int(row)) }
    }
  }

  func check(_ rows: MixtureRows) throws(MixtureError) {
    if rows.numbers.columns != features {
      throw .size(what: "numeric columns", expected: features, found: rows.numbers.columns)
    }
    if rows.levels != levels {
      throw .value(what: "levels of the categories", expected: "\(levels)", found: "\(rows.levels)")
    }
  }
}
