import Foundation
import PushforwardEvaluation
import Testing

@Suite struct ScoreDistributionTests {
  @Test func fewScoresAreCountedExactly() {
    let scores = ScoreDistribution([3, -1, .nan, 2, 2, -.infinity])
    #expect(scores.rowCount == 4)
    #expect(scores.share(below: -2) == 0)
    #expect(scores.share(below: -1) == 0)
    #expect(scores.share(below: 0) == 0.25)
    #expect(scores.share(below: 2) == 0.25)
    #expect(scores.share(below: 2.5) == 0.75)
    #expect(scores.share(below: 4) == 1)
    #expect(scores.share(below: .nan).isNaN)
    #expect(ScoreDistribution([]).share(below: 0).isNaN)
  }

  @Test func weightsCountLikeRepetition() {
    let weighted = ScoreDistribution([1, 2, 3], weights: [2, 0, 1])
    let repeated = ScoreDistribution([1, 1, 3])
    for score in [0.5, 1, 1.5, 2, 3, 4] {
      #expect(abs(weighted.share(below: score) - repeated.share(below: score)) < 1e-6)
    }
  }

  @Test func manyScoresAreKeptAsASketch() throws {
    let all = (0..<20_000).map { pow(Double($0) / 20_000, 3) }
    let sketch = ScoreDistribution(all.shuffled())
    for place in [0, 1, 10, 200, 255, 256, 257, 1000, 9_999, 19_998, 19_999] {
      let share = sketch.share(below: all[place].nextUp + 1e-12)
      #expect(abs(share - Double(place) / 20_000) < 5e-4, "\(place): \(share)")
    }
    let bytes = try JSONEncoder().encode(sketch)
    #expect(bytes.count < 40_000)
    #expect(try JSONDecoder().decode(ScoreDistribution.self, from: bytes) == sketch)
  }

  @Test func damagedScoresAreRefused() {
    for text in [
      #"{"rows": 2, "has_gaps": false, "scores": [2, 1]}"#,
      #"{"rows": 2, "has_gaps": false, "scores": [1, 2], "shares": [0.5]}"#,
      #"{"rows": 1, "has_gaps": false, "scores": [1, 2]}"#,
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(ScoreDistribution.self, from: Data(text.utf8))
      }
    }
  }
}
