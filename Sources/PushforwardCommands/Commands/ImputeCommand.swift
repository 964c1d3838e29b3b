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
      (multiple imputation). --best fills in the one best guess: the mean of many draws for a number (rounded \
      to the step of whole numbers), the most frequent level for a category.

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
    try InputFiles.keep([model, data], from: output)
    if let draws, draws < 1 { throw ValidationError("--draws: expected a whole number from 1, found \(draws)") }
  }

  func run() throws {
    let model = try Models.open(self.model)
    if !model.traits.completes {
      throw EstimatorError.cannotAnswer(
        model: model.record.model.rawValue, question: "the distribution of missing cells given the others")
    }
    let input = TableInput(path: data, options: table)
    if !best, draws != nil { return try multiple(model, input) }
    let meter = ProgressMeter()
    let seed = self.seed
    let draws = best ? self.draws ?? 100 : nil
    let pieces = try input.wholePieces(for: model, mostRows: best ? 256 : 4096)
    let modelled = try modelledColumns(pieces.names, model)
    let results = try CSVResults(
      path: output, names: pieces.names, decimals: model.decimals.filter { pieces.names.contains($0.key) })
    let formatter = results.formatter
    var summary = Summary()
    var started = 0
    try OrderedPipeline.run(
      read: { () -> (table: Table, firstRow: Int)? in
        guard let piece = try pieces.next() else { return nil }
        defer { started += piece.rowCount }
        return (piece, started)
      },
      work: { piece in
        let filler = Imputation(
          model: model, table: piece.table, modelled: modelled, seed: seed, firstRow: piece.firstRow, workers: nil)
        let filled = try draws.map { try filler.best(of: $0) } ?? filler.draw(0)
        return Filled(
          lines: try formatter.text(filled.table), summary: Summary(filled, holes: filler.holes))
      },
      write: { piece in
        try results.write(lines: piece.lines)
        summary.add(piece.summary)
        meter.update(rows: summary.rows)
      })
    try results.finish()
    meter.clear()
    summary.tell()
  }

  /// Cells of filled tables held at once.
  private static var mostCells: Int { 1 << 24 }

  /// Several filled tables one below the other, of a table that is kept.
  private func multiple(_ model: any TableModel, _ input: TableInput) throws {
    let whole = try input.readAll(storage: model.requiredColumns)
    let modelled = try modelledColumns(whole.names, model)
    if whole.names.contains("draw") {
      throw TableError.duplicateColumn(
        source: data, name: "draw", first: 1, second: 2 + (whole.names.firstIndex(of: "draw") ?? 0))
    }
    let results = try CSVResults(
      path: output, names: ["draw"] + whole.names, decimals: model.decimals.filter { whole.names.contains($0.key) })
    let filler = Imputation(model: model, table: whole, modelled: modelled, seed: seed)
    let meter = ProgressMeter()
    var summary = Summary()
    let total = draws ?? 1
    // As many at once as memory allows.
    let group = max(1, min(total, Self.mostCells / max(whole.rowCount * whole.names.count, 1)))
    for first in stride(from: 0, to: total, by: group) {
      let filled = try filler.draws(min(group, total - first), first: first) { done, rows in
        meter.update(done: first + group * done / max(rows, 1), total: total, unit: "draws")
      }
      for (place, filled) in filled.enumerated() {
        let number = Column.numbers(results: [Double](repeating: Double(first + place + 1), count: whole.rowCount))
        try results.write(Table([(name: "draw", column: number)] + filled.table.columns.map { (name: $0, column: $1) }))
        summary.add(Summary(filled, holes: filler.holes))
      }
      (summary.rows, summary.holes) = (whole.rowCount, filler.holes)
      meter.update(done: min(first + group, total), total: total, unit: "draws")
    }
    try results.finish()
    meter.clear()
    summary.tell()
  }

  private func modelledColumns(_ names: [String], _ model: any TableModel) throws -> [String] {
    let modelled = names.filter { model.columns.contains($0) }
    if modelled.isEmpty { throw TableError.unknownColumn(name: model.columns.first ?? "", available: names) }
    return modelled
  }

  /// One piece's rows as text.
  private struct Filled: Sendable {
    var lines: [UInt8]
    var summary: Summary
  }

  /// What was filled, and what importance weights were worth.
  private struct Summary: Sendable {
    var rows = 0
    var holes = 0
    private var sizes: EffectiveSizes?

    init() {}

    init(_ filled: Imputation.Filled, holes: Int) {
      (rows, self.holes) = (filled.table.rowCount, holes)
      guard let found = filled.effectiveSizes else { return }
      sizes = EffectiveSizes(draws: filled.candidates)
      sizes?.add(found)
    }

    mutating func add(_ other: Summary) {
      rows += other.rows
      holes += other.holes
      if sizes == nil { sizes = other.sizes } else if let more = other.sizes { sizes?.add(more) }
    }

    func tell() {
      Console.note("\(Format.count(holes, "missing cell")) filled in \(Format.count(rows, "row"))")
      if let sizes, sizes.rows > 0 { Console.note(sizes.text) }
    }
  }
}

extension EffectiveSizes {
  /// Those of one piece's rows.
  init(draws: Int, sizes: [Double]) {
    self.init(draws: draws)
    add(sizes)
  }

  /// One line for a person.
  var text: String {
    let low = Format.fixed(100 * Double(lowCount) / Double(max(rows, 1)), 1)
    return "candidates weighted by the joint density: \(draws) a row are worth \(Format.fixed(mean, 1)) on average, "
      + "below \(Format.significant(lowest, 2)) in \(low) % of \(Format.count(rows, "row"))"
  }
}
