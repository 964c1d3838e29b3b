import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardEvaluation
import PushforwardTables

/// `pushforward score`.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Log-density of each row of a table under a model.",
    discussion: """
      Prints a CSV with the column log_prob, in nats, one line a row in the order of the rows; empty ("") for rows \
      with a missing cell, unless the model knows what a part of a row is worth. Where a score is an estimate \
      by draws (vae, cvae) the column standard_error says how sure it is. Columns are matched by name, in any \
      order; others are ignored. Reads a CSV piece by piece, in memory that does not grow with it.

      --tail adds tail_probability: the share of the rows held out in the fit (or of those of --reference) that are less \
      likely; near 0 is odd. --columns adds surprise(NAME) for each column: -log p of the cell given all others in its row, \
      in nats, so that one sees which cell is odd; cells of numbers may have negative ones, for densities above 1. \
      --columns-in-order gives the cell given the columns before it alone: these add up to -log_prob.

      Examples:
        pushforward score protein.model protein.csv -o scores.csv
        pushforward score protein.model protein.csv | paste -d, protein.csv -
        pushforward score adult.model new.csv --tail --columns -o odd.csv
        zcat big.csv.gz | pushforward score big.model - | sort -g | head
        pushforward score trials.model trials.csv --by-sequence
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Flag(help: "Add the share of the held-out rows that are less likely.")
  var tail = false

  @Option(help: ArgumentHelp("Rows for --tail to compare with, instead of those held out.", valueName: "data"))
  var reference: String?

  @Flag(help: "Add each cell's surprise given all other cells of its row.")
  var columns = false

  @Flag(
    name: .customLong("columns-in-order"), help: "Add each cell's surprise given the cells of the columns before it.")
  var columnsInOrder = false

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write to a file.", valueName: "out"))
  var output: String?

  @Flag(
    name: .customLong("by-sequence"),
    help: "One line a sequence, with its rows and its log-likelihood (hmm), instead of one a row.")
  var bySequence = false

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func validate() throws {
    try InputFiles.keep([model, data, reference], from: output)
    if reference != nil && !tail { throw ValidationError("--reference needs --tail") }
    if columns && columnsInOrder { throw ValidationError("--columns and --columns-in-order exclude each other") }
    if bySequence && (tail || columns || columnsInOrder) {
      throw ValidationError("--by-sequence excludes --tail and the columns' surprises")
    }
  }

  func run() throws {
    if bySequence { return try scoreSequences() }
    let model = try Models.open(self.model)
    let scorer = RowScorer(
      model: model, tail: try tail ? distribution(model) : nil,
      surprise: columns ? .others : columnsInOrder ? .before : nil)
    let results = try CSVResults(path: output, names: scorer.names, decimals: scorer.decimals)
    let formatter = results.formatter
    let meter = ProgressMeter()
    var total = RowScorer.Count()
    let pieces = try TableInput(path: data, options: table).pieces(for: model)
    try OrderedPipeline.run(
      read: { try pieces.next() },
      work: { piece in
        let (scored, count) = try scorer.score(piece)
        return (lines: try formatter.text(scored), count: count)
      },
      write: { piece in
        try results.write(lines: piece.lines)
        total.add(piece.count)
        meter.update(rows: total.rows)
      })
    try results.finish()
    meter.clear()
    for note in scorer.notes(total) { Console.note(note) }
  }

  /// The scores that tail probabilities compare with.
  private func distribution(_ model: any TableModel) throws -> ScoreDistribution {
    guard let reference else {
      guard let found = model.record.heldOutScores else {
        throw EstimatorError.cannotAnswer(
          model: model.record.model.rawValue,
          question: "tail probabilities: its file holds no held-out scores (name rows to compare with: --reference)")
      }
      return found
    }
    var logProb: [Double] = []
    var hasGaps = false
    let pieces = try TableInput(path: reference, options: table).pieces(for: model)
    while let piece = try pieces.next() {
      logProb += try model.score(piece, workers: WorkerPool()).logProb
      hasGaps = hasGaps || RowScorer.gaps(piece, model).contains(true)
    }
    let found = ScoreDistribution(logProb, hasGaps: hasGaps)
    if found.rowCount == 0 { throw EstimatorError.tooFewRows(expected: 1, found: 0, note: "no row of \(reference)") }
    return found
  }

  private func scoreSequences() throws {
    let model = try SequenceModel.open(self.model, question: "sequences")
    let read = try TableInput(path: data, options: table).readRequired(columns: model.requiredColumns)
    let scores = try model.scoreSequences(read, workers: WorkerPool())
    var columns: [(name: String, column: Column)] = []
    if let name = model.sequenceColumn { columns.append((name, .categories(CategoryColumn(scores.map(\.name))))) }
    columns.append(("rows", .numbers(results: scores.map { Double($0.rows.count) })))
    columns.append((RowScorer.column, .numbers(results: scores.map(\.logProb))))
    let results = try CSVResults(path: output, names: columns.map(\.name), decimals: [RowScorer.column: 6])
    try results.write(Table(columns))
    try results.finish()
  }
}
