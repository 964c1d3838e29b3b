import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardTables

/// `pushforward impute`.
struct ImputeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "impute",
    abstract: "Fill the missing cells of a table from what is there.",
    discussion: """
      Prints the table with the missing cells of the model's columns filled; everything else stays as it is. By \
      default each cell is a draw from its distribution given the row's other cells, so that the filled table has the \
      spread of a complete one. --draws K prints K filled tables one below the other, with a column draw in front \
      (multiple imputation). --best fills in the one best guess: the mean of many draws for a real, the median \
      for a whole number, the most frequent level for a category.

      Examples:
        pushforward impute adult.model holes.csv -o filled.csv
        pushforward impute adult.model holes.csv --best -o best.csv
        pushforward impute adult.model holes.csv --draws 20 -o twenty.csv
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Option(help: ArgumentHelp("Filled tables to print; with --best, draws behind each guess (100).", valueName: "k"))
  var draws: Int?

  @Flag(help: "Fill in the best guess instead of a draw.")
  var best = false

  @Option(parsing: .unconditional, help: ArgumentHelp("Same seed, same cells.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write to a file.", valueName: "out"))
  var output: String?

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func validate() throws {
    if let draws, draws < 1 { throw ValidationError("--draws: expected a whole number from 1, found \(draws)") }
  }

  func run() throws {
    let model = try Models.open(self.model)
    let whole = try TableInput(path: data, options: table).readAll(storage: model.requiredColumns)
    let modelled = whole.names.filter { model.columns.contains($0) }
    if modelled.isEmpty { throw TableError.unknownColumn(name: model.columns.first ?? "", available: whole.names) }
    let holes = try modelled.reduce(0) { try $0 + whole.column($1).missingCount }
    let isMultiple = !best && draws != nil
    if isMultiple && whole.names.contains("draw") {
      throw TableError.duplicateColumn(
        source: data, name: "draw", first: 1, second: 2 + (whole.names.firstIndex(of: "draw") ?? 0))
    }
    let results = try CSVResults(
      path: output, names: (isMultiple ? ["draw"] : []) + whole.names,
      decimals: model.decimals.filter { whole.names.contains($0.key) })
    let filler = Imputation(model: model, table: whole, modelled: modelled, seed: seed)
    let meter = ProgressMeter()
    if best {
      try results.write(filler.best(of: draws ?? 100) { meter.update(done: $0, total: $1, unit: "draws") })
    } else {
      for draw in 0..<(draws ?? 1) {
        let filled = try filler.draw(draw)
        let number = (
          name: "draw", column: Column.numbers(results: [Double](repeating: Double(draw + 1), count: whole.rowCount))
        )
        try results.write(
          isMultiple ? Table([number] + filled.columns.map { (name: $0, column: $1) }) : filled)
        meter.update(done: draw + 1, total: draws ?? 1, unit: "draws")
      }
    }
    try results.finish()
    meter.clear()
    Console.note("\(Format.count(holes, "missing cell")) filled in \(Format.count(whole.rowCount, "row"))")
  }
}
