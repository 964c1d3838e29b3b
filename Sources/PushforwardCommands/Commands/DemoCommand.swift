import ArgumentParser
import PushforwardEstimators
import PushforwardInterchange
import PushforwardTables

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `pushforward demo`.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Fit the table that comes with the program, score it, sample from it.",
    discussion: """
      Writes the table, the model, the scores and as many new rows into a directory, and says how to go on. The \
      table: hourly averages of a power plant (every fifth row of UCI's Combined Cycle Power Plant, P. Tüfekci and \
      H. Kaya, 2014, CC BY 4.0).

      Example:
        pushforward demo --out demo-output
      """)

  @Option(name: .customLong("out"), help: ArgumentHelp("Directory for the results, made if needed.", valueName: "dir"))
  var directory = "demo-output"

  @Option(help: ArgumentHelp("Seed of everything random.", valueName: "n"))
  var seed: UInt64 = 0

  func run() throws {
    try makeDirectory()
    let data = path("power_plant.csv")
    let file = try Output(path: data)
    try file.write(DemoTable.csv)
    try file.finish()

    let results = try Output()
    var options = FitOptions()
    options.seed = seed
    let table = try CSVReader(path: data).readAll()
    let report = try FitJob(source: data, options: options, output: path("power_plant.model")).run(table)
    for line in report.lines { try results.print(line) }
    try results.flush()

    // From the file, as anybody would go on.
    let model = try Models.open(report.path)
    let rows = try model.score(table, workers: nil)
    let scores = rows.logProb
    try write(ScoreCommand.table(rows), to: "scores.csv", decimals: [ScoreCommand.column: 6])
    let drawn = try model.sample(count: table.rowCount, given: nil, seed: seed, firstRow: 0, workers: nil)
    try write(drawn, to: "samples.csv", decimals: model.decimals)

    try results.print("")
    for line in try comparison(table, drawn) { try results.print(line) }
    if let oddest = scores.indices.min(by: { scores[$0] < scores[$1] }) {
      let cells = try table.names.map { name in
        "\(name) \(NumberText.shortest(try table.column(name).numbers?.values[oddest] ?? .nan))"
      }
      try results.print("")
      try results.print(
        "the least likely row, log_prob \(Format.fixed(scores[oddest], 2)): \(cells.joined(separator: ", "))")
    }
    try results.print("")
    try results.print("written to \(directory): power_plant.csv, power_plant.model, scores.csv, samples.csv")
    let program = CommandLine.arguments.first ?? "pushforward"
    try results.print("go on with: \(program) sample \(report.path) -n 5")
    try results.finish()
  }

  private func write(_ table: Table, to name: String, decimals: [String: Int]) throws {
    let file = try CSVResults(path: path(name), names: table.names, decimals: decimals)
    try file.write(table)
    try file.finish()
  }

  /// Means and spreads of the table and of the sample beside one another.
  private func comparison(_ table: Table, _ drawn: Table) throws -> [String] {
    var rows = [["", "mean", "of samples", "spread", "of samples"]]
    for name in table.names {
      let real = Moments(try table.column(name).numbers?.values ?? [])
      let made = Moments(try drawn.column(name).numbers?.values ?? [])
      rows.append([name] + [real.mean, made.mean, real.spread, made.spread].map { Format.fixed($0, 2) })
    }
    return Format.table(rows)
  }

  private func makeDirectory() throws {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw FileError.cannotWrite(path: directory, reason: "expected a directory that can be made and written to")
    }
  }

  private func path(_ name: String) -> String { directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)" }

  private struct Moments {
    var mean: Double
    var spread: Double

    init(_ values: [Double]) {
      let count = Double(max(values.count, 1))
      let center = values.reduce(0, +) / count
      mean = center
      spread = (values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / count).squareRoot()
    }
  }
}
