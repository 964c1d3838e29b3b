import PushforwardCore
import PushforwardTables

/// A weighted mixture of models that were fitted separately: p(row) = Σ wₘ pₘ(row).
///
/// The members are kept as they are and may be of any kinds; they must model the same columns.
public struct ModelMixture: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .modelMixture }

  /// The members.
  public let members: [any TableModel]
  /// One a member; they sum to one.
  ///
  /// With a gate, what it started from.
  public let weights: [Double]
  /// Weights that depend on the conditions, if they do.
  let gate: MixtureGate?
  /// How the mixture came about.
  public let record: FitRecord
  /// What the columns are: the first member's description.
  public let schema: Schema
  /// Names of the modelled columns, in the first member's order.
  public let columns: [String]
  /// The columns that some member is conditioned on.
  public let conditions: [(name: String, storage: Column.Storage)]
  /// The columns that a table must have to be scored.
  public let requiredColumns: [(name: String, storage: Column.Storage)]

  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] { CompositeSupport.decimals(members) }
  /// Those of the first member.
  public var leftOut: [Encoder.LeftOut] { members[0].leftOut }
  /// What all members can do.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    traits.likelihood = CompositeSupport.likelihood(members)
    traits.acceptsMissing = members.allSatisfy(\.traits.acceptsMissing)
    traits.completes = members.allSatisfy(\.traits.completes)
    traits.reproducesGaps = members.allSatisfy(\.traits.reproducesGaps)
    traits.isSequential = members.contains { $0.traits.isSequential }
    return traits
  }

  /// Combines members with given weights.
  ///
  /// - Parameters:
  ///   - members: At least one, all modelling the same columns.
  ///   - weights: One a member, not negative; divided by their sum.
  ///   - record: How the mixture came about.
  /// - Throws: `EstimatorError.cannotCombine`.
  public init(_ members: [any TableModel], weights: [Double], record: FitRecord? = nil) throws {
    try self.init(members, weights: weights, gate: nil, record: record)
  }

  init(_ members: [any TableModel], weights: [Double], gate: MixtureGate?, record: FitRecord? = nil) throws {
    self.gate = gate
    guard let first = members.first, weights.count == members.count else {
      throw EstimatorError.cannotCombine(detail: "\(members.count) members and \(weights.count) weights")
    }
    let sum = weights.reduce(0, +)
    guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), sum > 0 else {
      throw EstimatorError.cannotCombine(detail: "weights must be finite, not negative, not all zero; found \(weights)")
    }
    for (number, member) in members.enumerated() where Set(member.columns) != Set(first.columns) {
      let odd = Set(member.columns).symmetricDifference(first.columns).sorted().joined(separator: ", ")
      throw EstimatorError.cannotCombine(
        detail: "a mixture's members must model the same columns; member \(number + 1) differs from the first in \(odd)"
      )
    }
    self.members = members
    self.weights = abs(sum - 1) < 1e-14 ? weights : weights.map { $0 / sum }
    columns = first.columns
    schema = CompositeSupport.schema(members)
    var given: [String] = []
    for name in members.flatMap(\.given) where !given.contains(name) { given.append(name) }
    conditions = try CompositeSupport.storage(members, of: given)
    requiredColumns = try CompositeSupport.storage(members, of: columns + given)
    if let gate, !gate.isConsistent(members: members.count, given: given) {
      throw EstimatorError.cannotCombine(detail: "the gate does not fit the members")
    }
    self.record =
      record
      ?? CompositeSupport.record(
        .mixture, members, choice: "given weights", rows: 0, numbers: self.weights, seconds: 0)
  }

  /// `log p` of each row; a row that some member cannot score has none.
  ///
  /// - Throws: what the members throw.
  public func score(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    let scores = try members.map { try $0.score(table, workers: workers) }
    let logs = try logWeights(table)
    var errors: [Double]? = scores.contains { $0.standardErrors != nil } ? [] : nil
    let logProb = (0..<table.rowCount).map { row -> Double in
      let joint = members.indices.filter { weights[$0] > 0 }.map { logs(row)[$0] + scores[$0].logProb[row] }
      let total = Logarithm.sum(joint)
      if errors != nil {
        var squares = 0.0
        for m in members.indices where weights[m] > 0 {
          let share = Logarithm.exponential(logs(row)[m] + scores[m].logProb[row] - total)
          let own = share * (scores[m].standardErrors?[row] ?? 0)
          squares += own * own
        }
        errors?.append(squares.squareRoot())
      }
      return total
    }
    let scored = logProb.indices.filter { row in
      members.indices.allSatisfy { weights[$0] == 0 || !scores[$0].logProb[row].isNaN }
    }
    return RowScores(
      logProb: logProb, standardErrors: errors, scoredRows: scored,
      leftOutNote: scores.lazy.compactMap(\.leftOutNote).first)
  }

  /// Logarithms of the members' weights by row.
  func logWeights(_ table: Table) throws -> (_ row: Int) -> [Double] {
    if let gate {
      let all = try gate.logWeights(table)
      return { all[$0] }
    }
    let logs = weights.map { Logarithm.of($0) }
    return { _ in logs }
  }

  /// Those of the first member that has any.
  public func baselines(_ table: Table) throws -> [Baseline] {
    for member in members {
      let found = try member.baselines(table)
      if !found.isEmpty { return found }
    }
    return []
  }

  /// Rows among which each member's draws are numbered: row `i` depends on its block only, not on `count`.
  private static var block: Int { 1024 }

  /// Draws rows, each from a member drawn by weight.
  ///
  /// - Throws: what the members throw.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try drawn(count: count, given: given, seed: seed, firstRow: firstRow, withGaps: false, workers: workers)
  }

  /// The same with gaps, each row's those of its member.
  ///
  /// - Throws: what the members throw.
  public func sampleWithGaps(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try drawn(count: count, given: given, seed: seed, firstRow: firstRow, withGaps: true, workers: workers)
  }

  /// Members share the rows by their weights; each draws its share as a table.
  ///
  /// - Throws: what the members throw.
  public func sampleTable(
    count: Int, given: Table?, seed: UInt64, withGaps: Bool, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: 0)
    guard gate == nil, count > 0 else {
      return try drawn(count: count, given: given, seed: seed, firstRow: 0, withGaps: withGaps, workers: workers)
    }
    let order = RandomStream(seed: seed, purpose: .component).permutation(count: count).map { Int($0) }
    var (before, pieces): (Double, [(rows: [Int], table: Table)]) = (0, [])
    for m in members.indices {
      let after = m == members.count - 1 ? 1 : before + weights[m]
      let rows = order[Int(before * Double(count))..<Int(after * Double(count))].sorted()
      before = after
      if rows.isEmpty { continue }
      let own = try members[m].conditionTable(given).map { $0.rowCount == 1 ? $0 : $0.selecting(rows: rows) }
      let memberSeed = RandomStream(seed: seed, purpose: .user).split(UInt64(m)).seed
      pieces.append(
        (
          rows,
          try members[m].sampleTable(
            count: rows.count, given: own, seed: memberSeed, withGaps: withGaps, workers: workers)
        ))
    }
    return try Table.merging(pieces, names: columns, count: count)
  }

  private func drawn(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, withGaps: Bool, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: firstRow)
    if count == 0 {
      return try members[0].sample(
        count: 0, given: members[0].conditionTable(given), seed: seed, firstRow: 0, workers: workers)
    }
    if let gate, let given {
      return try gatedSample(
        gate, count: count, given: given, seed: seed, firstRow: firstRow, withGaps: withGaps, workers: workers)
    }
    var parts: [Table] = []
    var next = firstRow
    while next < firstRow + count {
      let start = next / Self.block * Self.block
      let end = min(start + Self.block, firstRow + count)
      let wanted = next - start..<end - start
      let choice = RandomStream(seed: seed, purpose: .component)
      let owners = (0..<wanted.upperBound).map { Self.pick(weights, choice.uniform(row: UInt64(start + $0))) }
      var pieces: [(rows: [Int], table: Table)] = []
      for m in members.indices {
        let before = owners[0..<wanted.lowerBound].count { $0 == m }
        let rows = wanted.filter { owners[$0] == m }
        if rows.isEmpty { continue }
        let own = try members[m].conditionTable(given).map { conditions in
          conditions.rowCount == 1 ? conditions : conditions.selecting(rows: rows.map { start + $0 - firstRow })
        }
        // Members' draws must not echo each other.
        let memberSeed = RandomStream(seed: seed, purpose: .user).split(UInt64(m)).seed
        let drawn = try members[m].rows(
          count: rows.count, given: own, seed: memberSeed, firstRow: start + before, withGaps: withGaps,
          workers: workers)
        pieces.append((rows.map { $0 - wanted.lowerBound }, drawn))
      }
      parts.append(try Table.merging(pieces, names: columns, count: wanted.count))
      next = end
    }
    return try Table.stacking(parts)
  }

  /// Draws where conditions move the weights: members' draws are numbered like the rows, since what happened in rows before
  /// depends on conditions that are not at hand.
  private func gatedSample(
    _ gate: MixtureGate, count: Int, given: Table, seed: UInt64, firstRow: Int, withGaps: Bool, workers: WorkerPool?
  ) throws -> Table {
    let shares = try gate.logWeights(given).map { $0.map { Logarithm.exponential($0) } }
    let choice = RandomStream(seed: seed, purpose: .component)
    let owners = (0..<count).map { row in
      Self.pick(shares[shares.count == 1 ? 0 : row], choice.uniform(row: UInt64(firstRow + row)))
    }
    let pieces = try Set(owners).sorted().map { m in
      let drawn = try members[m].rows(
        count: count, given: members[m].conditionTable(given),
        seed: RandomStream(seed: seed, purpose: .user).split(UInt64(m)).seed, firstRow: firstRow, withGaps: withGaps,
        workers: workers)
      let rows = owners.indices.filter { owners[$0] == m }
      return (rows, drawn.selecting(rows: rows))
    }
    return try Table.merging(pieces, names: columns, count: count)
  }

  static func pick(_ weights: [Double], _ u: Double) -> Int {
    var rest = u * weights.reduce(0, +)
    var last = 0
    for (place, weight) in weights.enumerated() where weight > 0 {
      rest -= weight
      last = place
      if rest < 0 { return place }
    }
    return last
  }

  /// Puts the model into a file, its members with it.
  public func store(in archive: inout ModelArchive) throws {
    try archive.describe(Description(record: record, weights: weights, gate: gate))
    for (number, member) in members.enumerated() { try archive.addMember(CompositeSupport.name(number), member) }
  }

  private struct Description: Codable {
    var record: FitRecord
    var weights: [Double]
    var gate: MixtureGate?
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let stored = try archive.description(as: Description.self)
    guard (1...1000).contains(stored.weights.count) else { throw archive.damage("\(stored.weights.count) members") }
    let members = try stored.weights.indices.map { try archive.member(CompositeSupport.name($0)) }
    do {
      try self.init(members, weights: stored.weights, gate: stored.gate, record: stored.record)
    } catch let error as EstimatorError {
      throw archive.damage("\(error)")
    }
  }

  /// Composites are combined from models, not fitted to a table.
  ///
  /// - Throws: `EstimatorError.cannotCombine`, always.
  public static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> ModelMixture {
    throw EstimatorError.cannotCombine(detail: "a mixture of models is made of fitted ones (pushforward combine)")
  }
}

extension TableModel {
  /// Rows with or without gaps.
  fileprivate func rows(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, withGaps: Bool, workers: WorkerPool?
  ) throws -> Table {
    withGaps
      ? try sampleWithGaps(count: count, given: given, seed: seed, firstRow: firstRow, workers: workers)
      : try sample(count: count, given: given, seed: seed, firstRow: firstRow, workers: workers)
  }
}
