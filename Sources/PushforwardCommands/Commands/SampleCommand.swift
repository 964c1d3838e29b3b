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
      Prints a CSV with the model's columns, those it is conditioned on first, and the fitted table's constant ones. \
      Row i depends on the seed and i \
      alone, so a longer sample begins with the shorter one. Columns that the model models may be given too: the \
      others are then drawn from their distribution given those. Besides column=value such a column may be given as a set, \
      column=a|b, a range, column=low..high, or with <, <=, >, >= (numbers and dates). Rows that keep such limits are taken \
      from free draws; where they are too rare for that, typed chains draw inside the limits and weight: what that is worth \
      is told as an effective sample size. --budget bounds the draws, so that an impossible condition ends with an error.

      Examples:
        pushforward sample protein.model -n 1000 --seed 7 > more.csv
        pushforward sample shop.model -n 100 --given kind=book
        pushforward sample shop.model -n 5 --given-file wanted.csv -o drawn.csv
        pushforward sample trials.model -n 20 --length 100    (20 sequences of a hidden Markov model)
        pushforward sample adult.model -n 100 --given sex=Female --given age=30
        pushforward sample adult.model -n 100 --given 'age>60' --given 'education=Masters|Doctorate'
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
    help: ArgumentHelp("Value, set or range of a column. Repeatable.", valueName: "col=value")
  )
  var given: [String] = []

  @Option(name: .customLong("given-file"), help: ArgumentHelp("CSV of values to condition on.", valueName: "csv"))
  var givenFile: String?

  @Option(help: ArgumentHelp("Draws at most for sets and ranges (1000 a row, at least 200000).", valueName: "n"))
  var budget: Int?

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

  @Option(
    help: ArgumentHelp("Gaps: fill, or reproduce those of the table fitted to.", valueName: "fill|reproduce"))
  var missing = MissingCells.fill

  @Flag(help: "On a sheet, what the latent values stand for, without the noise of each pixel (vae, cvae).")
  var means = false

  @OptionGroup(title: "Pictures")
  var pictures: SheetOptions

  func validate() throws {
    try InputFiles.keep([model, givenFile], from: output)
    if means && pictures.sheet == nil { throw ValidationError("--means: expected --sheet beside it, found none") }
    if let length, length < 1 { throw ValidationError("--length: expected a whole number from 1, found \(length)") }
    if count < 0 { throw ValidationError("-n: expected a whole number from 0, found \(count)") }
    if givenFile != nil && !given.isEmpty { throw ValidationError("--given and --given-file exclude each other") }
    for argument in given where !KnownColumns.looksLikeWish(argument) {
      throw ValidationError("--given: expected column=value, found '\(argument)'")
    }
    if let budget, budget < 1 { throw ValidationError("--budget: expected a whole number from 1, found \(budget)") }
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
    let wish = try known.parse(given)
    if !wish.limits.isEmpty { return try drawLimited(model, wish) }
    if budget != nil { throw ValidationError("--budget is for sets and ranges: give one by --given") }
    let conditions = try givenFile.map { try known.read(TableInput(path: $0, options: table)) } ?? wish.fixed
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
      path: output, names: model.withConstants(model.given + model.columns), decimals: model.decimals)
    let formatter = results.formatter
    let meter = ProgressMeter()
    var started = 0
    var done = 0
    var sizes: EffectiveSizes?
    let (draws, randomSeed, withGaps) = (count, seed, missing == .reproduce)
    if withGaps && isPartial {
      throw EstimatorError.cannotAnswer(
        model: model.record.model.rawValue, question: "where cells are missing beside given ones")
    }
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
        var sizes: EffectiveSizes?
        let drawn: Table
        if isPartial, let given {
          let found = try model.completion(
            given, seed: randomSeed, firstRow: rows.lowerBound, draw: 0, workers: nil)
          drawn = found.table
          sizes = found.effectiveSizes.map { EffectiveSizes(draws: found.candidates ?? 1, sizes: $0) }
        } else if withGaps {
          drawn = try model.sampleWithGaps(
            count: rows.count, given: given, seed: randomSeed, firstRow: rows.lowerBound, workers: nil)
        } else {
          drawn = try model.sample(
            count: rows.count, given: given, seed: randomSeed, firstRow: rows.lowerBound, workers: nil)
        }
        let conditioned = try model.given.compactMap { name in
          try given.map { (name: name, column: try $0.column(name)) }
        }
        let table = try model.withConstants(Table(conditioned + drawn.columns.map { (name: $0, column: $1) }))
        return Drawn(lines: try formatter.text(table), rows: rows.count, sizes: sizes)
      },
      write: { piece in
        try results.write(lines: piece.lines)
        done += piece.rows
        if sizes == nil { sizes = piece.sizes } else if let more = piece.sizes { sizes?.add(more) }
        meter.update(done: done, total: total, unit: "rows")
      })
    try results.finish()
    meter.clear()
    if let sizes, sizes.rows > 0 { Console.note(sizes.text) }
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

  private func drawLimited(_ model: any TableModel, _ wish: KnownColumns.Wish) throws {
    let meter = ProgressMeter()
    let drawn = try model.sample(
      count: count, fixed: wish.fixed, limits: wish.limits, seed: seed,
      budget: budget ?? max(200_000, 1000 * count), workers: WorkerPool()
    ) { meter.update(done: $0, total: count, unit: "rows") }
    meter.clear()
    let rows = try model.withConstants(drawn.table)
    let results = try CSVResults(path: output, names: rows.names, decimals: model.decimals)
    try results.write(rows)
    try results.finish()
    let share = drawn.probability.map { ": probability \(Format.significant($0, 3))" } ?? ""
    switch drawn.method {
    case .rejection(let draws):
      Console.note("\(Format.count(count, "row")) kept of \(Format.count(draws, "draw"))\(share)")
    case .importance(let candidates, let size):
      Console.note(
        "\(Format.count(count, "row")) resampled from \(Format.count(candidates)) weighted candidates that are worth "
          + "\(Format.count(Int(size))) draws\(share)")
    }
  }

  /// One piece's rows as text.
  private struct Drawn: Sendable {
    var lines: [UInt8]
    var rows: Int
    var sizes: EffectiveSizes?
  }

  /// Rows that one worker draws at once.
  private static let pieceRows = 4096
}
