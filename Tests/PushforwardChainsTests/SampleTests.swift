import Foundation
import PushforwardChains
import PushforwardCore
import Testing

struct SampleTests {
  @Test func drawsFollowTheHeads() throws {
    // With the chain's own uniform numbers, the class drawn must be the one the full network's head puts there.
    for rank in [512, 3] {
      let chain = try Fixture.chain { ($0.largestFullHead, $0.headRank) = (rank, 4) }
      let conditions = try Fixture.rows(150)
      let drawn = try chain.sample(count: 150, conditions: conditions, seed: 5, firstRow: 1000)
      let columns = Fixture.columns.count
      let uniforms = RandomStream(seed: 5, purpose: .discrete)
        .uniform(rows: 150, columns: 2 * columns, firstRow: 1000, as: Float.self)
      for column in chain.specification.order {
        let heads = try chain.heads(of: column, rows: drawn)
        for row in 0..<150 {
          let code = Int(drawn.columns[column].codes[row])
          let u = Double(uniforms[row, 2 * column])
          let below = (0..<code).reduce(0) { $0 + heads.probability(row: row, class: $1) }
          #expect(u > below - 1e-5 && u < below + heads.probability(row: row, class: code) + 1e-5)
        }
      }
    }
  }

  @Test func continuousDrawsAreUniformUnderTheirDistributionFunction() throws {
    let chain = try Fixture.chain()
    let conditions = try Fixture.rows(4000)
    let drawn = try chain.sample(count: 4000, conditions: conditions, seed: 2)
    #expect(try Fixture.isUniform(drawn, column: 2, under: chain))
  }

  @Test func drawsDependOnSeedAndRowAlone() throws {
    let chain = try Fixture.chain()
    let conditions = try Fixture.rows(1000)
    let all = try chain.sample(count: 1000, conditions: conditions, seed: 8)
    #expect(try chain.sample(count: 1000, conditions: conditions, seed: 8, workers: WorkerPool(workers: 3)) == all)
    let tail = Array(130..<200)
    let part = try chain.sample(count: 70, conditions: conditions.selecting(tail), seed: 8, firstRow: 130)
    #expect(part.columns == all.selecting(tail).columns)
    #expect(try chain.sample(count: 1000, conditions: conditions, seed: 9) != all)
    #expect(try chain.sample(count: 0, conditions: conditions.selecting([]), seed: 8).count == 0)
  }

  @Test func completionKeepsWhatIsPresent() throws {
    let chain = try Fixture.chain()
    let rows = try Fixture.rows(300, gaps: true)
    let whole = try chain.complete(rows, seed: 4)
    var filled = 0
    for (column, cells) in rows.columns.enumerated() {
      for row in 0..<rows.count {
        if cells.codes[row] >= 0 {
          #expect(whole.columns[column].codes[row] == cells.codes[row])
          if !cells.low.isEmpty { #expect(whole.columns[column].low[row] == cells.low[row]) }
        } else {
          #expect(whole.columns[column].codes[row] >= 0)
          filled += 1
        }
      }
    }
    #expect(filled > 50)
  }

  @Test func snappedCellsAreSeenByLaterColumns() throws {
    let chain = try Fixture.chain()
    let conditions = try Fixture.rows(200)
    let drawn = try chain.sample(count: 200, conditions: conditions, seed: 5) { column, cells in
      if column != 3 { return }
      for place in cells.indices {
        // To the atom at 0.5, or a step of a half.
        let z = (cells[place].low * 2).rounded() / 2
        if z == 0.5 {
          (cells[place].code, cells[place].low, cells[place].high) = (1, 0, 0)
        } else {
          (cells[place].low, cells[place].high, cells[place].width) = (z - 0.25, z + 0.25, 0.5)
        }
      }
    }
    let paid = drawn.columns[3]
    #expect(paid.codes.contains(1) && paid.codes.contains(2))
    for row in 0..<200 where paid.codes[row] == 2 { #expect(paid.width[row] == 0.5) }
    // Later columns follow the heads of the snapped rows.
    let heads = try chain.heads(of: 1, rows: drawn)
    let uniforms = RandomStream(seed: 5, purpose: .discrete).uniform(rows: 200, columns: 10, as: Float.self)
    for row in 0..<200 {
      let code = Int(drawn.columns[1].codes[row])
      let below = (0..<code).reduce(0) { $0 + heads.probability(row: row, class: $1) }
      #expect(Double(uniforms[row, 2]) > below - 1e-5)
      #expect(Double(uniforms[row, 2]) < below + heads.probability(row: row, class: code) + 1e-5)
    }
  }
}
