import PushforwardCore

/// The distribution of a column of numbers in each row given the row's other cells: a mixture of the decoder's distributions
/// over draws of the latent value.
public struct LatentNumbers: Sendable {
  /// Weights of the draws, `rows x draws`; each row's sum to one.
  public let weights: Matrix<Double>
  /// Locations of the distributions in the column's own units, `rows x draws`.
  public let locations: Matrix<Double>
  /// Their scales: standard deviations of normal ones, scales of logistic ones.
  public let scales: Matrix<Double>

  /// How many equal draws each row's are worth (Kong's effective sample size).
  public var effectiveSizes: [Double] {
    (0..<weights.rows).map { row in 1 / weights.row(row).reduce(0) { $0 + $1 * $1 } }
  }
}

/// The same of a column of categories.
public struct LatentLevels: Sendable {
  /// `rows x levels`; each row's sum to one.
  public let probabilities: Matrix<Double>
  /// How many equal draws each row's are worth.
  public let effectiveSizes: [Double]
}

/// One column given the others: p(y | x) = E[p(y | z) w(z)] / E[w(z)] for z drawn by the encoder from what it sees of x, with the
/// weights w(z) = p(x, z) / q(z | x). The same draws stand above and below, so that the estimate is a density in y.
extension VariationalAutoencoder {
  /// The distribution of a column of numbers given each row's other cells.
  ///
  /// A row's draws are a function of the seed and of its other cells (and of what is given).
  ///
  /// - Parameters:
  ///   - column: A column of numbers; its own cells are not looked at.
  ///   - rows: `rows x columns`, NaN for missing.
  ///   - context: `rows x contextFeatures`, or one row for all.
  ///   - draws: Draws a row.
  ///   - seed: Same seed, same draws.
  ///   - workers: Threads to use; the calling thread alone when `nil`.
  /// - Returns: One mixture a row.
  /// - Throws: `EngineError`, `LatentError`.
  public func predictNumbers(
    _ column: Int, _ rows: Matrix<Double>, context: Matrix<Scalar>? = nil, draws: Int, seed: UInt64 = 0,
    workers: WorkerPool? = nil
  ) throws -> LatentNumbers {
    let likelihood = specification.columns[column]
    precondition(likelihood.parameterCount == 2, "a column of numbers")
    let found = try mixing(
      column, rows, context: context, draws: draws, seed: seed, workers: workers, outputs: 3 * draws
    ) { draw, weight, parameters, add in
      add(3 * draw, weight)
      add(3 * draw + 1, parameters[parameters.startIndex])
      add(3 * draw + 2, parameters[parameters.startIndex + 1])
    }
    var parts = (0..<3).map { _ in Matrix<Double>(rows: rows.rows, columns: draws) }
    for row in 0..<rows.rows {
      let total = (0..<draws).reduce(0) { $0 + Double(found[row, 3 * $1]) }
      for draw in 0..<draws {
        parts[0][row, draw] = Double(found[row, 3 * draw]) / total
        let numbers = [Double(found[row, 3 * draw + 1]), Double(found[row, 3 * draw + 2])]
        (parts[1][row, draw], parts[2][row, draw]) = likelihood.located(numbers, floor: specification.scaleFloor)
      }
    }
    return LatentNumbers(weights: parts[0], locations: parts[1], scales: parts[2])
  }

  /// Probabilities of a category column's levels (of a column of 0 and 1, of both) given each row's other cells.
  ///
  /// - Parameters: as `predictNumbers`, of a column of categories or flags.
  /// - Returns: Probabilities a row.
  /// - Throws: `EngineError`, `LatentError`.
  public func predictLevels(
    _ column: Int, _ rows: Matrix<Double>, context: Matrix<Scalar>? = nil, draws: Int, seed: UInt64 = 0,
    workers: WorkerPool? = nil
  ) throws -> LatentLevels {
    let likelihood = specification.columns[column]
    let levels = likelihood.levelCount
    let found = try mixing(
      column, rows, context: context, draws: draws, seed: seed, workers: workers, outputs: levels + 1
    ) { _, weight, parameters, add in
      for (level, mass) in likelihood.masses(parameters).enumerated() { add(level, weight * mass) }
      add(levels, weight * weight)
    }
    var probabilities = Matrix<Double>(rows: rows.rows, columns: levels)
    for row in 0..<rows.rows {
      let total = (0..<levels).reduce(0) { $0 + Double(found[row, $1]) }
      for level in 0..<levels { probabilities[row, level] = Double(found[row, level]) / total }
    }
    return LatentLevels(
      probabilities: probabilities, effectiveSizes: (0..<rows.rows).map { 1 / Double(found[$0, levels]) })
  }

  /// Sums over draws of a row's latent value: `part` hears of each draw its number, its weight (a row's sum to one) and the
  /// decoder's numbers for the column, and adds to the row's outputs.
  private func mixing(
    _ column: Int, _ rows: Matrix<Double>, context: Matrix<Scalar>?, draws: Int, seed: UInt64, workers: WorkerPool?,
    outputs: Int,
    _ part: (_ draw: Int, _ weight: Double, _ parameters: ArraySlice<Double>, _ add: (Int, Double) -> Void) -> Void
  ) throws -> Matrix<Scalar> {
    guard draws > 0 else {
      throw EngineError.invalidSetting(name: "draws a row", expected: "at least 1", found: "\(draws)")
    }
    var rows = rows
    for row in 0..<rows.rows { rows[row, column] = .nan }
    let cells = try code(rows)
    let keys = rowKeys(cells, context: context)
    let stream = RandomStream(seed: seed, purpose: .component)
    let first = specification.columns.prefix(column).reduce(0) { $0 + $1.parameterCount }
    let width = specification.columns[column].parameterCount
    return try run(rows: rows.rows, context: context, workers: workers, outputs: outputs) { tape, context, start in
      let count = tape.rows
      var logWeights = [Double](repeating: 0, count: draws * count)
      var parameters = [Double](repeating: 0, count: draws * count * width)
      try weigh(
        Self.input(cells, start, tape), context: context, draws: draws, on: tape,
        noise: { network.noise(stream: stream.split(UInt64($0)), keys: keys[start..<start + count], on: tape) }
      ) { draw, weights, z in
        let decoded = try network.decode(z, context: context, on: tape)
        for row in 0..<count {
          logWeights[row * draws + draw] = weights[row]
          let place = (row * draws + draw) * width
          for index in 0..<width {
            parameters[place + index] = Double(tape.value(decoded, row: row, feature: first + index))
          }
        }
      }
      let out = tape.makeZeros(features: outputs)
      for row in 0..<count {
        let own = row * draws..<(row + 1) * draws
        let weights = ImportanceSums.shares(logWeights[own])
        var sums = [Double](repeating: 0, count: outputs)
        for draw in 0..<draws {
          let place = (row * draws + draw) * width
          part(draw, weights[draw], parameters[place..<place + width]) { sums[$0] += $1 }
        }
        for (feature, sum) in sums.enumerated() { tape.set(out, row: row, feature: feature, to: Scalar(sum)) }
      }
      return out
    }
  }
}
