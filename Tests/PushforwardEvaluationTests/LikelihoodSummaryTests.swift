import PushforwardEvaluation
import Testing

@Suite struct LikelihoodSummaryTests {
  @Test func piecesMakeTheWhole() {
    var state: UInt64 = 7
    let values = (0..<1000).map { index -> Double in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return index % 101 == 5 ? -.infinity : 1e6 + Double(state >> 40) * 0x1p-20
    }
    let whole = LikelihoodSummary(values)
    for piece in [1, 2, 7, 400, 1000] {
      var total = LikelihoodSummary([])
      for start in stride(from: 0, to: values.count, by: piece) {
        total.add(LikelihoodSummary(Array(values[start..<min(start + piece, values.count)])))
      }
      #expect(total.rowCount == 1000 && total.nonFiniteCount == 10)
      #expect(abs(total.mean - whole.mean) < 1e-8)
      #expect(abs(total.standardError - whole.standardError) < 1e-9 * whole.standardError)
    }
  }

  @Test func weightsAreRepetitions() {
    let (values, weights) = ([1.0, 4, -2, 7, 0.5], [2.0, 0, 3, 1, 1])
    let repeated = LikelihoodSummary([1, 1, -2, -2, -2, 7, 0.5])
    let once = LikelihoodSummary(values, weights: weights)
    #expect(once.rowCount == 4 && abs(once.mean - repeated.mean) < 1e-12)
    #expect(abs(once.standardError - repeated.standardError) < 1e-12)
    var total = LikelihoodSummary(Array(values[..<2]), weights: Array(weights[..<2]))
    total.add(LikelihoodSummary(Array(values[2...]), weights: Array(weights[2...])))
    #expect(abs(total.mean - repeated.mean) < 1e-12 && abs(total.standardError - repeated.standardError) < 1e-12)
  }

  @Test func noRowsAddNothing() {
    var total = LikelihoodSummary([])
    #expect(total.mean.isNaN && total.rowCount == 0)
    total.add(LikelihoodSummary([.nan]))
    #expect(total.mean.isNaN && total.rowCount == 1 && total.nonFiniteCount == 1)
    total.add(LikelihoodSummary([2]))
    total.add(LikelihoodSummary([]))
    #expect(total.mean == 2 && total.standardError.isNaN && total.rowCount == 2)
  }
}
