import PushforwardChains
import PushforwardCore
import PushforwardTables

extension MixedModel {
  /// Rows worked on at once.
  private static var block: Int { 256 }
  /// Categories of more classes are answered by the network, numbers by draws.
  private static var mostClasses: Int { 256 }
  /// Points of equal mass that stand for the continuous class.
  private static var points: Int { 400 }

  /// Predicts a column given all other present cells: the probability of each class from the network's head, the continuous
  /// class by quadrature along its scale.
  ///
  /// Of a category of many classes, the network's own answer to the question.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    let (index, column) = try encoder.column(target)
    guard columns.contains(target) else { throw TableError.unknownColumn(name: target, available: columns) }
    guard column.classes <= Self.mostClasses || column.levels != nil else {
      return try predictionByDraws(table, target: target, options: options, workers: workers)
    }
    if column.classes > Self.mostClasses { return try learned(table, index, target: target, workers: workers) }
    let typed = try encoder.encode(table)
    let rows = try cells(typed)
    // By Bayes' rule from the joint score of the row with each value in the cell's place, which is exact; the network's own
    // answer to the question is a learned one.
    var masses = try classScores(of: index, rows, workers: workers)
    let shapes = column.hasContinuous ? try densities(of: index, rows, workers: workers) : []
    var logProb = try chain.logProb(rows, workers: workers)
    for row in 0..<rows.count {
      let scores = masses[row] + (shapes.isEmpty ? [] : [shapes[row].logIntegral])
      let total = Logarithm.sum(scores)
      for atom in 0..<column.atoms { masses[row][atom] = Logarithm.exponential(masses[row][atom] - total) }
      let isPresent = rows.columns[index].codes[row] != ChainCells.missing
      logProb[row] = isPresent ? logProb[row] - total + typed.columns[index].constant[row] : .nan
    }
    if let answer = column.levels?.expanded(masses) {
      return ColumnPrediction(
        target: target, answer: .levels(answer.levels, probabilities: answer.probabilities), logProb: logProb, cdf: nil,
        method: .exact)
    }
    return try numbers(column, masses, shapes, table: table, target: target, options: options, logProb: logProb)
  }

  /// A category's probabilities as the network has learned to foretell them from all other present cells.
  private func learned(_ table: Table, _ index: Int, target: String, workers: WorkerPool?) throws -> ColumnPrediction {
    let typed = try encoder.encode(table)
    let rows = try cells(typed)
    let others = chain.specification.columns.indices.filter { place in
      let other = chain.specification.columns[place]
      return place != index && !other.isCondition && other.presenceOf == nil
    }
    let heads = try chain.heads(of: index, rows: rows, given: others, workers: workers)
    let masses = (0..<rows.count).map { row in
      (0..<heads.column.classes).map { heads.probability(row: row, class: $0) }
    }
    let codes = rows.columns[index].codes
    let logProb = (0..<rows.count).map { row in
      codes[row] == ChainCells.missing
        ? .nan : Logarithm.of(masses[row][Int(codes[row])]) + typed.columns[index].constant[row]
    }
    let (levels, probabilities) = encoder.columns[index].levels!.expanded(masses)
    return ColumnPrediction(
      target: target, answer: .levels(levels, probabilities: probabilities), logProb: logProb, cdf: nil,
      method: .learned)
  }

  /// The row's score with each atom in the cell's place.
  private func classScores(of index: Int, _ rows: ChainRows, workers: WorkerPool?) throws -> [[Double]] {
    let atoms = encoder.columns[index].atoms
    var scores = [[Double]](repeating: [Double](repeating: 0, count: atoms), count: rows.count)
    for atom in 0..<atoms {
      var asked = rows
      asked.columns[index].codes = [Int32](repeating: Int32(atom), count: rows.count)
      if !asked.columns[index].low.isEmpty {
        let zeros = [Float](repeating: 0, count: rows.count)
        asked.columns[index] = ChainCells(codes: asked.columns[index].codes, low: zeros, high: zeros)
      }
      let found = try chain.logProb(asked, workers: workers)
      for row in 0..<rows.count { scores[row][atom] = found[row] }
    }
    return scores
  }

  /// The row's density with the cell along the continuous class's scale, each row's integral being the class's score.
  private func densities(of index: Int, _ rows: ChainRows, workers: WorkerPool?) throws -> [GridDensity] {
    let open = Int32(encoder.columns[index].atoms)
    var grids: [GridDensity] = []
    for begin in stride(from: 0, to: rows.count, by: Self.block) {
      let some = Array(begin..<min(begin + Self.block, rows.count))
      grids += try GridDensity.adaptive(count: some.count, range: -6...6) { places, z in
        var asked = rows.selecting(places.map { some[$0] })
        let points = z.map { Float($0) }
        asked.columns[index] = ChainCells(
          codes: [Int32](repeating: open, count: places.count), low: points, high: points)
        return try chain.logProb(asked, workers: workers)
      }
    }
    return grids
  }

  private func numbers(
    _ column: TypedColumn, _ masses: [[Double]], _ shapes: [GridDensity], table: Table, target: String,
    options: PredictionOptions, logProb: [Double]
  ) throws -> ColumnPrediction {
    let truth = try table[target].map { try column.schema.counted($0) }?.numbers?.values
    let stream = RandomStream(seed: options.seed, purpose: .user)
    let atomValues = (0..<column.atoms).map { column.number(code: $0, z: 0) }
    var (means, quantiles, cdf): ([Double], [[Double]], [Double]) = ([], [], [])
    for row in masses.indices {
      var places = zip(atomValues, masses[row]).map { (value: $0, mass: $1) }
      if !shapes.isEmpty {
        let rest = max(1 - masses[row].reduce(0, +), 0) / Double(Self.points)
        places += (0..<Self.points).map { point in
          let z = shapes[row].quantile((Double(point) + 0.5) / Double(Self.points))
          return (column.number(code: column.atoms, z: z), rest)
        }
      }
      places.sort { $0.value < $1.value }
      let total = places.reduce(0) { $0 + $1.mass }
      means.append(places.reduce(0) { $0 + $1.value * $1.mass } / total)
      quantiles.append(
        options.levels.map { level in
          var below = 0.0
          for place in places {
            below += place.mass
            if below >= level * total { return place.value }
          }
          return places.last?.value ?? .nan
        })
      guard let value = truth?[row], !value.isNaN else {
        cdf.append(.nan)
        continue
      }
      // A value with a mass stands for all places inside it.
      let below = places.reduce(0) { $0 + ($1.value < value ? $1.mass : 0) }
      let equal = places.reduce(0) { $0 + ($1.value == value ? $1.mass : 0) }
      cdf.append((below + equal * stream.uniform(row: UInt64(options.firstRow + row))) / total)
    }
    return ColumnPrediction(
      target: target, answer: .numbers(mean: means, quantiles: quantiles), logProb: logProb, cdf: cdf,
      method: shapes.isEmpty ? .exact : .quadrature)
  }
}
