import PushforwardCore
import PushforwardTables

/// Questions about some columns given the others, asked of a joint density on an encoder's scale: one unknown is integrated along
/// its axis, several are drawn in turn.
struct JointDensity {
  /// The map between columns and features.
  let encoder: Encoder
  /// Log-densities of complete rows, nats on the encoder's scale, given their conditions.
  let logProb: (_ rows: Matrix<Float>, _ context: Matrix<Float>?) throws -> [Double]
  /// Draws of rows given conditions (a row for each draw), numbered from `firstRow`.
  let draw: (_ count: Int, _ context: Matrix<Float>?, _ seed: UInt64, _ firstRow: Int) throws -> Matrix<Float>

  private var columns: [String] { encoder.columns.map(\.name) }

  /// Sweeps over the missing cells of a row with several of them.
  private static var sweeps: Int { 12 }
  /// Rows worked on at once.
  private static var block: Int { 512 }

  /// Fills missing cells with draws given the others.
  ///
  /// One missing cell is drawn from its exact conditional density, found by adaptive bisection; all missing, from the model;
  /// several, by Gibbs sampling (12 sweeps of exact conditional draws, begun at a draw of the model), which approaches
  /// their joint distribution but is not yet there when the missing columns depend strongly on each other.
  func complete(_ table: Table, seed: UInt64, firstRow: Int, draw number: Int) throws -> Table {
    let partial = try encoder.encodePartially(table)
    let width = columns.count
    let context = contextMatrix(partial)
    // A seed of its own for each draw; rows are told apart by their numbers.
    let drawSeed = RandomStream(seed: seed, purpose: .user).split(UInt64(number)).seed
    let start = try draw(partial.rowCount, context, drawSeed, firstRow)
    var values = partial.values
    var gaps = [[Int]](repeating: [], count: partial.rowCount)
    for row in 0..<partial.rowCount {
      gaps[row] = (0..<width).filter { values[row * width + $0].isNaN }
      for feature in gaps[row] { values[row * width + feature] = Double(start[row, feature]) }
    }
    for sweep in 0..<Self.sweeps {
      for feature in 0..<width {
        let rows = gaps.indices.filter {
          gaps[$0].contains(feature) && gaps[$0].count < width && (sweep == 0 || gaps[$0].count > 1)
        }
        for begin in stride(from: 0, to: rows.count, by: Self.block) {
          let some = Array(rows[begin..<min(begin + Self.block, rows.count)])
          let grids = try conditionals(of: feature, rows: some, values: values, context: context)
          let stream = RandomStream(seed: drawSeed, purpose: .component)
          for (row, grid) in zip(some, grids) {
            let u = stream.uniform(row: UInt64(firstRow + row), index: UInt32(sweep * width + feature))
            values[row * width + feature] = grid.quantile(u)
          }
        }
      }
    }
    return try encoder.complete(table, with: values)
  }

  /// Predicts a column of a model given all the others: by quadrature where they are present, by draws elsewhere.
  func predict(
    _ table: Table, target: String, options: PredictionOptions, of model: some TableModel, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    guard let feature = columns.firstIndex(of: target) else {
      throw TableError.unknownColumn(name: target, available: columns)
    }
    guard encoder.columns[feature].schema.kind != .date else {
      return try model.predictionByDraws(table, target: target, options: options, workers: workers)
    }
    return try model.predictionOfParts(table, target: target, options: options, workers: workers) { table in
      try predictionByQuadrature(table, target: target, feature: feature, options: options)
    }
  }

  private func predictionByQuadrature(
    _ table: Table, target: String, feature: Int, options: PredictionOptions
  ) throws -> ColumnPrediction {
    let partial = try encoder.encodePartially(table)
    let (width, count) = (columns.count, partial.rowCount)
    let column = encoder.columns[feature]
    let rounding = column.roundingStep.flatMap { RecordingStep($0) }
    let context = contextMatrix(partial)
    var (means, quantiles): ([Double], [[Double]]) = ([], [])
    var (logProb, cdf): ([Double], [Double]) = ([], [])
    for begin in stride(from: 0, to: count, by: Self.block) {
      let rows = Array(begin..<min(begin + Self.block, count))
      let grids = try conditionals(of: feature, rows: rows, values: partial.values, context: context)
      for (row, grid) in zip(rows, grids) {
        means.append(grid.mean { column.decode($0, step: nil) })
        quantiles.append(options.levels.map { column.decode(grid.quantile($0), step: rounding) })
        let z = partial.values[row * width + feature]
        // The joint density at the cell follows; a missing one stays NaN.
        logProb.append(partial.logDets[row * width + feature] - grid.logIntegral)
        cdf.append(z.isNaN ? .nan : grid.cdf(z))
      }
    }
    let joint = try self.logProb(
      Matrix(rows: count, columns: width, values: partial.values.map { Float($0) }), context)
    for row in 0..<count { logProb[row] += joint[row] }
    return ColumnPrediction(
      target: target, answer: .numbers(mean: means, quantiles: quantiles), logProb: logProb, cdf: cdf,
      method: .quadrature)
  }

  /// `log p` of the other cells of rows in which one modelled column counts as missing, by quadrature along it.
  func marginalLogProb(_ table: Table, without name: String) throws -> [Double] {
    guard let feature = columns.firstIndex(of: name) else {
      throw TableError.unknownColumn(name: name, available: columns)
    }
    let partial = try encoder.encodePartially(table)
    let width = columns.count
    let context = contextMatrix(partial)
    var result: [Double] = []
    for begin in stride(from: 0, to: partial.rowCount, by: Self.block) {
      let rows = Array(begin..<min(begin + Self.block, partial.rowCount))
      let grids = try conditionals(of: feature, rows: rows, values: partial.values, context: context)
      for (row, grid) in zip(rows, grids) {
        let slopes = (0..<width).reduce(0) { $0 + ($1 == feature ? 0 : partial.logDets[row * width + $1]) }
        result.append(grid.logIntegral + slopes)
      }
    }
    return result
  }

  /// The densities of one feature, on the model's scale, given the rest of each row.
  private func conditionals(
    of feature: Int, rows: [Int], values: [Double], context: Matrix<Float>?
  ) throws -> [GridDensity] {
    let width = columns.count
    return try GridDensity.adaptive(count: rows.count, range: range(of: feature)) { indices, places in
      var matrix = Matrix<Float>(rows: indices.count, columns: width)
      for (index, place) in zip(indices, places).enumerated() {
        let row = rows[place.0]
        for column in 0..<width { matrix[index, column] = Float(values[row * width + column]) }
        matrix[index, feature] = Float(place.1)
      }
      let given = context.map { $0.selectingRows(indices.map { rows[$0] }) }
      return try logProb(matrix, given)
    }
  }

  /// Where a feature may lie: the training data's range and a margin.
  private func range(of feature: Int) -> ClosedRange<Double> {
    let column = encoder.columns[feature]
    let ends = [column.schema.minimum, column.schema.maximum].compactMap { $0.map { column.transform.forward($0).z } }
    let (low, high) = (min(ends.min() ?? -6, -4), max(ends.max() ?? 6, 4))
    return low - 1.5...high + 1.5
  }

  private func contextMatrix(_ rows: PartialRows) -> Matrix<Float>? {
    encoder.conditionWidth == 0
      ? nil
      : Matrix(rows: rows.rowCount, columns: encoder.conditionWidth, values: rows.conditions.map { Float($0) })
  }
}
