import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardEvaluation

/// `pushforward evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Mean log-likelihood of a table's rows under a model, beside two baselines.",
    discussion: """
      The rows should be others than those that the model was fitted to. JSON keys: mean_log_likelihood (nats a row), \
      standard_error, bits (code length of a row: -log2 of the density), rows, non_finite_count, likelihood (exact, \
      estimate or bound), gaussian and independent (the means of the baselines fitted beside the model), left_out.

      Examples:
        pushforward evaluate protein.model test.csv
        pushforward evaluate protein.model test.csv --json | jq .mean_log_likelihood
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func run() throws {
    let model = try Models.open(self.model)
    let read = try TableInput(path: data, options: table).readRequired(columns: model.requiredColumns)
    let evaluation = try model.evaluate(read, workers: WorkerPool())
    let results = try Output()
    if json {
      try results.print(EvaluateCommand.json(evaluation).text)
    } else {
      for line in EvaluateCommand.lines(evaluation, name: model.record.model.rawValue) { try results.print(line) }
    }
    try results.finish()
  }

  private static func lines(_ evaluation: ModelEvaluation, name: String) -> [String] {
    let model = evaluation.model
    var lines: [String] = []
    if let note = evaluation.leftOutNote { lines.append(note) }
    if model.nonFiniteCount > 0 {
      lines.append("\(model.nonFiniteCount) of \(model.rowCount) rows have a log-density that is not finite")
    }
    lines.append("log-likelihood in nats a row, mean of \(Format.count(model.rowCount, "row")):")
    lines += Format.table(
      [[name, Format.fixed(model.mean, 4), "standard error \(Format.fixed(model.standardError, 4))"]]
        + evaluation.baselines.map { baseline in
          let mean = baseline.summary.mean
          return [baseline.name, Format.fixed(mean, 4), Format.gain(name, model.mean - mean)]
        })
    lines.append("\(Format.fixed(-model.meanBits, 4)) bits a row")
    return lines
  }

  private static func json(_ evaluation: ModelEvaluation) -> JSONValue {
    [
      "mean_log_likelihood": .number(evaluation.model.mean),
      "standard_error": .number(evaluation.model.standardError),
      "bits": .number(-evaluation.model.meanBits),
      "rows": .integer(evaluation.model.rowCount),
      "non_finite_count": .integer(evaluation.model.nonFiniteCount),
      "likelihood": .string(evaluation.likelihood.rawValue),
      "gaussian": evaluation["gaussian"].map { .number($0.mean) } ?? .null,
      "independent": evaluation["independent"].map { .number($0.mean) } ?? .null,
      "left_out": evaluation.leftOutNote.map(JSONValue.string) ?? .null,
    ]
  }
}
