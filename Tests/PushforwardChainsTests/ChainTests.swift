import Foundation
import PushforwardChains
import PushforwardCore
import Testing

struct ChainTests {
  @Test func laterCellsDoNotMatterToEarlierOnes() throws {
    let chain = try Fixture.chain()
    let rows = try Fixture.rows(100)
    let before = try chain.columnLogProb(rows)
    for (place, column) in chain.specification.order.enumerated() {
      var changed = rows
      changed.columns[column].codes = changed.columns[column].codes.map { _ in ChainCells.missing }
      let after = try chain.columnLogProb(changed)
      for earlier in chain.specification.order.prefix(place) {
        #expect(before.column(earlier) == after.column(earlier))
      }
      #expect(after.column(column).allSatisfy { $0 == 0 })
      for later in chain.specification.order.dropFirst(place + 1) {
        #expect(before.column(later) != after.column(later))
      }
    }
  }

  @Test func givenCellsMatterToAllAndHaveNoTerm() throws {
    let chain = try Fixture.chain()
    let rows = try Fixture.rows(100)
    let plain = try chain.columnLogProb(rows)
    let given = try chain.columnLogProb(rows, given: [2])
    #expect(given.column(2).allSatisfy { $0 == 0 })
    for other in [3, 1, 4] { #expect(given.column(other) != plain.column(other)) }
  }

  @Test func enumeratedMassesSumToOne() throws {
    // All rows over two discrete columns, the real column left out: the chain's marginal of them sums to one.
    let chain = try Fixture.chain(order: [1, 4, 3, 2])
    var codes: [[Int32]] = [[], [], [], [], []]
    for kind in 0..<4 {
      for grade in 0..<5 {
        for (column, code) in [1, kind, -1, -1, grade].enumerated() { codes[column].append(Int32(code)) }
      }
    }
    let zeros = [Float](repeating: 0, count: 20)
    let rows = try ChainRows(
      codes.enumerated().map {
        Fixture.columns[$0].hasContinuous ? ChainCells(codes: $1, low: zeros, high: zeros) : ChainCells(codes: $1)
      })
    for given in [[], [1]] {
      let total = try chain.logProb(rows, given: given).reduce(0) { $0 + exp($1) }
      #expect(abs(total - (given.isEmpty ? 1 : 4)) < 1e-5)
    }
  }

  @Test func rowsAreScoredAlikeInAnyCompany() throws {
    let chain = try Fixture.chain()
    let rows = try Fixture.rows(700, gaps: true)
    let all = try chain.logProb(rows)
    #expect(try chain.logProb(rows, workers: WorkerPool(workers: 3)) == all)
    let picked = [699, 3, 64, 65, 300]
    #expect(try chain.logProb(rows.selecting(picked)) == picked.map { all[$0] })
    #expect(try chain.logProb(rows.selecting([])).isEmpty)
  }

  @Test func headsAgreeWithScores() throws {
    let chain = try Fixture.chain()
    let rows = try Fixture.rows(200)
    let scores = try chain.columnLogProb(rows, given: [1])
    for column in [3, 4, 2] {
      let heads = try chain.heads(of: column, rows: rows, given: [1])
      let cells = rows.columns[column]
      for row in 0..<rows.count {
        let code = Int(cells.codes[row])
        var p = heads.probability(row: row, class: code)
        if code == Fixture.columns[column].atoms {
          let (low, high) = (Double(cells.low[row]), Double(cells.high[row]))
          p *=
            low == high
            ? heads.continuousDensity(row: row, low)
            : heads.continuousCDF(row: row, high) - heads.continuousCDF(row: row, low)
        }
        #expect(abs(log(p) - Double(scores[row, column])) < 2e-4)
      }
    }
    let paid = try chain.heads(of: 3, rows: rows)
    for p in [1e-6, 0.01, 0.3, 0.5, 0.9, 0.9999] {
      switch paid.quantile(row: 0, p) {
      case .z(let z): #expect(abs(paid.cdf(row: 0, z) - p) < 1e-9)
      case .atom(let code):
        let at = Double(Fixture.columns[3].positions![code])
        #expect(paid.cdf(row: 0, at) >= p && paid.cdf(row: 0, at.nextDown) < p)
      }
      #expect(abs(paid.continuousCDF(row: 0, paid.continuousQuantile(row: 0, p)) - p) < 1e-9)
    }
  }

  @Test func mistakesAreNamed() throws {
    let chain = try Fixture.chain()
    var rows = try Fixture.rows(10)
    rows.columns[1].codes[4] = 4
    #expect(throws: ChainError.code(column: "kind", row: 4, expected: "from 0 to 3, or -1", found: 4)) {
      try chain.logProb(rows)
    }
    rows = try Fixture.rows(10)
    rows.columns[2].low[3] = .nan
    #expect(throws: ChainError.self) { try chain.logProb(rows) }
    rows = try Fixture.rows(10)
    rows.weights = [1, 1, -1, 1, 1, 1, 1, 1, 1, 1]
    #expect(throws: ChainError.weight(row: 2, found: -1)) { try chain.logProb(rows) }
    #expect(throws: ChainError.self) { try chain.logProb(rows.selecting([]), given: [7]) }
    #expect(throws: ChainError.missingCondition(column: "site", row: 0)) { try chain.sample(count: 3, seed: 1) }
    #expect(throws: ChainError.self) { try Fixture.specification(order: [1, 2]) }
    #expect(throws: ChainError.self) { try Fixture.specification { $0.components = 65 } }
  }
}
