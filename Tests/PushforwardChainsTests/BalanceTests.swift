import Foundation
import PushforwardChains
import PushforwardCore
import Testing

struct BalanceTests {
  private static let count = 6000

  @Test func countsAreNearWhatTheChainExpects() throws {
    let chain = try Fixture.chain()
    let conditions = try Fixture.rows(Self.count)
    let drawn = try chain.balancedSample(count: Self.count, conditions: conditions, seed: 3)
    for column in chain.specification.order where column != 2 {
      let heads = try chain.heads(of: column, rows: drawn)
      for other in [0, 3] where other != column {
        // Alone, and together with each class of another column.
        let classes = chain.specification.columns[other].classes
        for code in 0..<chain.specification.columns[column].classes {
          var surplus = [Double](repeating: 0, count: classes)
          for row in 0..<Self.count {
            let place = Int(drawn.columns[other].codes[row])
            surplus[place] += drawn.columns[column].codes[row] == Int32(code) ? 1 : 0
            surplus[place] -= heads.probability(row: row, class: code)
          }
          // Independent draws miss by 20 to 30 rows.
          #expect(abs(surplus.reduce(0, +)) < 8, "class \(code) of \(column): \(surplus)")
          if column != 3 { #expect(surplus.allSatisfy { abs($0) < 12 }, "class \(code) of \(column): \(surplus)") }
        }
      }
    }
  }

  @Test func everyRowFollowsItsOwnDistribution() throws {
    let chain = try Fixture.chain()
    let conditions = try Fixture.rows(Self.count)
    let drawn = try chain.balancedSample(count: Self.count, conditions: conditions, seed: 4)
    // Rows with a small, a middle and a great probability of a class draw it that often.
    let heads = try chain.heads(of: 1, rows: drawn)
    for code in 0..<4 {
      let p = (0..<Self.count).map { heads.probability(row: $0, class: code) }
      let order = p.indices.sorted { p[$0] < p[$1] }
      for part in 0..<3 {
        let rows = order[part * Self.count / 3..<(part + 1) * Self.count / 3]
        let expected = rows.reduce(0.0) { $0 + p[$1] }
        let spread = rows.reduce(0.0) { $0 + p[$1] * (1 - p[$1]) }.squareRoot()
        let found = Double(rows.count { drawn.columns[1].codes[$0] == Int32(code) })
        #expect(abs(found - expected) < 4 * spread + 1)
      }
    }
    let lengths = try chain.heads(of: 2, rows: drawn)
    let levels = (0..<Self.count).map { lengths.continuousCDF(row: $0, Double(drawn.columns[2].low[$0])) }.sorted()
    let count = Double(Self.count)
    let distances = levels.enumerated().map { place, level -> Double in abs((Double(place) + 0.5) / count - level) }
    #expect(distances.max()! < 2.2 / count.squareRoot())
  }

  @Test func drawsDoNotDependOnThreads() throws {
    let chain = try Fixture.chain()
    let conditions = try Fixture.rows(Self.count)
    let one = try chain.balancedSample(count: Self.count, conditions: conditions, seed: 5)
    let three = try chain.balancedSample(
      count: Self.count, conditions: conditions, seed: 5, workers: WorkerPool(workers: 3))
    #expect(one == three && one.columns.allSatisfy { $0.codes.allSatisfy { $0 >= 0 } })
    #expect(try chain.balancedSample(count: 0, conditions: conditions.selecting([]), seed: 5).count == 0)
    #expect(try chain.balancedSample(count: 1, conditions: conditions.selecting([7]), seed: 5).count == 1)
  }
}

struct PresenceTests {
  /// The fixture's columns, and the presence of the grade and of the number with spikes.
  private static func chain() throws -> Chain {
    let columns =
      Fixture.columns + [
        ChainColumn(presenceOf: 4, name: "presence of grade"), ChainColumn(presenceOf: 3, name: "presence of paid"),
      ]
    let specification = try ChainSpecification(
      columns: columns, order: [6, 3, 1, 5, 4, 2], settings: Fixture.specification().settings)
    return try Chain(specification, parameters: Fixture.parameters(Chain.layout(of: specification)))
  }

  private static func rows(_ count: Int, told: Bool) throws -> ChainRows {
    let rows = try Fixture.rows(count, gaps: true)
    let presence = [4, 3].map { column in
      ChainCells(codes: rows.columns[column].codes.map { told ? ($0 < 0 ? 0 : 1) : -1 })
    }
    return try ChainRows(rows.columns + presence)
  }

  @Test func gapsFollowTheirProbability() throws {
    let chain = try Self.chain()
    let conditions = try Self.rows(4000, told: false)
    for balanced in [false, true] {
      let drawn =
        balanced
        ? try chain.balancedSample(count: 4000, conditions: conditions, seed: 1, withGaps: true)
        : try chain.sample(count: 4000, conditions: conditions, seed: 1, withGaps: true)
      for (column, presence) in [(4, 5), (3, 6)] {
        let heads = try chain.heads(of: presence, rows: drawn)
        let expected = (0..<4000).reduce(0) { $0 + heads.probability(row: $1, class: 0) }
        let gaps = drawn.columns[column].codes.count { $0 < 0 }
        #expect(drawn.columns[presence].codes.count { $0 == 0 } == gaps)
        #expect(gaps > 0 && gaps < 4000 && abs(Double(gaps) - expected) < 4 * 32)
      }
      // Without them every cell is drawn.
      let whole = try chain.sample(count: 500, conditions: conditions.selecting(Array(0..<500)), seed: 1)
      #expect((0..<5).allSatisfy { column in whole.columns[column].codes.allSatisfy { $0 >= 0 } })
    }
  }

  @Test func scoresAreThoseOfTheCellsThatAreThere() throws {
    let chain = try Self.chain()
    let (silent, told) = (try Self.rows(100, told: false), try Self.rows(100, told: true))
    let columns = try chain.columnLogProb(silent)
    let other = try chain.columnLogProb(told)
    for row in 0..<100 {
      for column in 0..<5 { #expect(columns[row, column] == other[row, column]) }
      #expect(columns[row, 5] == 0 && columns[row, 6] == 0 && other[row, 5] < 0 && other[row, 6] < 0)
    }
  }

  @Test func badColumns() throws {
    let settings = try Fixture.specification().settings
    func specification(_ presence: ChainColumn, _ order: [Int]) throws -> ChainSpecification {
      try ChainSpecification(columns: Fixture.columns + [presence], order: order, settings: settings)
    }
    _ = try specification(ChainColumn(presenceOf: 4, name: "p"), [3, 1, 5, 4, 2])
    // After its column, of a condition, of itself, of none.
    #expect(throws: ChainError.self) { _ = try specification(ChainColumn(presenceOf: 4, name: "p"), [3, 1, 4, 5, 2]) }
    for index in [0, 5, 9, -1] {
      #expect(throws: ChainError.self) {
        _ = try specification(ChainColumn(presenceOf: index, name: "p"), [3, 1, 5, 4, 2])
      }
    }
  }
}
