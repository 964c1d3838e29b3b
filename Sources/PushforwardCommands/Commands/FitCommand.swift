import ArgumentParser
import PushforwardEstimators
import PushforwardInterchange
import PushforwardTables

/// `pushforward fit`.
struct FitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fit a model to a table.",
    discussion: """
      Everything that is not said is chosen from the rows and columns, and printed. A tenth of the rows is held \
      out to decide when to stop. Ctrl-C ends the fit with the best model so far; a second one kills.

      A file above 1 GB is read once into a temporary file beside the model (or where --cache says) and trained from there, \
      in memory that does not grow with its rows: flows learn from all rows, other models from a random sample.

      A schema file is TOML, a table a column, with the keys kind (real, whole_number, category, date, ...), levels, \
      step, min, max, log, error_column (of known standard deviations; gmm) and role = "ignore":
        [columns.age]
        kind = "whole_number"

      Examples:
        pushforward fit protein.csv -o protein.model
        pushforward fit shop.csv -o shop.model --columns price,weight --given kind
        pushforward fit shop.db --table orders -o shop.model --max-seconds 60
        zcat big.csv.gz | pushforward fit - -o big.model --model maf --cache /var/tmp
        pushforward fit trials.csv -o trials.model --model hmm --sequence run
        pushforward fit digits.csv -o digits.model --model cvae --given digit --prior maf
      """)

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Where to write the model.", valueName: "model"))
  var output: String

  @Option(help: "What to fit; auto leaves the choice to the program.")
  var model = ModelKind.auto

  @Option(help: ArgumentHelp("Columns to model, separated by commas; all others by default.", valueName: "a,b"))
  var columns: [String] = []

  @Option(help: ArgumentHelp("Columns to condition on, separated by commas.", valueName: "c,d"))
  var given: [String] = []

  @Option(help: ArgumentHelp("TOML or JSON file that says what columns are.", valueName: "file"))
  var schema: String?

  @Option(help: ArgumentHelp("Column of row weights.", valueName: "column"))
  var weights: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seed of everything random: same seed, same data, same model.", valueName: "n"))
  var seed: UInt64 = 0

  @OptionGroup
  var limits: LimitFlags

  @Option(
    help: ArgumentHelp(
      "Train from a temporary file in this directory instead of from memory, whatever the table's size.",
      valueName: "dir"))
  var cache: String?

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup(title: "Reading")
  var table: TableOptions

  @OptionGroup(title: "Sizes and training")
  var sizes: SizeOptions

  @OptionGroup(title: "Sequences")
  var sequences: SequenceFlags

  @OptionGroup(title: "Autoencoders")
  var latent: LatentFlags

  func validate() throws {
    try InputFiles.keep([data, schema], from: output)
    if model != .hmm, let flag = sequences.given {
      throw ValidationError("\(flag) is for hidden Markov models: add --model hmm")
    }
  }

  func run() throws {
    var options = FitOptions()
    options.model = model
    options.columns = columns.isEmpty ? nil : columnNames(columns)
    options.given = columnNames(given)
    options.weights = weights
    options.seed = seed
    limits.apply(to: &options)
    sizes.apply(to: &options)
    sequences.apply(to: &options)
    latent.apply(to: &options)
    if let schema { options.overrides = try SchemaOverrides(contentsOf: schema) }
    let input = TableInput(path: data, options: table)
    let report =
      if let directory = cache ?? (isLarge(input) ? FitCommand.directory(of: output) : nil) {
        try FitJob(source: data, options: options, output: output).run(input, cache: directory)
      } else {
        try FitJob(source: data, options: options, output: output)
          .run(input.readAll(overrides: options.overrides))
      }
    let results = try Output()
    if json {
      try results.print(report.json.text)
    } else {
      for line in report.lines { try results.print(line) }
    }
    try results.finish()
  }

  /// Files of more bytes are not read into memory; sequences need their rows in order.
  private func isLarge(_ input: TableInput) -> Bool {
    model != .hmm && input.byteCount ?? 0 > 1_000_000_000
  }

  private static func directory(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }
}

extension ModelKind: ExpressibleByArgument {
  /// The models that a table can be fitted with; the others are combined from fitted ones.
  static var fitted: [ModelKind] { allCases.filter { ![.mixture, .chain, .stack].contains($0) } }

  /// One of `fitted`.
  public init?(argument: String) {
    guard let kind = ModelKind(rawValue: argument), Self.fitted.contains(kind) else { return nil }
    self = kind
  }

  /// For the help text.
  public static var allValueStrings: [String] { fitted.map(\.rawValue) }
}

/// Fits, telling what happens on standard error, and saves.
struct FitJob {
  let source: String
  let options: FitOptions
  let output: String

  /// Fits to a table in memory.
  func run(_ table: Table) throws -> FitReport {
    try checkOutput()
    Console.note("read \(source): \(Format.count(table.rowCount, "row")), \(Format.count(table.names.count, "column"))")
    return try report { try Models.fit(table, options: options, shouldStop: $0, progress: $1) }
  }

  /// Fits to a table that is read into a temporary file.
  func run(_ input: TableInput, cache directory: String) throws -> FitReport {
    try checkOutput()
    let narrator = FitNarrator()
    let cache = try input.cache(
      in: directory, seed: options.seed, overrides: options.overrides, progress: narrator.read)
    narrator.finish()
    Console.note(
      "read \(source) into a temporary file in \(directory): \(Format.count(cache.rowCount, "row")), "
        + Format.count(cache.columns.count, "column"))
    return try report { try Models.fit(cache, options: options, shouldStop: $0, progress: $1) }
  }

  /// A place that cannot be written to is better known before the work than after it.
  private func checkOutput() throws { try AtomicFile(path: output).abandon() }

  private func report(
    _ fit: (_ shouldStop: () -> Bool, _ progress: (FitEvent) -> Void) throws -> any TableModel
  ) throws -> FitReport {
    let narrator = FitNarrator()
    Interruption.catchFirst()
    let model = try fit({ Interruption.wasRequested }, narrator.tell)
    narrator.finish()
    try model.save(to: output)
    return FitReport(model: model, path: output, data: source)
  }
}
