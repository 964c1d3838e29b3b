import PushforwardCore
import PushforwardTables

/// How near synthetic rows come to the rows that a model was fitted to, beside rows that it has never seen.
public struct Privacy: Codable, Sendable, Equatable {
  /// Share of synthetic rows that equal a training row in every column.
  public var copies: Double
  /// Share of holdout rows that do: as many copies are chance.
  ///
  /// `nil` without a holdout.
  public var copiesInHoldout: Double?
  /// Median distance of a synthetic row to its nearest training row: the mean over columns of the difference, a quantity's in
  /// units of its range, a category's 0 or 1 (Gower 1971).
  public var distanceToTraining: Double
  /// Median distance of a holdout row to its nearest training row.
  public var distanceOfHoldout: Double?
  /// Share of synthetic rows that are nearer to a training row than to any of as many holdout rows; one half is chance.
  public var nearerToTraining: Double?

  private enum CodingKeys: String, CodingKey {
    case copies
    case copiesInHoldout = "copies_in_holdout"
    case distanceToTraining = "distance_to_training"
    case distanceOfHoldout = "distance_of_holdout"
    case nearerToTraining = "nearer_to_training"
  }

  /// Synthetic rows and rows to be near to that are looked at, at most; drawn at random beyond.
  private static let (mostRows, mostNeighbours) = (1_000, 20_000)

  /// Compares.
  ///
  /// - Parameters:
  ///   - training: The rows that the model was fitted to.
  ///   - synthetic: The rows judged.
  ///   - holdout: Rows of the same source that the model was not fitted to.
  ///   - columns: The columns looked at.
  ///   - seed: Of the choice of rows in large tables.
  ///   - workers: Threads to use.
  /// - Throws: `TableError.unknownColumn`.
  public init(
    training: Table, synthetic: Table, holdout: Table?, columns: [String], seed: UInt64 = 0,
    workers: WorkerPool = WorkerPool()
  ) throws {
    let tables = [training, synthetic] + (holdout.map { [$0] } ?? [])
    let paired = try columns.map { try PairedColumns($0, tables: tables) }
    let rows = tables.indices.map { Rows(paired, table: $0) }
    let known = Set((0..<training.rowCount).map { rows[0].key(of: $0) })
    func copied(_ table: Int) -> Double {
      let count = tables[table].rowCount
      return Double((0..<count).count { known.contains(rows[table].key(of: $0)) }) / Double(max(count, 1))
    }
    copies = copied(1)
    copiesInHoldout = holdout == nil ? nil : copied(2)

    func some(_ table: Int, _ most: Int) -> [Int] {
      let count = tables[table].rowCount
      if count <= most { return Array(0..<count) }
      let order = RandomStream(seed: seed, purpose: .split).split(UInt64(table)).permutation(count: count)
      return order.prefix(most).map { Int($0) }.sorted()
    }
    let scales = Self.scales(paired)
    func nearest(_ table: Int, _ asked: [Int], to other: Int, _ neighbours: [Int]) -> [Double] {
      rows[table].nearest(asked, in: rows[other], neighbours, scales: scales, workers: workers)
    }
    let asked = some(1, Self.mostRows)
    distanceToTraining = nearest(1, asked, to: 0, some(0, Self.mostNeighbours)).median
    guard let holdout else { return }
    distanceOfHoldout = nearest(2, some(2, Self.mostRows), to: 0, some(0, Self.mostNeighbours)).median
    let size = min(training.rowCount, holdout.rowCount, Self.mostNeighbours)
    let toTraining = nearest(1, asked, to: 0, some(0, size))
    let toHoldout = nearest(1, asked, to: 2, some(2, size))
    let nearer = zip(toTraining, toHoldout).reduce(0.0) { $0 + ($1.0 < $1.1 ? 1 : $1.0 == $1.1 ? 0.5 : 0) }
    nearerToTraining = nearer / Double(max(asked.count, 1))
  }

  /// One over a quantity's range in the training rows; 0 for categories, which differ or do not.
  private static func scales(_ columns: [PairedColumns]) -> [Double] {
    columns.map { column in
      if column.isCategory { return 0 }
      let values = column.values[0].filter { !$0.isNaN }
      guard let low = values.min(), let high = values.max(), high > low else { return 1 }
      return 1 / (high - low)
    }
  }

  /// A table's rows, row-major.
  private struct Rows {
    let width: Int
    let values: [Double]

    init(_ columns: [PairedColumns], table: Int) {
      width = columns.count
      let count = columns.first?.values[table].count ?? 0
      var values = [Double](repeating: 0, count: count * columns.count)
      for (index, column) in columns.enumerated() {
        for (row, value) in column.values[table].enumerated() { values[row * columns.count + index] = value }
      }
      self.values = values
    }

    /// What two equal rows, and no others, have in common.
    func key(of row: Int) -> [UInt64] {
      values[row * width..<(row + 1) * width].map { $0.isNaN ? .max : ($0 == 0 ? 0 : $0.bitPattern) }
    }

    func nearest(
      _ asked: [Int], in other: Rows, _ neighbours: [Int], scales: [Double], workers: WorkerPool
    ) -> [Double] {
      var result = [Double](repeating: .nan, count: asked.count)
      result.withUnsafeMutableBufferPointer { buffer in
        nonisolated(unsafe) let output = buffer
        workers.run(items: asked.count) { item, _ in
          output[item] = distance(asked[item], in: other, neighbours, scales: scales)
        }
      }
      return result
    }

    private func distance(_ row: Int, in other: Rows, _ neighbours: [Int], scales: [Double]) -> Double {
      var best = Double.infinity
      values.withUnsafeBufferPointer { mine in
        other.values.withUnsafeBufferPointer { theirs in
          for neighbour in neighbours {
            var sum = 0.0
            for column in 0..<width where sum < best {
              let (a, b) = (mine[row * width + column], theirs[neighbour * width + column])
              if a.isNaN || b.isNaN {
                sum += a.isNaN && b.isNaN ? 0 : 1
              } else if scales[column] == 0 {
                sum += a == b ? 0 : 1
              } else {
                sum += min(abs(a - b) * scales[column], 1)
              }
            }
            best = min(best, sum)
          }
        }
      }
      return best / Double(width)
    }
  }
}
