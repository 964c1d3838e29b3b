import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardInterchange
import PushforwardTables

/// `pushforward combine`.
struct CombineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "combine",
    abstract: "Make one model of several that were fitted separately.",
    discussion: """
      The members are kept as they are, inside the new model's file; the new model scores, samples, completes and \
      evaluates like any other.

      Examples:
        pushforward combine mixture a.model b.model c.model heldout.csv -o all.model
        pushforward combine chain kinds.model sizes-given-kind.model -o whole.model
        pushforward combine stack flow.model data.csv --model gmm -o stack.model
      """,
    subcommands: [CombineMixtureCommand.self, CombineChainCommand.self, CombineStackCommand.self])
}

/// Models and at most one table among the arguments: files of models are told by their content.
struct CombinedFiles {
  var models: [(path: String, model: any TableModel)] = []
  var table: String?

  init(_ paths: [String]) throws {
    for path in paths {
      if ModelFileSummary.looksLikeModel(path) {
        models.append((path, try Models.open(path)))
      } else if table == nil {
        table = path
      } else {
        throw ValidationError("expected models and one table, found two files that are no models: \(table!), \(path)")
      }
    }
    if models.isEmpty { throw ValidationError("expected model files, found none") }
  }

  /// The table's columns that a model knows.
  func read(for model: any TableModel, _ options: TableOptions) throws -> Table? {
    try table.map { try TableInput(path: $0, options: options).readRequired(columns: model.requiredColumns) }
  }
}

/// `pushforward combine mixture`.
struct CombineMixtureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mixture",
    abstract: "Mix models of the same columns: p(row) = sum of weight times member's density.",
    discussion: """
      With a table, the weights are those that make its rows most likely: the best there are, proved by a bound that is \
      printed, and never worse than the best member on these rows. The rows should not be those that the members were \
      fitted to. Without a table the weights are --weights, or equal.
      """)

  @Argument(help: ArgumentHelp("Model files, and a table that chooses the weights.", valueName: "files"))
  var files: [String]

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Where to write the model.", valueName: "model"))
  var output: String

  @Option(help: ArgumentHelp("Weights of the members, separated by commas.", valueName: "w,w"))
  var weights: String?

  @Flag(help: "Let the weights depend on the columns that members are conditioned on.")
  var gate = false

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup(title: "Reading the table")
  var table: TableOptions

  func validate() throws { try InputFiles.keep(files.map { $0 }, from: output) }

  func run() throws {
    try AtomicFile(path: output).abandon()
    let files = try CombinedFiles(self.files)
    let members = files.models.map(\.model)
    let results = try Output()
    let shares = try weights.map { text in
      let parts = text.split(separator: ",").map { Double($0) }
      guard parts.count == members.count, parts.allSatisfy({ $0 ?? -1 >= 0 }) else {
        throw ValidationError("--weights: expected \(members.count) numbers, not negative, found '\(text)'")
      }
      return parts.map { $0! }
    }
    let equal = try ModelMixture(members, weights: shares ?? [Double](repeating: 1, count: members.count))
    guard let rows = try files.read(for: equal, table) else {
      if gate { throw ValidationError("--gate needs a table that chooses the weights") }
      try equal.save(to: output)
      try report(results, equal, files, nil)
      return
    }
    if weights != nil { throw ValidationError("--weights and a table that chooses them exclude each other") }
    let found = try Models.mixture(of: members, on: rows, gated: gate, workers: WorkerPool())
    try found.model.save(to: output)
    try report(results, found.model, files, found)
  }

  private func report(
    _ results: Output, _ model: ModelMixture, _ files: CombinedFiles, _ found: MixtureCombination?
  ) throws {
    if json {
      try results.print(
        JSONValue.object([
          .init(name: "output", value: .string(output)),
          .init(
            name: "members",
            value: .array(
              files.models.indices.map { number in
                [
                  "file": .string(files.models[number].path),
                  "model": .string(files.models[number].model.record.model.rawValue),
                  "weight": .number(model.weights[number]),
                  "log_likelihood": found.map { .number($0.alone[number]) } ?? .null,
                ]
              })),
          .init(name: "log_likelihood", value: found.map { .number($0.logLikelihood) } ?? .null),
          .init(name: "gap", value: found.map { .number($0.gap) } ?? .null),
          .init(name: "rows", value: found.map { .integer($0.rows) } ?? .null),
        ]).text)
      try results.finish()
      return
    }
    if let found {
      try results.print("log-likelihood in nats a row, mean of \(Format.count(found.rows, "row")):")
      var rows = files.models.indices.map { number in
        [
          "\(files.models[number].path) (\(files.models[number].model.record.model.rawValue))",
          Format.fixed(found.alone[number], 4), "weight \(Format.fixed(model.weights[number], 4))",
        ]
      }
      let best = found.alone.max() ?? .nan
      rows.append(["mixture", Format.fixed(found.logLikelihood, 4), Format.gain("mixture", found.logLikelihood - best)])
      for line in Format.table(rows) { try results.print(line) }
      let constant = gate ? "no other constant weights gain" : "no other weights gain"
      try results.print("\(constant) more than \(Format.significant(found.gap, 2)) nats a row here")
    } else {
      for line in Format.table(
        files.models.indices.map { [files.models[$0].path, "weight \(Format.fixed(model.weights[$0], 4))"] })
      {
        try results.print(line)
      }
    }
    try results.print("model written to \(output)")
    try results.finish()
  }
}

/// `pushforward combine chain`.
struct CombineChainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chain",
    abstract: "Multiply models of different columns: p(a) p(b given a) p(c given a, b).",
    discussion: """
      Each model may be conditioned on columns that earlier ones model (fit --given). A table, if there is one, judges \
      the whole.
      """)

  @Argument(help: ArgumentHelp("Model files in order, and perhaps a table.", valueName: "files"))
  var files: [String]

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Where to write the model.", valueName: "model"))
  var output: String

  @OptionGroup(title: "Reading the table")
  var table: TableOptions

  func validate() throws { try InputFiles.keep(files.map { $0 }, from: output) }

  func run() throws {
    try AtomicFile(path: output).abandon()
    let files = try CombinedFiles(self.files)
    let members = files.models.map(\.model)
    let rows = try files.read(for: ModelChain(members), table)
    let chain = try Models.chain(of: members, judgedOn: rows, workers: WorkerPool())
    try chain.save(to: output)
    let results = try Output()
    try results.print(ModelChain.formula(members))
    if rows != nil {
      let (mean, error) = (chain.record.heldOut, chain.record.heldOutStandardError)
      try results.print(
        "log-likelihood \(Format.fixed(mean, 4)) nats a row, standard error \(Format.fixed(error, 4)), "
          + "\(Format.count(chain.record.heldOutRows, "row"))")
    }
    try results.print("model written to \(output)")
    try results.finish()
  }
}
