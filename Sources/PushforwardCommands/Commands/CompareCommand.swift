import ArgumentParser
import PushforwardEstimators
import PushforwardTables

/// `pushforward compare`.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Fit several models to a table and show which explains held-out rows best.",
    discussion: """
      Each model is fitted as 'fit' would, on the same rows; a model that cannot be fitted says why, and the others go on. \
      With --test, the models are judged by the rows of another table.

      Examples:
        pushforward compare protein.csv --models gaussian,nsf,maf
        pushforward compare train.csv --test test.csv --models nsf,mixed,gmm --json
      """)

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Option(help: ArgumentHelp("Models, separated by commas.", valueName: "a,b"))
  var models: [String]

  @Option(help: ArgumentHelp("Rows to judge by, instead of held-out ones.", valueName: "data"))
  var test: String?

  @Option(help: ArgumentHelp("Columns to model, separated by commas; all others by default.", valueName: "a,b"))
  var columns: [String] = []

  @Option(help: ArgumentHelp("Columns to condition on, separated by commas.", valueName: "c,d"))
  var given: [String] = []

  @Option(help: ArgumentHelp("TOML or JSON file that says what columns are.", valueName: "file"))
  var schema: String?

  @Option(help: ArgumentHelp("Column of row weights.", valueName: "column"))
  var weights: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Seed of everything random.", valueName: "n"))
  var seed: UInt64 = 0

  @OptionGroup
  var limits: LimitFlags

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup(title: "Reading")
  var table: TableOptions

  private struct Entry {
    var kind: ModelKind
    var mean: Double?
    var standardError: Double?
    var likelihood = ""
    var parameters = 0
    var seconds = 0.0
    var failure: String?
  }

  func run() throws {
    let kinds = try columnNames(models).map { name in
      guard let kind = ModelKind(argument: name) else {
        throw ValidationError(
          "--models: expected some of \(ModelKind.fitted.map(\.rawValue).joined(separator: ", ")), found '\(name)'")
      }
      return kind
    }
    var options = FitOptions()
    options.columns = columns.isEmpty ? nil : columnNames(columns)
    options.given = columnNames(given)
    (options.weights, options.seed) = (weights, seed)
    limits.apply(to: &options)
    if let schema { options.overrides = try SchemaOverrides(contentsOf: schema) }
    let read = try TableInput(path: data, options: table).readAll(overrides: options.overrides)
    Interruption.catchFirst()
    var entries: [Entry] = []
    for kind in kinds where !Interruption.wasRequested {
      options.model = kind
      let meter = ProgressMeter()
      meter.stage("\(kind.rawValue) ...")
      entries.append(entry(kind, read, options, meter))
      meter.clear()
    }
    entries.sort { ($0.mean ?? -.infinity) > ($1.mean ?? -.infinity) }
    let results = try Output()
    if json {
      try results.print(JSONValue.array(entries.map(CompareCommand.json)).text)
    } else {
      try results.print(
        "log-likelihood in nats a row, mean of \(test.map { "the rows of \($0)" } ?? "held-out rows"):")
      for line in CompareCommand.lines(entries) { try results.print(line) }
    }
    try results.finish()
  }

  private func entry(_ kind: ModelKind, _ read: Table, _ options: FitOptions, _ meter: ProgressMeter) -> Entry {
    var entry = Entry(kind: kind)
    do {
      let model = try Models.fit(
        read, options: options, shouldStop: { Interruption.wasRequested },
        progress: { event in
          if case .progress(let now) = event {
            meter.update(done: now.step, total: now.plannedSteps, unit: "steps", detail: kind.rawValue)
          }
        })
      entry.parameters = model.record.parameterCount
      entry.seconds = model.record.seconds
      entry.likelihood = model.traits.likelihood.rawValue
      (entry.mean, entry.standardError) = (model.record.heldOut, model.record.heldOutStandardError)
      if let test {
        let rows = try TableInput(path: test, options: table).readKnown(to: model, weights: weights)
        let evaluation = try model.evaluate(rows, weights: weights)
        (entry.mean, entry.standardError) = (evaluation.model.mean, evaluation.model.standardError)
      }
    } catch {
      entry.failure = "\(error)"
    }
    return entry
  }

  private static func lines(_ entries: [Entry]) -> [String] {
    Format.table(
      [["model", "mean", "standard error", "parameters", "seconds"]]
        + entries.filter { $0.failure == nil }.map { entry in
          [
            entry.kind.rawValue, Format.fixed(entry.mean ?? .nan, 4), Format.fixed(entry.standardError ?? .nan, 4),
            Format.count(entry.parameters), Format.significant(entry.seconds, 3),
          ]
        }) + entries.compactMap { entry in entry.failure.map { "\(entry.kind.rawValue): \($0)" } }
  }

  private static func json(_ entry: Entry) -> JSONValue {
    [
      "model": .string(entry.kind.rawValue),
      "mean_log_likelihood": entry.mean.map(JSONValue.number) ?? .null,
      "standard_error": entry.standardError.map(JSONValue.number) ?? .null,
      "likelihood": .string(entry.likelihood),
      "parameters": .integer(entry.parameters),
      "seconds": .number(entry.seconds),
      "error": entry.failure.map(JSONValue.string) ?? .null,
    ]
  }
}
