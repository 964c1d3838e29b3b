import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardInterchange
import PushforwardTables

/// `pushforward combine stack`.
struct CombineStackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stack",
    abstract: "Model a flow's latent space by another model, in place of its normal base.",
    discussion: """
      The table's rows are brought to the flow's latent space, the second model is fitted there, and both together are \
      one density: with gmm, a flow whose base is a Gaussian mixture; with another flow, a flow behind one that whitens; \
      with hmm, sequences whose rows a flow encodes. A tenth of the rows (for hmm: of the sequences) is held out and \
      judges. --fine-tune trains both parts together afterwards, and keeps that only if the held-out rows become likelier.

      An autoencoder (vae, cvae) gets a flow as its prior (--model maf, nsf, ...), fitted to encoded rows; then all parts \
      are trained together, which is kept only if the held-out rows gain by it.

      Examples:
        pushforward combine stack flow.model data.csv --model gmm --fine-tune -o stack.model
        pushforward combine stack frames.model frames.csv --model hmm --sequence speech -o speech.model
      """)

  @Argument(help: ArgumentHelp("A flow's model file and a table to fit the second model to.", valueName: "files"))
  var files: [String]

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Where to write the model.", valueName: "model"))
  var output: String

  @Option(help: "What to fit to the latent space.")
  var model = ModelKind.gmm

  @Flag(name: .customLong("fine-tune"), help: "Train both parts together, and keep that if it helps held-out rows.")
  var fineTune = false

  @Option(parsing: .unconditional, help: ArgumentHelp("Seed of everything random.", valueName: "n"))
  var seed: UInt64 = 0

  @OptionGroup
  var limits: LimitFlags

  @OptionGroup(title: "Reading the table")
  var table: TableOptions

  @OptionGroup(title: "Sizes and training")
  var sizes: SizeOptions

  @OptionGroup(title: "Sequences")
  var sequences: SequenceFlags

  func validate() throws { try InputFiles.keep(files.map { $0 }, from: output) }

  func run() throws {
    try AtomicFile(path: output).abandon()
    let files = try CombinedFiles(self.files)
    guard files.models.count == 1, let path = files.table else {
      throw ValidationError("expected one flow and one table, found \(files.models.count) models")
    }
    if let latent = files.models[0].model as? LatentModel { return try fitPrior(of: latent, path) }
    guard let flow = files.models[0].model as? DensityModel else {
      let kind = files.models[0].model.record.model.rawValue
      throw EstimatorError.cannotCombine(
        detail: "\(files.models[0].path) is of the kind '\(kind)', expected a flow or an autoencoder")
    }
    let names = model == .hmm ? sequences.sequence.map { [(name: $0, storage: Column.Storage.categories)] } ?? [] : []
    let rows = try TableInput(path: path, options: table).readRequired(columns: names + flow.requiredColumns)
    var options = FitOptions()
    options.model = model
    options.seed = seed
    limits.apply(to: &options)
    sizes.apply(to: &options)
    sequences.apply(to: &options)
    let narrator = FitNarrator()
    Interruption.catchFirst()
    let found = try Models.stack(
      on: flow, table: rows, options: options, fineTunes: fineTune, shouldStop: { Interruption.wasRequested },
      progress: narrator.tell)
    narrator.finish()
    let (stack, alone) = (found.model, found.flowAlone)
    try stack.save(to: output)
    let results = try Output()
    let mean = stack.record.heldOut
    try results.print(
      "log-likelihood in nats a row, mean of \(Format.count(stack.record.heldOutRows, "held-out row")):")
    for line in Format.table([
      ["stack", Format.fixed(mean, 4), "standard error \(Format.fixed(stack.record.heldOutStandardError, 4))"],
      ["flow alone", Format.fixed(alone, 4), Format.gain("stack", mean - alone)],
    ]) {
      try results.print(line)
    }
    if let (before, after) = found.fineTuning {
      try results.print(
        "trained together: \(Format.fixed(after, 4)), separately: \(Format.fixed(before, 4)); "
          + (found.isFineTuned ? "kept" : "not kept, since the held-out rows do not become likelier"))
    }
    try results.print("model written to \(output)")
    try results.finish()
  }

  /// An autoencoder keeps its kind: the flow becomes its prior.
  private func fitPrior(of latent: LatentModel, _ path: String) throws {
    guard let family = model.flowFamily else {
      throw ValidationError(
        "--model: expected a flow (maf, nsf, ...), which becomes the autoencoder's prior, found '\(model.rawValue)'")
    }
    let rows = try TableInput(path: path, options: table).readRequired(columns: latent.requiredColumns)
    var options = FitOptions()
    options.seed = seed
    limits.apply(to: &options)
    sizes.apply(to: &options)
    let narrator = FitNarrator()
    Interruption.catchFirst()
    let (found, alone) = try Models.stack(
      prior: family, on: latent, table: rows, options: options, shouldStop: { Interruption.wasRequested },
      progress: narrator.tell)
    narrator.finish()
    try found.save(to: output)
    let results = try Output()
    let mean = found.record.heldOut
    try results.print(
      "log-likelihood (an estimate by draws) in nats a row, mean of "
        + "\(Format.count(found.record.heldOutRows, "held-out row")):")
    for line in Format.table([
      [
        "with the prior \(family.rawValue)", Format.fixed(mean, 4),
        "standard error \(Format.fixed(found.record.heldOutStandardError, 4))",
      ],
      ["as it was", Format.fixed(alone, 4), Format.gain("the prior", mean - alone)],
    ]) {
      try results.print(line)
    }
    try results.print("model written to \(output)")
    try results.finish()
  }
}
