import PushforwardCore
import PushforwardLatent
import PushforwardMixtures
import PushforwardTables

extension LatentModel {
  /// Rows worked on at once.
  private static var block: Int { 2048 }

  /// Predicts a column given the others: the decoder's distributions of it, mixed over weighted draws of the latent value that
  /// the encoder makes of the other cells.
  ///
  /// The density is that of the mixture; effective sample sizes tell what the weights leave of the draws, of which there are as
  /// many as for a score, or as many as the options say if that is more.
  ///
  /// - Throws: `TableError`.
  public func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    guard let index = columns.firstIndex(of: target) else {
      throw TableError.unknownColumn(name: target, available: columns)
    }
    if schema[target]?.kind == .date || table.rowCount == 0 {
      return try predictionByDraws(table, target: target, options: options, workers: workers)
    }
    let parts = try stride(from: 0, to: table.rowCount, by: Self.block).map { begin in
      let rows = begin..<min(begin + Self.block, table.rowCount)
      var own = options
      (own.draws, own.firstRow) = (max(options.draws, scoringDraws), options.firstRow + begin)
      let part = rows.count == table.rowCount ? table : table.selecting(rows: rows)
      return (Array(rows), try prediction(part, index, own, workers))
    }
    return parts.count == 1 ? parts[0].1 : ColumnPrediction(merging: parts, count: table.rowCount)
  }

  private func prediction(
    _ table: Table, _ index: Int, _ options: PredictionOptions, _ workers: WorkerPool?
  ) throws -> ColumnPrediction {
    let entry = cells.entries[index]
    let rows = try completeRows(of: table.leavingOut(column: entry.name))
    var found: ColumnPrediction
    let sizes: [Double]
    if entry.isOfLevels {
      let parts = try autoencoder.predictLevels(
        index, rows.cells, context: rows.context, draws: options.draws, seed: options.seed, workers: workers)
      sizes = parts.effectiveSizes
      found =
        if case .levels(let levels) = entry.form {
          levelAnswer(table, entry, levels, parts.probabilities, options)
        } else {
          try placeAnswer(table, entry, parts.probabilities, options)
        }
    } else {
      let parts = try autoencoder.predictNumbers(
        index, rows.cells, context: rows.context, draws: options.draws, seed: options.seed, workers: workers)
      sizes = parts.effectiveSizes
      found =
        if let lattice = LatticePrediction(parts, autoencoder.specification.columns[index]) {
          try latticeAnswer(table, entry, lattice, options)
        } else {
          try realAnswer(table, entry, parts, options)
        }
    }
    found.effectiveSizes = sizes
    return found
  }

  /// Cells of the column in the table as numbers, NaN where there are none.
  private func numbers(_ table: Table, _ entry: LatentColumn) throws -> [Double] {
    guard let column = table[entry.name] else { return [Double](repeating: .nan, count: table.rowCount) }
    return try entry.schema.numbers(column, place: table.place(ofRow:)).values
  }

  private func realAnswer(
    _ table: Table, _ entry: LatentColumn, _ parts: LatentNumbers, _ options: PredictionOptions
  ) throws -> ColumnPrediction {
    guard let column = cells.encoder.columns.first(where: { $0.name == entry.name }) else {
      throw TableError.unknownColumn(name: entry.name, available: columns)
    }
    let mixture = NumberPrediction(weights: parts.weights, means: parts.locations, deviations: parts.scales)
    let rounding = column.roundingStep.flatMap { RecordingStep($0) }
    let rows = 0..<table.rowCount
    var (logProb, cdf) = ([Double](repeating: .nan, count: rows.count), [Double](repeating: .nan, count: rows.count))
    for (row, value) in try numbers(table, entry).enumerated() where !value.isNaN {
      let (z, logDet) = column.transform.forward(value)
      let logs = (0..<options.draws).map { draw in
        let (place, scale) = (parts.locations[row, draw], parts.scales[row, draw])
        let u = (z - place) / scale
        return Logarithm.of(parts.weights[row, draw] / scale) - 0.5 * u * u - NormalScale.halfLogTwoPi
      }
      logProb[row] = Logarithm.sum(logs) + logDet
      cdf[row] = mixture.cdf(row, z)
    }
    return ColumnPrediction(
      target: entry.name,
      answer: .numbers(
        mean: rows.map { row in mixture.mean(row) { column.decode($0, step: nil) } },
        quantiles: rows.map { row in
          mixture.quantiles(row, options.levels).map { column.decode($0, step: rounding) }
        }),
      logProb: logProb, cdf: cdf, method: .draws(options.draws))
  }

  private func latticeAnswer(
    _ table: Table, _ entry: LatentColumn, _ lattice: LatticePrediction, _ options: PredictionOptions
  ) throws -> ColumnPrediction {
    let rows = 0..<table.rowCount
    let stream = RandomStream(seed: options.seed, purpose: .user)
    var (logProb, cdf) = ([Double](repeating: .nan, count: rows.count), [Double](repeating: .nan, count: rows.count))
    let values = try table[entry.name].map { try entry.cells($0, place: table.place(ofRow:)) }
    for (row, value) in (values ?? []).enumerated() where !value.isNaN {
      let mass = lattice.logMass(row, value)
      logProb[row] = mass - entry.logStep
      // A place between the values of the distribution function below and at the cell.
      let u = stream.uniform(row: UInt64(options.firstRow + row))
      let at = lattice.cdf(row, value)
      cdf[row] = min(max(at - (1 - u) * Logarithm.exponential(mass), 0), 1)
    }
    return ColumnPrediction(
      target: entry.name,
      answer: .numbers(
        mean: rows.map { lattice.mean($0) },
        quantiles: rows.map { lattice.quantiles($0, options.levels) }),
      logProb: logProb, cdf: cdf, method: .draws(options.draws))
  }

  /// Whole numbers each of which is a level of its own.
  private func placeAnswer(
    _ table: Table, _ entry: LatentColumn, _ shares: Matrix<Double>, _ options: PredictionOptions
  ) throws -> ColumnPrediction {
    let rows = 0..<table.rowCount
    let stream = RandomStream(seed: options.seed, purpose: .user)
    let values = try entry.column((0..<shares.columns).map(Double.init)).numbers?.values ?? []
    var (logProb, cdf) = ([Double](repeating: .nan, count: rows.count), [Double](repeating: .nan, count: rows.count))
    let codes = try table[entry.name].map { try entry.cells($0, place: table.place(ofRow:)) }
    for (row, code) in (codes ?? []).enumerated() where !code.isNaN {
      logProb[row] = Logarithm.of(shares[row, Int(code)]) - entry.logStep
      let below = (0..<Int(code)).reduce(0) { $0 + shares[row, $1] }
      cdf[row] = below + stream.uniform(row: UInt64(options.firstRow + row)) * shares[row, Int(code)]
    }
    return ColumnPrediction(
      target: entry.name,
      answer: .numbers(
        mean: rows.map { row in zip(values, shares.row(row)).reduce(0) { $0 + $1.0 * $1.1 } },
        quantiles: rows.map { row in
          let points = WeightedNumbers(values, weights: Array(shares.row(row)))
          return options.levels.map { points.smallest(reaching: $0) }
        }),
      logProb: logProb, cdf: cdf, method: .draws(options.draws))
  }

  private func levelAnswer(
    _ table: Table, _ entry: LatentColumn, _ levels: [String], _ shares: Matrix<Double>, _ options: PredictionOptions
  ) -> ColumnPrediction {
    let places = Dictionary(uniqueKeysWithValues: zip(levels, levels.indices))
    let other = entry.schema.otherLevel.flatMap { places[$0] }
    var logProb = [Double](repeating: .nan, count: table.rowCount)
    if let cells = table[entry.name]?.categories {
      for row in 0..<table.rowCount {
        guard let text = cells[row] else { continue }
        logProb[row] = (places[text] ?? other).map { Logarithm.of(shares[row, $0]) } ?? -.infinity
      }
    }
    return ColumnPrediction(
      target: entry.name,
      answer: .levels(levels, probabilities: (0..<table.rowCount).map { Array(shares.row($0)) }), logProb: logProb,
      cdf: nil, method: .draws(options.draws))
  }
}
