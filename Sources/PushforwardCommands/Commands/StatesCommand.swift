import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardTables

/// `pushforward states`.
struct StatesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "states",
    abstract: "The hidden states behind the rows of sequences.",
    discussion: """
      Prints a CSV with one line a row: state, the state of the likeliest path (Viterbi), counted from 1; and for each \
      state p(1), p(2), ...: its probability given all rows of the sequence. For models of the kind hmm.

      Examples:
        pushforward fit geyser.csv --model hmm -o geyser.model
        pushforward states geyser.model geyser.csv | paste -d, geyser.csv -
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write to a file.", valueName: "out"))
  var output: String?

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func validate() throws { try InputFiles.keep([model, data], from: output) }

  func run() throws {
    let model = try SequenceModel.open(self.model, question: "states")
    let read = try TableInput(path: data, options: table).readRequired(columns: model.requiredColumns)
    let found = try model.states(read, workers: WorkerPool())
    let names = (1...model.chain.states).map { "p(\($0))" }
    let results = try CSVResults(
      path: output, names: ["state"] + names, decimals: Dictionary(uniqueKeysWithValues: names.map { ($0, 6) }))
    let path = (name: "state", column: Column.numbers(results: found.path.map { Double($0 + 1) }))
    try results.write(
      Table(
        [path]
          + names.enumerated().map { (name: $1, column: Column.numbers(results: found.probabilities.column($0))) }))
    try results.finish()
  }
}

extension SequenceModel {
  /// Opens a model of sequences.
  ///
  /// - Throws: `EstimatorError.cannotAnswer` for another kind, and what `Models.open` throws.
  static func open(_ path: String, question: String) throws -> SequenceModel {
    let model = try Models.open(path)
    guard let sequences = model as? SequenceModel else {
      throw EstimatorError.cannotAnswer(model: model.record.model.rawValue, question: question)
    }
    return sequences
  }
}
