import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardTables

/// `pushforward reconstruct`.
struct ReconstructCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct",
    abstract: "Encode rows and decode them again: what a model keeps of them.",
    discussion: """
      Prints a CSV with the model's columns, one line a row; empty for rows that cannot be encoded. An autoencoder (vae, \
      cvae) gives the most likely cells for the centre of each row's distribution in the latent space; a flow gives back \
      the rows themselves, which shows how exact its way there and back is. A sheet shows each row above its \
      reconstruction.

      Examples:
        pushforward reconstruct digits.model digits.csv -o again.csv
        pushforward reconstruct digits.model digits.csv --rows 60 --sheet again.png
      """)

  @Argument(help: ArgumentHelp("Model file (vae, cvae or a flow).", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Option(help: ArgumentHelp("Only the first rows.", valueName: "n"))
  var rows: Int?

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write to a file.", valueName: "out"))
  var output: String?

  @OptionGroup(title: "Pictures")
  var pictures: SheetOptions

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func validate() throws {
    try InputFiles.keep([model, data], from: output)
    if let rows, rows < 1 { throw ValidationError("--rows: expected a whole number from 1, found \(rows)") }
  }

  func run() throws {
    let model = try LatentAccess.open(self.model)
    let pieces = try TableInput(path: data, options: table).pieces(for: model)
    let writesRows = pictures.sheet == nil || output != nil
    let results = writesRows ? try CSVResults(path: output, names: model.columns, decimals: model.decimals) : nil
    let (workers, meter) = (WorkerPool(), ProgressMeter())
    var shown: [(original: Table, again: Table)] = []
    var done = 0
    let wanted = rows ?? .max
    while done < wanted, var piece = try pieces.next() {
      if piece.rowCount > wanted - done { piece = piece.selecting(rows: 0..<wanted - done) }
      let again = try model.reconstruct(piece, workers: workers)
      try results?.write(again)
      if done < PictureSheet.most { shown.append((piece, again)) }
      done += piece.rowCount
      meter.update(rows: done)
      // A sheet alone needs no more rows than it shows.
      if !writesRows && done >= PictureSheet.most { break }
    }
    if !shown.isEmpty {
      try pictures.write(
        [Table.stacking(shown.map(\.original)), Table.stacking(shown.map(\.again))], of: model)
    }
    try results?.finish()
    meter.clear()
  }
}
