import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardTables

/// `pushforward score`.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Log-density of each row of a table under a model.",
    discussion: """
      Prints a CSV with the column log_prob, in nats, one line a row in the order of the rows; empty ("") for rows \
      with a missing cell. Where a model's score is an estimate by draws (vae, cvae) the column standard_error says how \
      sure it is. Columns are matched by name, in any order; others are ignored. Reads a CSV piece by piece, \
      in memory that does not grow with it.

      Examples:
        pushforward score protein.model protein.csv -o scores.csv
        pushforward score protein.model protein.csv | paste -d, protein.csv -
        zcat big.csv.gz | pushforward score big.model - | sort -g | head
        pushforward score trials.model trials.csv --by-sequence
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write to a file.", valueName: "out"))
  var output: String?

  @Flag(
    name: .customLong("by-sequence"),
    help: "One line a sequence, with its rows and its log-likelihood (hmm), instead of one a row.")
  var bySequence = false

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func run() throws {
    if bySequence { return try scoreSequences() }
    let model = try Models.open(self.model)
    let isEstimate = model.traits.likelihood == .estimate
    let results = try CSVResults(
      path: output, names: [ScoreCommand.column] + (isEstimate ? [ScoreCommand.errorColumn] : []),
      decimals: [ScoreCommand.column: 6, ScoreCommand.errorColumn: 6])
    let formatter = results.formatter
    let meter = ProgressMeter()
    var rows = 0
    var unscored = 0
    var nonFinite = 0
    let pieces = try TableInput(path: data, options: table).pieces(for: model)
    try OrderedPipeline.run(
      read: { try pieces.next() },
      work: { piece in
        let scores = try model.score(piece, workers: nil)
        return Scored(
          lines: try formatter.text(ScoreCommand.table(scores, withErrors: isEstimate)), rows: piece.rowCount,
          unscored: piece.rowCount - scores.scoredRows.count,
          nonFinite: scores.scoredRows.count { !scores.logProb[$0].isFinite })
      },
      write: { piece in
        try results.write(lines: piece.lines)
        rows += piece.rows
        unscored += piece.unscored
        nonFinite += piece.nonFinite
        meter.update(rows: rows)
      })
    try results.finish()
    meter.clear()
    if unscored > 0 { Console.note("\(unscored) of \(Format.count(rows, "row")) have a missing cell and no log_prob") }
    if nonFinite > 0 { Console.note("\(nonFinite) of \(Format.count(rows, "row")) have a log_prob that is not finite") }
  }

  private func scoreSequences() throws {
    let model = try SequenceModel.open(self.model, question: "sequences")
    let read = try TableInput(path: data, options: table).readRequired(columns: model.requiredColumns)
    let scores = try model.scoreSequences(read, workers: WorkerPool())
    var columns: [(name: String, column: Column)] = []
    if let name = model.sequenceColumn { columns.append((name, .categories(CategoryColumn(scores.map(\.name))))) }
    columns.append(("rows", .numbers(results: scores.map { Double($0.rows.count) })))
    columns.append((ScoreCommand.column, .numbers(results: scores.map(\.logProb))))
    let results = try CSVResults(path: output, names: columns.map(\.name), decimals: [ScoreCommand.column: 6])
    try results.write(Table(columns))
    try results.finish()
  }

  /// One piece's results.
  private struct Scored: Sendable {
    var lines: [UInt8]
    var rows: Int
    var unscored: Int
    var nonFinite: Int
  }

  /// The column of results, with six decimals: what is behind that is rounding.
  static let column = "log_prob"

  /// Standard errors of estimates.
  static let errorColumn = "standard_error"

  /// The results as a table.
  static func table(_ scores: RowScores, withErrors: Bool = false) throws -> Table {
    func column(_ values: [Double]) -> Column {
      .numbers(NumberColumn(unchecked: values, missingCount: values.count(where: \.isNaN), recording: .init()))
    }
    var columns = [(name: Self.column, column: column(scores.logProb))]
    if withErrors {
      // Rows with a log_prob are exact where nothing says otherwise.
      columns.append((errorColumn, column(scores.standardErrors ?? scores.logProb.map { $0.isNaN ? .nan : 0 })))
    }
    return try Table(columns)
  }
}
