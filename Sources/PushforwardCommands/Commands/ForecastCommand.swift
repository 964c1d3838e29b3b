import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardTables

/// `pushforward forecast`.
struct ForecastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecast",
    abstract: "The rows that come after the end of each sequence.",
    discussion: """
      Prints a CSV with one line a sequence and step: for a quantity y y_mean, y_median, y_low and y_high (the ends of \
      the central interval), for a category y p(y=level) for each level. Exact, from the states' predicted \
      probabilities. For models of the kind hmm.

      Examples:
        pushforward forecast geyser.model geyser.csv --steps 3
        pushforward forecast geyser.model geyser.csv --steps 3 --interval 0.5 -o next.csv
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Option(help: ArgumentHelp("Rows to look ahead.", valueName: "k"))
  var steps = 1

  @Option(help: ArgumentHelp("Mass of the central interval.", valueName: "p"))
  var interval = 0.9

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write to a file.", valueName: "out"))
  var output: String?

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func validate() throws {
    try InputFiles.keep([model, data], from: output)
    if !(1...1_000_000).contains(steps) {
      throw ValidationError("--steps: expected a whole number from 1 to 1000000, found \(steps)")
    }
    if !(interval > 0 && interval < 1) {
      throw ValidationError("--interval: expected a number between 0 and 1, found \(interval)")
    }
  }

  func run() throws {
    let model = try SequenceModel.open(self.model, question: "what comes after the last row")
    let read = try TableInput(path: data, options: table).readRequired(columns: model.requiredColumns)
    let forecast = try model.forecast(
      read, steps: steps, levels: [0.5, (1 - interval) / 2, (1 + interval) / 2], workers: WorkerPool())
    var columns: [(name: String, column: Column)] = []
    if let name = model.sequenceColumn {
      columns.append((name, .categories(CategoryColumn(forecast.sequences))))
    }
    columns.append(("step", .numbers(results: forecast.steps.map(Double.init))))
    var decimals: [String: Int] = [:]
    for (name, answer) in forecast.columns {
      switch answer {
      case .numbers(let means, let quantiles):
        let schema = try model.schema.column(name)
        columns.append(("\(name)_mean", schema.answers(means)))
        for (place, label) in ["median", "low", "high"].enumerated() {
          columns.append(("\(name)_\(label)", schema.answers(quantiles.map { $0[place] })))
        }
      case .levels(let levels, let probabilities):
        for (place, level) in levels.enumerated() {
          columns.append(("p(\(name)=\(level))", .numbers(results: probabilities.map { $0[place] })))
          decimals["p(\(name)=\(level))"] = 6
        }
      }
    }
    let results = try CSVResults(path: output, names: columns.map(\.name), decimals: decimals)
    try results.write(Table(columns))
    try results.finish()
  }
}
