import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardTables

/// `pushforward synth`.
struct SynthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synth",
    abstract: "A synthetic table, and how much it looks like, and gives away, the real one.",
    discussion: """
      Draws as many rows as the real table has (or -n), writes them, and prints: the shape of each column and the trend of \
      each pair of columns (1: alike), exact copies of real rows, and how near synthetic rows come to real ones. With \
      --holdout, rows that the model was not fitted to, the last two stand beside what is chance.

      Examples:
        pushforward synth adult.model adult.csv -o synthetic.csv
        pushforward synth adult.model adult.csv --holdout test.csv -o synthetic.csv --json
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("The real table: CSV ('-' for standard input), NPY, NPZ or SQLite.", valueName: "data"))
  var data: String

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Where to write the rows.", valueName: "out"))
  var output: String

  @Option(
    name: [.customShort("n"), .customLong("count")], help: ArgumentHelp("Rows to draw.", valueName: "n"))
  var count: Int?

  @Option(help: ArgumentHelp("Column of weights of the real table's rows.", valueName: "column"))
  var weights: String?

  @Option(help: ArgumentHelp("Rows of the same source that the model has not seen.", valueName: "data"))
  var holdout: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Same seed, same rows.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Gaps: fill, or reproduce those of the real table (the default where the model can).", valueName: "fill|reproduce"
    ))
  var missing: MissingCells?

  @Flag(
    help: """
      Draw every row independently. By default rows complement each other, so that counts of values and of pairs of \
      values come nearer to what the model expects than chance would have it (mixed models).
      """)
  var independent = false

  @Flag(help: "Keep rows with numbers beyond the smallest and the largest of the real table.")
  var beyond = false

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func validate() throws {
    try InputFiles.keep([model, data, holdout], from: output)
    if let count, count < 1 { throw ValidationError("-n: expected a whole number from 1, found \(count)") }
  }

  func run() throws {
    let model = try Models.open(self.model)
    let workers = WorkerPool()
    let read = model.requiredColumns + (weights.map { [($0, Column.Storage.numbers)] } ?? [])
    let real = try TableInput(path: data, options: table).readRequired(columns: read)
    let unseen = try holdout.map {
      try TableInput(path: $0, options: table).readRequired(columns: model.requiredColumns)
    }
    let total = count ?? real.rowCount
    // A conditional model draws the rest of the real rows' conditions, one after another.
    let given =
      model.given.isEmpty
      ? nil
      : try real.selecting(columns: model.given).selecting(rows: (0..<total).map { $0 % real.rowCount })
    let withGaps = missing.map { $0 == .reproduce } ?? model.traits.reproducesGaps
    var drawn: Table =
      if !independent {
        try model.sampleTable(count: total, given: given, seed: seed, withGaps: withGaps, workers: workers)
      } else if withGaps {
        try model.sampleWithGaps(count: total, given: given, seed: seed, firstRow: 0, workers: workers)
      } else {
        try model.sample(count: total, given: given, seed: seed, firstRow: 0, workers: workers)
      }
    if !beyond {
      let again = try RowsInRange(real, columns: model.columns).drawingAgain(
        drawn, by: model, given: given, seed: seed, withGaps: withGaps, workers: workers)
      drawn = again.table
      if again.count > 0 {
        Console.note(
          "\(Format.count(again.count, "row")) drawn again, for numbers beyond the real table's (--beyond keeps them)"
            + (again.left > 0 ? "; \(again.left) still beyond" : ""))
      }
    }
    let synthetic = try Table(
      (given?.columns.map { ($0, $1) } ?? []) + drawn.columns.map { (name: $0, column: $1) })
    let written = try model.withConstants(synthetic)
    let file = try CSVResults(path: output, names: written.names, decimals: model.decimals)
    try file.write(written)
    try file.finish()
    let rowWeights = try weights.map { try real.rowWeights(column: $0) }
    // Dates are alike by how near they are, not by how often the same one comes again.
    let (realCells, drawnCells) = (try model.schema.counted(real), try model.schema.counted(synthetic))
    let fidelity = try Fidelity(
      real: realCells, synthetic: drawnCells, columns: model.columns, weights: rowWeights)
    let privacy = try Privacy(
      training: realCells, synthetic: drawnCells, holdout: unseen.map(model.schema.counted), columns: model.columns,
      seed: seed, workers: workers)
    let results = try Output()
    if json {
      try results.print(
        JSONValue.object([
          .init(name: "rows", value: .integer(total)), .init(name: "output", value: .string(output)),
          .init(name: "column_shape", value: .number(fidelity.shape)),
          .init(name: "pair_trend", value: .number(fidelity.trend)),
          .init(name: "fidelity", value: try JSONValue(encoding: fidelity)),
          .init(name: "privacy", value: try JSONValue(encoding: privacy)),
        ]).text)
    } else {
      for line in SynthCommand.lines(fidelity) + SynthCommand.lines(privacy) { try results.print(line) }
      try results.print("\(Format.count(total, "row")) written to \(output)")
    }
    try results.finish()
  }

  private static func lines(_ fidelity: Fidelity) -> [String] {
    let worst = fidelity.trends.min { $0.score < $1.score }
    return ["likeness, 1 is alike:"]
      + Format.table(
        fidelity.shapes.map { shape in
          let gaps =
            shape.missing.contains { $0 > 0 }
            ? "missing \(Format.fixed(shape.missing[0] * 100, 1)) %, synthetic \(Format.fixed(shape.missing[1] * 100, 1)) %"
            : ""
          return [shape.column, Format.fixed(shape.score, 4), gaps]
        } + [
          ["mean of the columns", Format.fixed(fidelity.shape, 4), ""],
          [
            "mean of the pairs", Format.fixed(fidelity.trend, 4),
            worst.map { "worst: \(listed($0.columns)), \(Format.fixed($0.score, 4))" } ?? "",
          ],
        ])
  }

  private static func lines(_ privacy: Privacy) -> [String] {
    func percent(_ value: Double) -> String { Format.fixed(value * 100, 2) + " %" }
    var lines = [
      "exact copies of real rows: \(percent(privacy.copies))"
        + (privacy.copiesInHoldout.map { "; of the holdout's rows, by chance: \(percent($0))" } ?? ""),
      "median distance to the nearest real row: \(Format.significant(privacy.distanceToTraining, 3))"
        + (privacy.distanceOfHoldout.map { "; of a holdout row: \(Format.significant($0, 3))" } ?? ""),
    ]
    if let nearer = privacy.nearerToTraining {
      lines.append("nearer to a row fitted to than to a holdout row: \(percent(nearer)); 50 % is chance")
    }
    return lines
  }
}
