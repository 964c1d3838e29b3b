import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardTables

/// `pushforward decode`.
struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Map places of a model's latent space back to rows.",
    discussion: """
      The way back of `encode`: for a flow its inverse, for an autoencoder (vae, cvae) the most likely cells given each \
      latent value. Reads the columns z1, z2, ... and prints a CSV with the model's columns.

      Examples:
        pushforward decode digits.model codes.csv -o rows.csv
        pushforward decode digits.model codes.csv --given digit=3 --sheet threes.png
      """)

  @Argument(help: ArgumentHelp("Model file (vae, cvae or a flow).", valueName: "model"))
  var model: String

  @Argument(
    help: ArgumentHelp("CSV file ('-' for standard input), NPY or NPZ file of latent values.", valueName: "latent"))
  var latent: String

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write to a file.", valueName: "out"))
  var output: String?

  @OptionGroup(title: "Conditions")
  var given: GivenOptions

  @OptionGroup(title: "Pictures")
  var pictures: SheetOptions

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func validate() throws { try InputFiles.keep([model, latent], from: output) }

  func run() throws {
    let model = try LatentAccess.open(self.model)
    var read = try TableInput(path: latent, options: table).readAll()
    // An array without names is the latent values in order.
    let isArray = read["z1"] == nil && read["c1"] != nil
    let names = isArray ? (1...model.latentFeatures).map { "c\($0)" } : model.latentNames
    read = try read.selecting(columns: names)
    let columns = try names.map { try read.numbers($0) }
    var z = Matrix<Float>(rows: read.rowCount, columns: names.count)
    for (feature, values) in columns.enumerated() {
      for (row, value) in values.enumerated() {
        if value.isNaN {
          throw TableError.missingCell(column: names[feature], place: read.place(ofRow: row), count: 1)
        }
        z[row, feature] = Float(value)
      }
    }
    let conditions = try given.rows(for: model, reading: table)
    let rows = try model.decoded(
      z, given: conditions.map { model.given.isEmpty ? $0 : try $0.selecting(columns: model.given) },
      workers: WorkerPool())
    try pictures.write([rows], of: model)
    if pictures.sheet != nil && output == nil { return }
    let results = try CSVResults(path: output, names: rows.names, decimals: model.decimals)
    try results.write(rows)
    try results.finish()
  }
}
