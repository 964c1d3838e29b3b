import PushforwardCore
import PushforwardTables

extension ModelMixture {
  /// Levels at which members give quantiles, to be mixed.
  private static let levels = (0..<400).map { (Double($0) + 0.5) / 400 }

  /// Predicts a column: members' distributions mixed by their posterior probabilities given the row's other cells.
  ///
  /// A member's density of the other cells is its score of the row less its log-probability of the cell given them. Where a
  /// member has no such density, draws answer.
  ///
  /// - Throws: what the members throw.
  public func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    guard columns.contains(target), !traits.isSequential, schema[target]?.kind != .date, table.rowCount > 0 else {
      return try predictionByDraws(table, target: target, options: options, workers: workers)
    }
    if traits.acceptsMissing {
      return try mixedPrediction(table, target: target, options: options, workers: workers)
    }
    return try predictionOfParts(table, target: target, options: options, workers: workers) { table in
      try mixedPrediction(table, target: target, options: options, workers: workers)
    }
  }

  private func mixedPrediction(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    var own = options
    own.levels = Self.levels
    var parts: [Part] = []
    for m in members.indices where weights[m] > 0 {
      guard let part = try part(m, table, target: target, options: own, workers: workers) else {
        return try predictionByDraws(table, target: target, options: options, workers: workers)
      }
      parts.append(part)
    }
    let logs = try logWeights(table)
    let posteriors = (0..<table.rowCount).map { row -> [Double] in
      let own = logs(row)
      let joint = parts.map { own[$0.member] + $0.others[row] }
      let total = Logarithm.sum(joint)
      return joint.map { total.isFinite ? Logarithm.exponential($0 - total) : 1 / Double(parts.count) }
    }
    var logProb = [Double](repeating: .nan, count: table.rowCount)
    if let cells = table[target] {
      for row in logProb.indices where !cells.isMissing(row: row) {
        logProb[row] = Logarithm.sum(
          parts.indices.map { Logarithm.of(posteriors[row][$0]) + (parts[$0].answer.logProb?[row] ?? .nan) })
      }
    }
    if case .levels = parts[0].answer.answer {
      return mixedLevels(parts, posteriors, target: target, logProb: logProb)
    }
    return mixedNumbers(parts, posteriors, target: target, options: options, logProb: logProb)
  }

  /// What one member says, and its log-density of each row's other cells.
  private struct Part {
    let member: Int
    let answer: ColumnPrediction
    let others: [Double]
  }

  /// `nil` where the member answers by draws.
  private func part(
    _ m: Int, _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> Part? {
    let member = members[m]
    let answer = try member.predict(table, target: target, options: options, workers: workers)
    if case .draws = answer.method { return nil }
    guard let logProb = answer.logProb else { return nil }
    // Any value of the cell does; a missing one gets the median, or the most probable level.
    let missing = (0..<table.rowCount).filter { table[target]?.isMissing(row: $0) ?? true }
    var (filled, conditional) = (table, logProb)
    if !missing.isEmpty {
      let guess: Column
      switch answer.answer {
      case .numbers(_, let quantiles):
        let values = quantiles.map { $0[$0.count / 2] }
        guess = .numbers(
          NumberColumn(unchecked: values, missingCount: values.count { $0.isNaN }, recording: .init()))
      case .levels(let names, let probabilities):
        guess = .categories(
          CategoryColumn(
            probabilities.map { row in row.indices.max { row[$0] < row[$1] }.map { names[$0] } }))
      }
      var cells = guess
      if let present = table[target], present.storage == guess.storage { cells = guess.replacingCells(from: present) }
      filled = try Table(
        table.columns.filter { $0.key != target }.map { ($0, $1) } + [(target, cells)], origin: table.origin)
      guard
        let again = try member.predict(filled, target: target, options: options, workers: workers).logProb
      else { return nil }
      conditional = again
    }
    let joint = try member.score(filled, workers: workers).logProb
    let others = zip(joint, conditional).map { $0 - $1 }
    return others.contains { $0.isNaN } ? nil : Part(member: m, answer: answer, others: others)
  }

  private func mixedLevels(
    _ parts: [Part], _ posteriors: [[Double]], target: String, logProb: [Double]
  ) -> ColumnPrediction {
    var names: [String] = []
    var places: [String: Int] = [:]
    for part in parts {
      guard case .levels(let own, _) = part.answer.answer else { continue }
      for name in own where places[name] == nil {
        places[name] = names.count
        names.append(name)
      }
    }
    var shares = [[Double]](repeating: [Double](repeating: 0, count: names.count), count: posteriors.count)
    for (number, part) in parts.enumerated() {
      guard case .levels(let own, let probabilities) = part.answer.answer else { continue }
      for row in posteriors.indices {
        for (place, name) in own.enumerated() {
          shares[row][places[name]!] += posteriors[row][number] * probabilities[row][place]
        }
      }
    }
    return ColumnPrediction(
      target: target, answer: .levels(names, probabilities: shares), logProb: logProb, cdf: nil, method: .exact)
  }

  private func mixedNumbers(
    _ parts: [Part], _ posteriors: [[Double]], target: String, options: PredictionOptions, logProb: [Double]
  ) -> ColumnPrediction {
    var (means, quantiles): ([Double], [[Double]]) = ([], [])
    var cdf = [Double](repeating: 0, count: posteriors.count)
    for row in posteriors.indices {
      var (values, weights, mean): ([Double], [Double], Double) = ([], [], 0)
      for (number, part) in parts.enumerated() {
        guard case .numbers(let own, let points) = part.answer.answer else { continue }
        let share = posteriors[row][number]
        mean += share * own[row]
        values += points[row]
        weights += [Double](repeating: share / Double(points[row].count), count: points[row].count)
        cdf[row] += share * (part.answer.cdf?[row] ?? .nan)
      }
      means.append(mean)
      quantiles.append(WeightedNumbers(values, weights: weights).quantiles(options.levels))
    }
    return ColumnPrediction(
      target: target, answer: .numbers(mean: means, quantiles: quantiles), logProb: logProb, cdf: cdf,
      method: .quadrature)
  }
}
