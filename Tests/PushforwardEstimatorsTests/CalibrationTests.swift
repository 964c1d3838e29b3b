import Pushforward
import PushforwardEvaluation
import Testing

/// Ranks of rows among a model's draws.
@Suite struct CalibrationTests {
  /// `y = x + scale * noise`, and another column as well.
  private func table(_ count: Int, scale: Double, seed: UInt64) throws -> Table {
    let x = Draws.uniform(count, 1, seed: seed).values
    let noise = Draws.normal(count, 2, seed: seed + 1).values
    return try Table(numbers: [
      "x": x, "y": x.indices.map { x[$0] + scale * noise[2 * $0] }, "z": x.indices.map { noise[2 * $0 + 1] - x[$0] },
    ])
  }

  @Test func rightModelsCoverAndWrongRowsShow() throws {
    var options = quick(.gaussian)
    options.given = ["x"]
    let model = try Models.fit(try table(2000, scale: 1, seed: 3), options: options)
    let right = try model.calibration(of: try table(1000, scale: 1, seed: 5), draws: 100)
    #expect(right.rowCount == 1000 && right.columns.map(\.name) == ["y", "z"])
    for ranks in [right.regions] + right.columns {
      #expect(ranks.uniformityProbability > 0.001)
      for coverage in ranks.coverage { #expect(abs(coverage.found - coverage.level) < 0.06) }
    }
    // Rows that scatter half as much lie too deep in the regions, and in the middle of the draws of y, not of z.
    let narrow = try model.calibration(of: try table(1000, scale: 0.5, seed: 7), draws: 100)
    #expect(narrow.regions.coverage[0].found > 0.6 && narrow.regions.uniformityProbability < 1e-6)
    #expect(narrow.columns[0].coverage[0].found > 0.7 && narrow.columns[0].uniformityProbability < 1e-6)
    #expect(narrow.columns[1].uniformityProbability > 0.001)
  }

  @Test func modelsWithoutConditionsShareTheirDraws() throws {
    let model = try Models.fit(try table(1000, scale: 1, seed: 9), options: quick(.gaussian))
    let found = try model.calibration(of: try table(500, scale: 1, seed: 11), draws: 50)
    #expect(found.draws == 4000 && found.columns.count == 3)
    #expect(found == (try model.calibration(of: try table(500, scale: 1, seed: 11), draws: 50, workers: WorkerPool())))
    #expect(throws: EngineError.self) { try model.calibration(of: try table(5, scale: 1, seed: 1), draws: 0) }
  }
}
