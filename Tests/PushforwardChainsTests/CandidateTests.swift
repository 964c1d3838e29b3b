import Foundation
import PushforwardChains
import PushforwardCore
import Testing

@Suite struct CandidateTests {
  /// Rows of which the given columns are hidden.
  private func rows(_ count: Int, hiding hidden: [Int]) throws -> ChainRows {
    var rows = try Fixture.rows(count, seed: 4)
    for column in hidden { rows.columns[column].codes = [Int32](repeating: ChainCells.missing, count: count) }
    return rows
  }

  /// The chain's order is paid, kind, grade, length.
  @Test(arguments: [[1], [2], [3, 2], [1, 4], [4, 2]]) func proposalsAreWhatTheyWereDrawnFrom(hidden: [Int]) throws {
    let chain = try Fixture.chain()
    let asked = try rows(70, hiding: hidden)
    let drawn = try chain.candidates(asked, draws: 3, seed: 5, workers: WorkerPool(workers: 2))
    let scores = try chain.candidateScores(drawn.rows, of: asked, draws: 3)
    let joint = try chain.logProb(drawn.rows)
    let present = try chain.logProb(asked)
    for row in 0..<drawn.rows.count {
      #expect(abs(scores.logProposal[row] - drawn.logProposal[row]) < 1e-3)
      #expect(abs(scores.logProb[row] - joint[row]) < 1e-4)
      // What follows the present cells in the chain's order is drawn from the chain: the ratio is the marginal.
      let isOwn = hidden.allSatisfy([4, 2].contains) && (hidden == [4, 2] || hidden == [2])
      #expect(drawn.isOwn[row / 3] == isOwn)
      if isOwn { #expect(abs(joint[row] - drawn.logProposal[row] - present[row / 3]) < 1e-3) }
    }
  }

  @Test func aRowsDrawsDependOnItsNumberAlone() throws {
    let chain = try Fixture.chain()
    var asked = try rows(200, hiding: [1])
    // Every third row is drawn in order, once; the others have candidates.
    for row in stride(from: 0, to: 200, by: 3) {
      asked.columns[1].codes[row] = 2
      asked.columns[2].codes[row] = ChainCells.missing
    }
    let some = Array(90..<170)
    for workers in [nil, WorkerPool(workers: 2)] {
      let whole = try chain.refined(asked, candidates: 4, seed: 2, workers: workers)
      let part = try chain.refined(asked.selecting(some), candidates: 4, seed: 2, firstRow: 90, workers: nil)
      #expect(whole.rows.selecting(some) == part.rows)
      #expect(some.map { whole.logWeights[$0] } == part.logWeights)
      let many = try chain.candidates(asked, draws: 3, seed: 2, workers: workers)
      let few = try chain.candidates(asked.selecting(some), draws: 3, seed: 2, firstRow: 90)
      #expect(many.rows.selecting(some.flatMap { [3 * $0, 3 * $0 + 1, 3 * $0 + 2] }) == few.rows)
    }
  }
}
