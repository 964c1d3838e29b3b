import Foundation
import PushforwardChains
import PushforwardCore
import Testing

/// Heads that are told about where their cell lies.
struct HintTests {
  @Test func densityIntegratesToOne() throws {
    let chain = try Fixture.hintedChain()
    let row = try Fixture.rows(3).selecting([1])
    let step = 2e-3
    let points = (0..<12_000).map { -12 + (Double($0) + 0.5) * step }
    var rows = row.selecting([Int](repeating: 0, count: points.count))
    rows.columns[2] = ChainCells(codes: rows.columns[2].codes, low: points, high: points)
    let total = try chain.columnLogProb(rows).column(2).reduce(0) { $0 + exp(Double($1)) } * step
    #expect(abs(total - 1) < 1e-4)
  }

  @Test func headsAgreeWithScoresAndTellOfTheHint() throws {
    let chain = try Fixture.hintedChain()
    let rows = try Fixture.rows(200)
    let scores = try chain.columnLogProb(rows)
    let heads = try chain.heads(of: 2, rows: rows)
    #expect(heads.components == 8)
    for row in 0..<rows.count {
      let density = heads.continuousDensity(row: row, Double(rows.columns[2].low[row]))
      #expect(abs(log(density) - Double(scores[row, 2])) < 2e-4)
      // Relative ones stand within a few widths of the hint.
      let hint = 0.4 * Double(rows.columns[4].codes[row]) - 0.5 + (rows.columns[3].codes[row] == 2 ? 0.1 : 0)
      for j in row * 8 + 5..<row * 8 + 8 { #expect(abs(heads.means[j] - hint) < 0.05 * 12) }
    }
  }

  @Test func withoutAnInputThereIsNone() throws {
    let (chain, without) = (try Fixture.hintedChain(), try Fixture.hintedChain(nil))
    var rows = try Fixture.rows(100)
    #expect(try chain.columnLogProb(rows).column(2) != without.columnLogProb(rows).column(2))
    for row in 0..<50 { rows.columns[4].codes[row] = ChainCells.missing }
    let (some, none) = (try chain.columnLogProb(rows), try without.columnLogProb(rows))
    for row in 0..<100 { #expect((some[row, 2] == none[row, 2]) == (row < 50)) }
    for column in [1, 4] { #expect(some.column(column) == none.column(column)) }
    #expect(some.column(3) != none.column(3))
    let heads = try chain.heads(of: 2, rows: rows)
    for row in 0..<50 { for j in row * 8 + 5..<row * 8 + 8 { #expect(heads.weights[j] == 0) } }
  }

  @Test func drawsAreUniformUnderTheirDistributionFunction() throws {
    let chain = try Fixture.hintedChain()
    let conditions = try Fixture.rows(4000)
    for drawn in [
      try chain.sample(count: 4000, conditions: conditions, seed: 2),
      try chain.balancedSample(count: 4000, conditions: conditions, seed: 3),
    ] {
      #expect(try Fixture.isUniform(drawn, column: 2, under: chain))
    }
  }

  @Test func laterColumnsGiveHintsWhereTheyAreGiven() throws {
    let chain = try Fixture.hintedChain()
    let rows = try Fixture.rows(60)
    let plain = try chain.heads(of: 3, rows: rows)
    let one = try chain.heads(of: 3, rows: rows, given: [2])
    let both = try chain.heads(of: 3, rows: rows, given: [1, 2])
    #expect(plain.components == 11)
    for row in 0..<60 {
      // By the site always; by length and kind if both are given.
      for j in row * 11 + 5..<row * 11 + 8 { #expect(plain.weights[j] > 0 && both.weights[j] > 0) }
      for j in row * 11 + 8..<row * 11 + 11 {
        #expect(plain.weights[j] == 0 && one.weights[j] == 0 && both.weights[j] > 0)
        #expect(abs(both.means[j] - Double(rows.columns[2].low[row])) < 0.1 * 12)
      }
    }
  }

  @Test func noColumnGivesItsOwnHint() throws {
    for inputs in [[[2], [3]], [[9]], [[]]] {
      var columns = Fixture.columns
      columns[3].hintedBy = inputs
      #expect(throws: ChainError.self) { try Fixture.specification(columns) }
    }
    var columns = Fixture.columns
    columns[4].hintedBy = [[3]]
    #expect(throws: ChainError.self) { try Fixture.specification(columns) }
  }
}
