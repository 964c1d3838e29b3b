import ArgumentParser
import PushforwardEstimators
import PushforwardTables

/// Rows shown as small pictures on a sheet.
struct SheetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Draw the rows as grey pictures on a sheet, one pixel a column of numbers, and write it as PNG.",
      valueName: "png"))
  var sheet: String?

  @Option(help: ArgumentHelp("Pixels across of each picture; a square by default.", valueName: "n"))
  var width: Int?

  @Option(help: ArgumentHelp("Pixels down of each picture.", valueName: "n"))
  var height: Int?

  func validate() throws {
    if let width, width < 1 { throw ValidationError("--width: expected a whole number from 1, found \(width)") }
    if let height, height < 1 { throw ValidationError("--height: expected a whole number from 1, found \(height)") }
    if sheet == nil && (width != nil || height != nil) {
      throw ValidationError("--width and --height: expected --sheet beside them, found none")
    }
  }

  /// Writes a sheet of tables of the same rows, one picture above the other, if one was asked for.
  ///
  /// - Throws: `ValidationError`, `TableError`, `FileError`.
  func write(_ tables: [Table], of model: any TableModel) throws {
    guard let sheet, let first = tables.first, first.rowCount > 0 else { return }
    let pixels = try PixelColumns(model, width: width, height: height)
    let pictures = try tables.map { table in
      try pixels.pictures(table.selecting(rows: 0..<min(table.rowCount, PictureSheet.most)))
    }
    try PictureSheet(pictures[0].indices.map { row in pictures.map { $0[row] } }).write(to: sheet)
    if first.rowCount > PictureSheet.most {
      Console.note("\(sheet): the first \(PictureSheet.most) of \(Format.count(first.rowCount, "row"))")
    }
  }
}
