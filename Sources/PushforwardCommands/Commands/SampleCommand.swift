import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardTables

/// `pushforward sample`.
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Draw rows from a model.",
    discussion: """
      Prints a CSV with the model's columns, those it is conditioned on first. Row i depends on the seed and i \
      alone, so a longer sample begins with the shorter one. Columns that the model models may be given too: the \
      others are then drawn from their distribution given those.

      Examples:
        pushforward sample protein.model -n 1000 --seed 7 > more.csv
        pushforward sample shop.model -n 100 --given kind=book
        pushforward sample shop.model -n 5 --given-file wanted.csv -o drawn.csv
        pushforward sample trials.model -n 20 --length 100    (20 sequences of a hidden Markov model)
        pushforward sample adult.model -n 100 --given sex=Female --given age=30
        pushforward sample digits.model -n 100 --given digit=3 --sheet threes.png --means
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String

  @Option(
    name: [.customShort("n"), .customLong("count")], parsing: .unconditional,
    help: ArgumentHelp("Rows to draw; with --given-file, for each of its rows.", valueName: "n"))
  var count = 1

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Value of a column conditioned on. Repeatable.", valueName: "col=value")
  )
  var given: [String] = []

  @Option(name: .customLong("given-file"), help: ArgumentHelp("CSV of values to condition on.", valueName: "csv"))
  var givenFile: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Same seed, same rows.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write to a file.", valueName: "out"))
  var output: String?

  @OptionGroup(title: "Reading the file of --given-file")
  var table: TableOptions

  @Option(
    help: ArgumentHelp(
      "Rows of each of n sequences (hmm); by default as many as a training sequence has.", valueName: "rows"))
  var length: Int?

  @Flag(help: "On a sheet, what the latent values stand for, without the noise of each pixel (vae, cvae).")
  var means = false

  @OptionGroup(title: "Pictures")
  var pictures: SheetOptions

  func validate() throws {
    if means && pictures.sheet == nil { throw ValidationError("--means: expected --sheet beside it, found none") }
    if let length, length < 1 { throw ValidationError("--length: expected a whole number from 1, found \(length)") }
    if count < 0 { throw ValidationError("-n: expected a whole number from 0, found \(count)") }
    if givenFile != nil && !given.isEmpty { throw ValidationError("--given and --given-file exclude each other") }
    for argument in given where !argument.dropFirst().contains("=") {
      throw ValidationError("--given: expected column=value, found '\(argument)'")
    }
  }

  func run() throws {
    let model = try Models.open(self.model)
    if let sequences = model as? SequenceModel, length != nil || sequences.sequenceColumn != nil,
      given.isEmpty, givenFile == nil
    {
      return try drawSequences(sequences)
    }
    if length != nil {
      throw EstimatorError.cannotAnswer(model: model.record.model.rawValue, question: "sequences of a given length")
    }
    let known = KnownColumns(model)
    let conditions = try givenFile.map { try known.read(TableInput(path: $0, options: table)) } ?? known.parse(given)
    // Columns that the model models, as far as they are given: the others are drawn given those.
    let isPartial = conditions.map { !Set($0.names).isSubset(of: model.given) } ?? false
    let total = conditions.map { $0.rowCount == 1 && givenFile == nil ? count : count * $0.rowCount } ?? count
    if pictures.sheet != nil {
      let rows = 0..<min(total, PictureSheet.most)
      let given = conditions.map { table in table.selecting(rows: rows.map { table.rowCount == 1 ? 0 : $0 / count }) }
      try pictures.write([shown(model, count: rows.count, given: given, isPartial: isPartial)], of: model)
      if output == nil { return }
    }
    let results = try CSVResults(
      path: output, names: model.given + model.columns, decimals: model.decimals)
    let formatter = results.formatter
    let meter = ProgressMeter()
    var started = 0
    var done = 0
    let (draws, randomSeed) = (count, seed)
    try OrderedPipeline.run(
      read: { () -> Range<Int>? in
        if started == total { return nil }
        let rows = started..<min(started + SampleCommand.pieceRows, total)
        started = rows.upperBound
        return rows
      },
      work: { (rows: Range<Int>) -> Drawn in
        // Row i of the file stands behind draws i * draws ..< (i + 1) * draws.
        let given = conditions.map { table in
          table.selecting(rows: rows.map { table.rowCount == 1 ? 0 : $0 / draws })
        }
        let drawn: Table =
          if isPartial, let given {
            try model.complete(given, seed: randomSeed, firstRow: rows.lowerBound, draw: 0, workers: nil)
          } else {
            try model.sample(count: rows.count, given: given, seed: randomSeed, firstRow: rows.lowerBound, workers: nil)
          }
        let conditioned = try model.given.compactMap { name in
          try given.map { (name: name, column: try $0.column(name)) }
        }
        let table = try Table(conditioned + drawn.columns.map { (name: $0, column: $1) })
        return Drawn(lines: try formatter.text(table), rows: rows.count)
      },
      write: { piece in
        try results.write(lines: piece.lines)
        done += piece.rows
        meter.update(done: done, total: total, unit: "rows")
      })
    try results.finish()
    meter.clear()
  }

  /// The rows that a sheet shows.
  private func shown(_ model: any TableModel, count: Int, given: Table?, isPartial: Bool) throws -> Table {
    let workers = WorkerPool()
    if means {
      guard let latent = model as? LatentModel, !isPartial else {
        throw EstimatorError.cannotAnswer(
          model: model.record.model.rawValue, question: "means of pixels given a latent value")
      }
      return try latent.sample(
        count: count, given: given, seed: seed, firstRow: 0, rendering: .mean, workers: workers)
    }
    if isPartial, let given {
      return try model.complete(given, seed: seed, firstRow: 0, draw: 0, workers: workers)
    }
    return try model.sample(count: count, given: given, seed: seed, firstRow: 0, workers: workers)
  }

  private func drawSequences(_ model: SequenceModel) throws {
    let drawn = try model.sampleSequences(count: count, length: length, seed: seed)
    let results = try CSVResults(path: output, names: drawn.names, decimals: model.decimals)
    try results.write(drawn)
    try results.finish()
  }

  /// One piece's rows as text.
  private struct Drawn: Sendable {
    var lines: [UInt8]
    var rows: Int
  }

  /// Rows that one worker draws at once.
  private static let pieceRows = 4096
}
