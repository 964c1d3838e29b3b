import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardTables

/// `pushforward encode`.
struct EncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Map rows to a model's latent space.",
    discussion: """
      For an autoencoder (vae, cvae) the centre of each row's distribution in the latent space; for a flow the place in \
      its base, which is one to one. Prints a CSV with the columns z1, z2, ..., one line a row; empty for rows that \
      cannot be encoded. A name that ends in .npy gets a NumPy array instead.

      Examples:
        pushforward encode digits.model digits.csv -o codes.csv
        pushforward encode digits.model digits.csv --deviations -o codes.npy
        pushforward encode protein.model protein.csv | pushforward decode protein.model -
      """)

  @Argument(help: ArgumentHelp("Model file (vae, cvae or a flow).", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Flag(help: "Also the standard deviations of each row's distribution in the latent space, s1, s2, ... (vae, cvae).")
  var deviations = false

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write to a file.", valueName: "out"))
  var output: String?

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func validate() throws { try InputFiles.keep([model, data], from: output) }

  func run() throws {
    let model = try LatentAccess.open(self.model)
    if deviations && !(model is LatentModel) {
      throw EstimatorError.cannotAnswer(
        model: model.record.model.rawValue, question: "deviations in the latent space: its way there is one to one")
    }
    let names = model.latentNames + (deviations ? (1...model.latentFeatures).map { "s\($0)" } : [])
    let isArray = NPYFile.isMeant(by: output)
    // As many digits as single precision has.
    let decimals = Dictionary(uniqueKeysWithValues: names.map { ($0, 8) })
    let results = isArray ? nil : try CSVResults(path: output, names: names, decimals: decimals)
    let pieces = try TableInput(path: data, options: table).pieces(for: model)
    let (workers, meter) = (WorkerPool(), ProgressMeter())
    var values: [Float] = []
    var (rows, unencoded) = (0, 0)
    while let piece = try pieces.next() {
      let codes = try model.codes(piece, workers: workers)
      var lines = [Float](repeating: .nan, count: piece.rowCount * names.count)
      for (index, row) in codes.keptRows.enumerated() {
        let line = codes.latent.row(index) + (deviations ? codes.deviations?.row(index) ?? [] : [])
        for (column, value) in line.enumerated() { lines[row * names.count + column] = value }
      }
      rows += piece.rowCount
      unencoded += piece.rowCount - codes.keptRows.count
      if let results {
        try results.write(
          Table(
            names.enumerated().map { column, name in
              let cells = (0..<piece.rowCount).map { Double(lines[$0 * names.count + column]) }
              return (name, .numbers(try NumberColumn(cells, name: name)))
            }))
      } else {
        values += lines
      }
      meter.update(rows: rows)
    }
    try results?.finish()
    if isArray { try NPYFile.write(values, rows: rows, columns: names.count, to: output ?? "") }
    meter.clear()
    if unencoded > 0 { Console.note("\(unencoded) of \(Format.count(rows, "row")) have a missing cell and no place") }
  }
}

/// Models that have a latent space.
enum LatentAccess {
  /// Opens a model file.
  ///
  /// - Throws: as `Models.open`; `EstimatorError.cannotAnswer` for a model without a latent space.
  static func open(_ path: String) throws -> any LatentCoding {
    let model = try Models.open(path)
    guard let coding = model as? any LatentCoding else {
      throw EstimatorError.cannotAnswer(model: model.record.model.rawValue, question: "a latent space")
    }
    return coding
  }
}
