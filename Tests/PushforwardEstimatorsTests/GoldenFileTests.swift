import Foundation
import PushforwardEstimators
import PushforwardTables
import Testing

/// Files written by earlier builds open in this one and score as they did.
///
/// A directory each in `Tests/Reference/golden`: `model`, `rows.csv` and `scores.csv` as `pushforward score` wrote it.
@Suite struct GoldenFileTests {
  private static let directory = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Reference/golden")

  private static var names: [String] {
    let found = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    return found.filter { !$0.hasPrefix(".") }.sorted()
  }

  @Test func thereAreGoldenFiles() {
    #expect(Self.names.contains("1-nsf"))
  }

  @Test(arguments: names) func opensAndScoresAsItDid(name: String) throws {
    let place = Self.directory.appending(path: name)
    let model = try DensityModel(contentsOf: place.appending(path: "model").path)
    let rows = try CSVReader(path: place.appending(path: "rows.csv").path).readAll()
    let expected = try CSVReader(path: place.appending(path: "scores.csv").path).readAll().column("log_prob").numbers
    let scores = try model.score(rows).logProb
    #expect(scores.count == expected?.values.count)
    for (found, wanted) in zip(scores, expected?.values ?? []) {
      #expect(abs(found - wanted) <= 1e-4 * max(1, abs(wanted)))
    }
    #expect(try model.sample(count: 3, given: model.given.isEmpty ? nil : rows.selecting(rows: 0..<3)).rowCount == 3)
  }
}
