import PushforwardCore
import PushforwardEvaluation
import PushforwardTables

/// Whether rows lie among a model's draws as one draw lies among others: what holds of a right model, and of its rows only.
///
/// Each row is ranked among draws that were made under the row's own conditions. By value of a column, the ranks check the
/// column's distribution given the conditions (simulation-based calibration: Talts et al. 2018, arXiv:1804.06788). By
/// log-density, they check the regions of highest density: a row whose log-density exceeds that of a share `1 - c` of
/// the draws lies in the region that holds `c` of the probability (expected coverage: Hermans et al. 2022, arXiv:2110.06581).
public struct JointCalibration: Codable, Sendable, Equatable {
  /// Ranks of one kind.
  public struct Ranks: Codable, Sendable, Equatable {
    /// The column; empty for the regions of highest density.
    public var name: String
    /// How often central intervals (of the column), or regions of highest density, held the row.
    public var coverage: [QuantityPrediction.Coverage]
    /// Kolmogorov's distance between the ranks and the uniform distribution.
    public var uniformityDistance: Double
    /// How probable a distance at least as large is for a right model; small is bad.
    public var uniformityProbability: Double

    private enum CodingKeys: String, CodingKey {
      case name, coverage
      case uniformityDistance = "ks"
      case uniformityProbability = "p"
    }
  }

  /// Rows ranked.
  public var rowCount: Int
  /// Draws beside each row.
  public var draws: Int
  /// Of the regions of highest density of whole rows.
  public var regions: Ranks
  /// Of the modelled columns of numbers, each given the conditions alone.
  public var columns: [Ranks]

  private enum CodingKeys: String, CodingKey {
    case rowCount = "rows"
    case draws, regions, columns
  }
}

extension TableModel {
  /// Ranks a table's rows among draws under their conditions.
  ///
  /// - Parameters:
  ///   - table: Rows other than those fitted to. Rows that cannot be scored, or miss modelled cells, are not ranked.
  ///   - draws: Draws beside each row, at least 1. A model without conditions draws them once for all rows, at least 4,000.
  ///   - seed: Same seed, same draws.
  ///   - weights: Column that says how often each row counts; `nil`: once.
  ///   - workers: Threads to use.
  /// - Returns: Coverage and uniformity of the ranks.
  /// - Throws: `EstimatorError.tooFewRows` when no row is left, `.cannotAnswer` for models of sequences; as `score` and
  ///   `sample`.
  public func calibration(
    of table: Table, draws: Int = 200, seed: UInt64 = 0, weights: String? = nil, workers: WorkerPool? = nil
  ) throws -> JointCalibration {
    if traits.isSequential {
      throw EstimatorError.cannotAnswer(
        model: record.model.rawValue, question: "draws of a row apart from the rows before it")
    }
    guard draws > 0 else { throw EngineError.invalidSetting(name: "draws", expected: "1 or more", found: "\(draws)") }
    let scores = try score(table, workers: workers)
    let modelled = try columns.map { try table.column($0) }
    let rowWeights = try weights.map { try table.rowWeights(column: $0) }
    let rows = scores.scoredRows.filter { row in
      !scores.logProb[row].isNaN && rowWeights?[row] != 0 && modelled.allSatisfy { !$0.isMissing(row: row) }
    }
    if rows.isEmpty { throw EstimatorError.tooFewRows(expected: 1, found: 0, note: scores.leftOutNote) }

    let counted = rowWeights.map { all in rows.map { all[$0] } }
    var ranking = DrawRanking(names: columns, weights: counted, stream: RandomStream(seed: seed, purpose: .user))
    if conditions.isEmpty {
      let drawn = try sample(count: max(draws, 4000), given: nil, seed: seed, firstRow: 0, workers: workers)
      let densities = try score(drawn, workers: workers).logProb
      for row in rows {
        ranking.add(
          row, of: table, logProb: scores.logProb[row], among: drawn, densities, places: 0..<drawn.rowCount)
      }
      return ranking.calibration(draws: drawn.rowCount)
    }
    let block = max(1, 50_000 / draws)
    for start in stride(from: 0, to: rows.count, by: block) {
      let part = rows[start..<min(start + block, rows.count)]
      let repeated = part.flatMap { [Int](repeating: $0, count: draws) }
      let conditions = try table.selecting(columns: given).selecting(rows: repeated)
      let drawn = try sample(
        count: repeated.count, given: conditions, seed: seed, firstRow: start * draws, workers: workers)
      let whole = try Table(
        given.map { ($0, try conditions.column($0)) } + drawn.names.map { ($0, try drawn.column($0)) })
      let densities = try score(whole, workers: workers).logProb
      for (index, row) in part.enumerated() {
        let places = index * draws..<(index + 1) * draws
        ranking.add(row, of: table, logProb: scores.logProb[row], among: drawn, densities, places: places)
      }
    }
    return ranking.calibration(draws: draws)
  }
}

/// Ranks in the making, as places between 0 and 1.
private struct DrawRanking {
  let names: [String]
  /// One a row that will be added; all alike when `nil`.
  let weights: [Double]?
  /// Ranks among equal values are drawn.
  let stream: RandomStream
  private var regions: [Double] = []
  private var columns: [[Double]]

  init(names: [String], weights: [Double]?, stream: RandomStream) {
    (self.names, self.weights, self.stream) = (names, weights, stream)
    columns = names.map { _ in [] }
  }

  mutating func add(
    _ row: Int, of table: Table, logProb: Double, among drawn: Table, _ densities: [Double], places: Range<Int>
  ) {
    // The place of a row is the probability of the smallest region of highest density that holds it.
    regions.append(1 - place(of: logProb, among: densities, places, row: row, index: 0))
    for (index, name) in names.enumerated() {
      guard let value = table[name]?.numbers?.values[row], let others = drawn[name]?.numbers?.values else { continue }
      columns[index].append(place(of: value, among: others, places, row: row, index: UInt32(index + 1)))
    }
  }

  private func place(of value: Double, among others: [Double], _ places: Range<Int>, row: Int, index: UInt32) -> Double
  {
    var (below, equal, count) = (0, 0, 0)
    for place in places where !others[place].isNaN {
      if others[place] < value { below += 1 }
      if others[place] == value { equal += 1 }
      count += 1
    }
    let u = stream.uniform(row: UInt64(row), index: index)
    return (Double(below) + u * Double(equal + 1)) / Double(count + 1)
  }

  func calibration(draws: Int) -> JointCalibration {
    JointCalibration(
      rowCount: regions.count, draws: draws, regions: ranks("", regions, holds: { level, place in place <= level }),
      columns: zip(names, columns).filter { !$1.isEmpty }.map { name, places in
        ranks(name, places, holds: { level, place in place >= (1 - level) / 2 && place <= (1 + level) / 2 })
      })
  }

  private func ranks(_ name: String, _ places: [Double], holds: (Double, Double) -> Bool) -> JointCalibration.Ranks {
    let uniformity = Uniformity(places, weights: weights)
    return JointCalibration.Ranks(
      name: name,
      coverage: QuantityPrediction.intervals.map { level in
        let found = weightedMean(places.count, weights: weights) { holds(level, places[$0]) ? 1 : 0 }
        return QuantityPrediction.Coverage(level: level, found: found)
      },
      uniformityDistance: uniformity.distance, uniformityProbability: uniformity.probability)
  }
}
