import PushforwardCore
import PushforwardTables

/// Models of disjoint blocks of columns, each conditional on columns before it: p(a) p(b | a) p(c | a, b).
public struct ModelChain: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .chain }

  /// The links, in order.
  public let members: [any TableModel]
  /// How the chain came about.
  public let record: FitRecord
  /// What the columns are.
  public let schema: Schema
  /// Names of the modelled columns, link after link.
  public let columns: [String]
  /// The columns that some link is conditioned on and none before it models.
  public let conditions: [(name: String, storage: Column.Storage)]
  /// The columns that a table must have to be scored.
  public let requiredColumns: [(name: String, storage: Column.Storage)]

  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] { CompositeSupport.decimals(members) }
  /// None: a column that one link does not see, another may.
  public var leftOut: [Encoder.LeftOut] { [] }
  /// What all links can do.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    traits.likelihood = CompositeSupport.likelihood(members)
    traits.completes = members.allSatisfy(\.traits.completes)
    traits.isSequential = members.contains { $0.traits.isSequential }
    return traits
  }

  /// Makes a chain.
  ///
  /// - Parameters:
  ///   - members: The links, at least one; no column is modelled twice, none is a condition before it is modelled.
  ///   - record: How the chain came about.
  /// - Throws: `EstimatorError.cannotCombine`.
  public init(_ members: [any TableModel], record: FitRecord? = nil) throws {
    if members.isEmpty { throw EstimatorError.cannotCombine(detail: "a chain of no models") }
    var modelled: [String] = []
    var given: [String] = []
    for (number, member) in members.enumerated() {
      for name in member.given where !modelled.contains(name) && !given.contains(name) { given.append(name) }
      for name in member.columns {
        if modelled.contains(name) {
          throw EstimatorError.cannotCombine(
            detail: "column \(name) is modelled twice in the chain, at last by member \(number + 1)")
        }
        if given.contains(name) {
          throw EstimatorError.cannotCombine(
            detail:
              "member \(number + 1) models \(name), which a member before it is conditioned on; change their order")
        }
        modelled.append(name)
      }
    }
    self.members = members
    columns = modelled
    schema = CompositeSupport.schema(members)
    conditions = try CompositeSupport.storage(members, of: given)
    requiredColumns = try CompositeSupport.storage(members, of: modelled + given)
    self.record =
      record
      ?? CompositeSupport.record(.chain, members, choice: Self.formula(members), rows: 0, numbers: [], seconds: 0)
  }

  /// The chain as a product: `p(a, b) p(c | a)`.
  public static func formula(_ members: [any TableModel]) -> String {
    members.map { member in
      let given = member.given.isEmpty ? "" : " | \(member.given.joined(separator: ", "))"
      return "p(\(member.columns.joined(separator: ", "))\(given))"
    }.joined(separator: " ")
  }

  /// `log p` of each row: the sum over the links.
  ///
  /// A row that some link cannot score has none.
  ///
  /// - Throws: what the links throw.
  public func score(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    let scores = try members.map { try $0.score(table, workers: workers) }
    let rows = 0..<table.rowCount
    let logProb = rows.map { row in scores.reduce(0.0) { $0 + $1.logProb[row] } }
    let errors: [Double]? =
      scores.contains { $0.standardErrors != nil }
      ? rows.map { row in
        scores.reduce(0.0) { $0 + ($1.standardErrors?[row] ?? 0) * ($1.standardErrors?[row] ?? 0) }.squareRoot()
      } : nil
    return RowScores(
      logProb: logProb, standardErrors: errors, scoredRows: rows.filter { !logProb[$0].isNaN },
      leftOutNote: scores.lazy.compactMap(\.leftOutNote).first)
  }

  /// Draws rows, link after link.
  ///
  /// - Throws: what the links throw.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: firstRow)
    // Conditions for every row: links take them beside what earlier links drew.
    let outer = try given.map { table in
      let rows = table.extended(to: count)
      return try rows.selecting(columns: self.given)
    }
    var known: [(String, Column)] = outer?.columns.map { ($0, $1) } ?? []
    for (number, member) in members.enumerated() {
      let drawn = try member.sample(
        count: count, given: member.conditionTable(Table(known)), seed: Self.seed(seed, number), firstRow: firstRow,
        workers: workers)
      known += try member.columns.map { ($0, try drawn.column($0)) }
    }
    return try Table(known).selecting(columns: columns)
  }

  private static func seed(_ seed: UInt64, _ number: Int) -> UInt64 {
    RandomStream(seed: seed, purpose: .user).split(UInt64(number)).seed
  }

  /// Draws a row's candidates of which one is taken.
  private static var candidates: Int { 32 }

  /// Fills missing cells by sampling and resampling: 32 candidates are completed link by link, each weighted by the density
  /// of what is present in links after a drawn cell; one is taken by weight.
  ///
  /// Exact where no link depends on a column with a missing cell, and in the limit of many candidates.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    guard traits.completes else {
      throw EstimatorError.cannotAnswer(
        model: record.model.rawValue, question: "the distribution of missing cells given the others: a link does not")
    }
    let count = table.rowCount
    if count == 0 { return try candidate(table, seed: seed, firstRow: firstRow, number: 0, workers: workers).table }
    // A single candidate does where every drawn cell is without influence on present ones.
    let isSimple = members.indices.allSatisfy { number in
      let drawn = Set(members[number].columns.filter { (table[$0]?.missingCount ?? 1) > 0 })
      return members[(number + 1)...].allSatisfy { later in
        drawn.isDisjoint(with: later.given) || later.columns.allSatisfy { (table[$0]?.missingCount ?? count) == count }
      }
    }
    let total = isSimple ? 1 : Self.candidates
    let choice = RandomStream(seed: seed, purpose: .component).split(UInt64(draw))
    var (chosen, sum): ([Int], [Double]) = (
      [Int](repeating: 0, count: count), [Double](repeating: -.infinity, count: count)
    )
    var tables: [Table] = []
    for number in 0..<total {
      let (filled, logWeights) = try candidate(
        table, seed: seed, firstRow: firstRow, number: draw * Self.candidates + number, workers: workers)
      tables.append(filled)
      for row in 0..<count {
        // One pass over the candidates: the new one replaces the old with its share of the weights so far.
        let next = Logarithm.sum([sum[row], logWeights[row].isNaN ? -.infinity : logWeights[row]])
        let u = choice.uniform(row: UInt64(firstRow + row), index: UInt32(number))
        if next.isFinite, u < Logarithm.exponential(logWeights[row] - next) { chosen[row] = number }
        sum[row] = next
      }
    }
    return try Table.merging(
      tables.indices.map { number in
        let rows = (0..<count).filter { chosen[$0] == number }
        return (rows, tables[number].selecting(rows: rows))
      }.filter { !$0.0.isEmpty }, names: columns, count: count)
  }

  /// The rows completed link by link, and the log-densities of links whose columns were present while their conditions were
  /// drawn.
  private func candidate(
    _ table: Table, seed: UInt64, firstRow: Int, number: Int, workers: WorkerPool?
  ) throws -> (table: Table, logWeights: [Double]) {
    let count = table.rowCount
    var known: [(String, Column)] = try given.map { ($0, try table.column($0)) }
    var logWeights = [Double](repeating: 0, count: count)
    for (place, member) in members.enumerated() {
      let own = member.columns.filter { table[$0] != nil }.map { ($0, table[$0]!) }
      let conditions = known.filter { member.given.contains($0.0) }
      let part = try Table(own + conditions)
      if own.count == member.columns.count && own.allSatisfy({ $0.1.missingCount == 0 }) {
        known += own
        if !conditions.isEmpty {
          let scores = try member.score(part, workers: workers).logProb
          for row in 0..<count { logWeights[row] += scores[row] }
        }
        continue
      }
      if member.traits.acceptsMissing && !conditions.isEmpty && !own.isEmpty {
        let scores = try member.score(part, workers: workers).logProb
        for row in 0..<count where scores[row].isFinite { logWeights[row] += scores[row] }
      }
      let filled = try member.complete(
        part.names.isEmpty ? table : part, seed: Self.seed(seed, place), firstRow: firstRow, draw: number,
        workers: workers)
      known += try member.columns.map { ($0, try filled.column($0)) }
    }
    return (try Table(known).selecting(columns: columns), logWeights)
  }

  /// Puts the model into a file, its links with it.
  public func store(in archive: inout ModelArchive) throws {
    try archive.describe(Description(record: record, members: members.count))
    for (number, member) in members.enumerated() { try archive.addMember(CompositeSupport.name(number), member) }
  }

  private struct Description: Codable {
    var record: FitRecord
    var members: Int
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let stored = try archive.description(as: Description.self)
    guard (1...1000).contains(stored.members) else { throw archive.damage("\(stored.members) members") }
    let members = try (0..<stored.members).map { try archive.member(CompositeSupport.name($0)) }
    do {
      try self.init(members, record: stored.record)
    } catch let error as EstimatorError {
      throw archive.damage("\(error)")
    }
  }

  /// Composites are combined from models, not fitted to a table.
  ///
  /// - Throws: `EstimatorError.cannotCombine`, always.
  public static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> ModelChain {
    throw EstimatorError.cannotCombine(detail: "a chain is made of fitted models (pushforward combine)")
  }
}
