import PushforwardCore
import PushforwardTables

extension ModelMixture {
  /// Quantiles of each member that are put together.
  private static var points: Int { 400 }

  /// Predicts a column: the members' predictions, weighted by their posterior probabilities given the row's other cells.
  ///
  /// A member's density of those cells is its joint score over its own `p(target | others)`, or its score of the row without
  /// the target, so this is as exact as the members' predictions are; where one of them has neither, the answer comes from
  /// draws.
  ///
  /// - Throws: `TableError`, and what the members throw.
  public func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    guard columns.contains(target) else { throw TableError.unknownColumn(name: target, available: columns) }
    guard !traits.isSequential, table.rowCount > 0 else {
      return try predictionByDraws(table, target: target, options: options, workers: workers)
    }
    if traits.acceptsMissing { return try posterior(table, target: target, options: options, workers: workers) }
    return try predictionOfParts(table, target: target, options: options, workers: workers) { table in
      try posterior(table, target: target, options: options, workers: workers)
    }
  }

  private func posterior(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    var asked = options
    asked.levels = (0..<Self.points).map { (Double($0) + 0.5) / Double(Self.points) }
    let used = members.indices.filter { weights[$0] > 0 }
    let first = try members[used[0]].predict(table, target: target, options: asked, workers: workers)
    // Densities are looked at where the target is; where it is missing, at a likely value.
    let whole = try first.filling(table, of: schema.column(target), levels: Self.points)
    var answers: [ColumnPrediction] = []
    var (joints, rest): ([[Double]], [[Double]]) = ([], [])
    for m in used {
      let answer = try members[m].predict(whole, target: target, options: asked, workers: workers)
      let joint = try members[m].score(whole, workers: workers).logProb
      if columns.count == 1, given.isEmpty {
        // There are no other cells.
        rest.append([Double](repeating: 0, count: table.rowCount))
      } else if members[m].traits.hasExactMarginals {
        rest.append(try members[m].score(whole.blanking(column: target), workers: workers).logProb)
      } else if let own = answer.logProb {
        rest.append(zip(joint, own).map { $0 - $1 })
      } else if members[m].traits.acceptsMissing {
        rest.append(try members[m].score(whole.blanking(column: target), workers: workers).logProb)
      } else {
        return try predictionByDraws(table, target: target, options: options, workers: workers)
      }
      answers.append(answer)
      joints.append(joint)
    }
    let logs = try logWeights(table)
    var logProb = [Double](repeating: .nan, count: table.rowCount)
    let shares = logProb.indices.map { row in
      let prior = used.map { logs(row)[$0] }
      let others = used.indices.map { prior[$0] + rest[$0][row] }
      let total = Logarithm.sum(others)
      if table[target]?.isMissing(row: row) == false {
        logProb[row] = Logarithm.sum(used.indices.map { prior[$0] + joints[$0][row] }) - total
      }
      // A cell that no member knows says nothing of the members.
      return total.isFinite ? others.map { Logarithm.exponential($0 - total) } : used.map { weights[$0] }
    }
    guard let answer = Self.combined(answers, shares, levels: options.levels) else {
      return try predictionByDraws(table, target: target, options: options, workers: workers)
    }
    let cdfs = answers.compactMap(\.cdf)
    let cdf =
      cdfs.count < answers.count
      ? nil
      : logProb.indices.map { row -> Double in
        if logProb[row].isNaN { return .nan }
        return zip(shares[row], cdfs).reduce(0) { $0 + $1.0 * $1.1[row] }
      }
    return ColumnPrediction(
      target: target, answer: answer, logProb: logProb, cdf: cdf,
      method: Self.worst(answers.map(\.method)))
  }

  private static func worst(_ methods: [ColumnPrediction.Method]) -> ColumnPrediction.Method {
    let draws = methods.first {
      if case .draws = $0 { return true }
      return false
    }
    return draws ?? (methods.contains(.quadrature) ? .quadrature : .exact)
  }

  /// The mixture of the members' distributions; `nil` if some are of numbers and some of levels.
  private static func combined(
    _ answers: [ColumnPrediction], _ shares: [[Double]], levels: [Double]
  ) -> ColumnPrediction.Answer? {
    var numbers: [(means: [Double], quantiles: [[Double]])] = []
    var categories: [(names: [String], probabilities: [[Double]])] = []
    for answer in answers {
      switch answer.answer {
      case .numbers(let means, let quantiles): numbers.append((means, quantiles))
      case .levels(let names, let probabilities): categories.append((names, probabilities))
      }
    }
    if categories.isEmpty {
      let quantiles = shares.indices.map { row -> [Double] in
        var places: [(value: Double, mass: Double)] = []
        for (member, own) in numbers.enumerated() where shares[row][member] > 0 {
          let mass = shares[row][member] / Double(points)
          places += own.quantiles[row].map { ($0, mass) }
        }
        return Self.quantiles(places.sorted { $0.value < $1.value }, levels: levels)
      }
      let means = shares.indices.map { row in
        zip(shares[row], numbers).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * $1.1.means[row] : 0) }
      }
      return .numbers(mean: means, quantiles: quantiles)
    }
    guard numbers.isEmpty else { return nil }
    var names: [String] = []
    for own in categories { for name in own.names where !names.contains(name) { names.append(name) } }
    let places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let probabilities = shares.indices.map { row -> [Double] in
      var result = [Double](repeating: 0, count: names.count)
      for (share, own) in zip(shares[row], categories) {
        for (name, mass) in zip(own.names, own.probabilities[row]) { result[places[name]!] += share * mass }
      }
      return result
    }
    return .levels(names, probabilities: probabilities)
  }

  /// The values below which the given parts of the mass lie; levels ascending or not, places ascending.
  private static func quantiles(_ places: [(value: Double, mass: Double)], levels: [Double]) -> [Double] {
    var below: [Double] = []
    var sum = 0.0
    for place in places {
      sum += place.mass
      below.append(sum)
    }
    return levels.map { level in
      var (low, high) = (0, places.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if below[middle] >= level * sum * (1 - 1e-12) { high = middle } else { low = middle + 1 }
      }
      return places.isEmpty ? .nan : places[low].value
    }
  }
}

extension ColumnPrediction {
  /// The table with the prediction's middle, or its most probable level, where the target is missing.
  fileprivate func filling(_ table: Table, of column: ColumnSchema, levels: Int) throws -> Table {
    let likely: Column
    switch answer {
    case .numbers(_, let quantiles):
      likely = column.answers(quantiles.map { $0[levels / 2] })
    case .levels(let names, let probabilities):
      likely = .categories(
        CategoryColumn(
          probabilities.map { row in row.indices.max { row[$0] < row[$1] }.map { names[$0] } }))
    }
    guard let present = table[target] else {
      return try Table(table.columns.map { ($0, $1) } + [(target, likely)], origin: table.origin)
    }
    if present.missingCount == 0 || present.storage != likely.storage { return table }
    return try Table(
      table.columns.map { ($0, $0 == target ? likely.replacingCells(from: present) : $1) }, origin: table.origin)
  }
}

extension Table {
  /// The table with all cells of a column missing.
  func blanking(column name: String) throws -> Table {
    let isNumbers = try column(name).storage == .numbers
    let missing: Column =
      isNumbers
      ? .numbers(NumberColumn(unchecked: [.nan], missingCount: 1, recording: .init()))
      : .categories(CategoryColumn([nil as String?]))
    return try replacing([(name, missing)])
  }
}
