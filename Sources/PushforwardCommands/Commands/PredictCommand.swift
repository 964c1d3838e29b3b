import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardTables

/// `pushforward predict`.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "The distribution of one column given the others, row by row.",
    discussion: """
      For a quantity y the CSV has y_mean, y_median, y_low and y_high (the ends of the central interval), and, for \
      rows in which y is known, y_log_prob (nats, in the units of y) and y_cdf (uniform if the model is right). For a \
      category it has the most probable level and a column p(level) for each level. The column itself may be absent \
      from the data, and is never used to predict it.

      Examples:
        pushforward predict shop.model orders.csv --target price -o predicted.csv
        pushforward predict shop.model orders.csv --target price --interval 0.5
        pushforward predict adult.model people.csv --target income | head
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Option(help: ArgumentHelp("Column to predict, one that the model models.", valueName: "column"))
  var target: String

  @Option(help: ArgumentHelp("Mass of the central interval.", valueName: "p"))
  var interval = 0.9

  @Option(help: ArgumentHelp("Draws a row, for models that have no formula for the answer.", valueName: "n"))
  var draws = 200

  @Option(parsing: .unconditional, help: ArgumentHelp("Seed of the draws.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write to a file.", valueName: "out"))
  var output: String?

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func validate() throws {
    try InputFiles.keep([model, data], from: output)
    if !(interval > 0 && interval < 1) {
      throw ValidationError("--interval: expected a number between 0 and 1, found \(interval)")
    }
    if draws < 2 { throw ValidationError("--draws: expected a whole number from 2, found \(draws)") }
  }

  func run() throws {
    let model = try Models.open(self.model)
    guard model.columns.contains(target) else {
      throw TableError.unknownColumn(name: target, available: model.columns)
    }
    let (name, levels) = (target, [0.5, (1 - interval) / 2, (1 + interval) / 2])
    let (draws, seed) = (self.draws, self.seed)
    let pieces = try TableInput(path: data, options: table).pieces(for: model, predicting: name)
    let meter = ProgressMeter()
    var results: CSVResults?
    var (started, rows) = (0, 0)
    var notes = Notes()
    try OrderedPipeline.run(
      read: { () -> (table: Table, firstRow: Int)? in
        guard let piece = try pieces.next() else { return nil }
        defer { started += piece.rowCount }
        return (piece, started)
      },
      work: { piece in
        let options = PredictionOptions(levels: levels, draws: draws, seed: seed, firstRow: piece.firstRow)
        let found = try model.predict(piece.table, target: name, options: options, workers: nil)
        return Predicted(
          table: try Table(PredictCommand.columns(found, of: model.schema.column(name))), rows: piece.table.rowCount,
          notes: Notes(found)
        )
      },
      write: { piece in
        if results == nil {
          results = try CSVResults(
            path: output, names: piece.table.names, decimals: PredictCommand.decimals(piece.table.names))
        }
        try results?.write(piece.table.padded(to: results?.names ?? []))
        rows += piece.rows
        notes.add(piece.notes)
        meter.update(rows: rows)
      })
    try results?.finish()
    meter.clear()
    notes.tell()
  }

  /// One piece's predictions.
  private struct Predicted: Sendable {
    var table: Table
    var rows: Int
    var notes: Notes
  }

  /// How the answers were found.
  private struct Notes: Sendable {
    var draws: Int?
    var sizes: EffectiveSizes?

    init() {}

    init(_ prediction: ColumnPrediction) {
      guard case .draws(let count) = prediction.method else { return }
      draws = count
      guard let found = prediction.effectiveSizes else { return }
      sizes = EffectiveSizes(draws: count)
      sizes?.add(found)
    }

    mutating func add(_ other: Notes) {
      draws = draws ?? other.draws
      if sizes == nil { sizes = other.sizes } else if let more = other.sizes { sizes?.add(more) }
    }

    func tell() {
      if let sizes, sizes.rows > 0 {
        Console.note(sizes.text)
      } else if let draws {
        Console.note("from \(draws) draws a row")
      }
    }
  }

  private static func decimals(_ names: [String]) -> [String: Int] {
    Dictionary(
      names.filter { $0.hasPrefix("p(") || $0.hasSuffix("_log_prob") || $0.hasSuffix("_cdf") }.map { ($0, 6) },
      uniquingKeysWith: { $1 })
  }

  private static func columns(
    _ prediction: ColumnPrediction, of schema: ColumnSchema
  ) throws -> [(name: String, column: Column)] {
    let target = schema.name
    switch prediction.answer {
    case .numbers(let means, let quantiles):
      var columns = [
        ("\(target)_mean", schema.answers(means)), ("\(target)_median", schema.answers(quantiles.map { $0[0] })),
        ("\(target)_low", schema.answers(quantiles.map { $0[1] })),
        ("\(target)_high", schema.answers(quantiles.map { $0[2] })),
      ]
      if let logProb = prediction.logProb { columns.append(("\(target)_log_prob", .numbers(results: logProb))) }
      if let cdf = prediction.cdf { columns.append(("\(target)_cdf", .numbers(results: cdf))) }
      return columns
    case .levels(let levels, let probabilities):
      let best = probabilities.map { row in row.indices.max { row[$0] < row[$1] }.map { levels[$0] } }
      return [(target, .categories(CategoryColumn(best)))]
        + levels.indices.map { level in
          ("p(\(levels[level]))", .numbers(results: probabilities.map { $0[level] }))
        }
    }
  }
}

extension Table {
  /// The named columns; one that is not there (a level that no row of a piece could have) holds zeros.
  fileprivate func padded(to names: [String]) throws -> Table {
    if names == self.names { return self }
    return try Table(
      names.map { ($0, self[$0] ?? .numbers(results: [Double](repeating: 0, count: rowCount))) })
  }
}

extension Column {
  /// Results as a column; what is not a number is written as an empty cell.
  static func numbers(results values: [Double]) -> Column {
    .numbers(NumberColumn(unchecked: values, missingCount: values.count(where: \.isNaN), recording: .init()))
  }
}
