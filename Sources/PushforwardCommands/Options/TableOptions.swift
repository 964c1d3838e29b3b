import ArgumentParser
import PushforwardTables

/// How a table is to be read; everything that is not said is detected.
struct TableOptions: ParsableArguments {
  @Flag(name: .customLong("no-header"), help: "The first line holds data; columns are named c1, c2, ...")
  var hasNoHeader = false

  @Flag(name: .customLong("header"), help: "The first line names the columns, even if it looks like data.")
  var hasHeader = false

  @Option(
    help: ArgumentHelp("Field delimiter of a CSV file: one character, or 'tab'.", valueName: "char"),
    transform: character)
  var delimiter: Character?

  @Option(
    name: .customLong("missing"),
    help: ArgumentHelp("Text that stands for a missing cell, beside the usual ones. Repeatable.", valueName: "text"))
  var missingMarkers: [String] = []

  @Option(help: ArgumentHelp("Table of an SQLite file.", valueName: "name"))
  var table: String?

  @Option(help: ArgumentHelp("Query to an SQLite file, instead of a table.", valueName: "sql"))
  var query: String?

  @Option(
    help: ArgumentHelp(
      "File of labels in the IDX format, one for each image of the data, as the column label.", valueName: "file"))
  var labels: String?

  func validate() throws {
    if hasHeader && hasNoHeader { throw ValidationError("--header and --no-header exclude each other") }
    if table != nil && query != nil { throw ValidationError("--table and --query exclude each other") }
  }

  /// The same for the readers.
  var csv: CSVOptions {
    var options = CSVOptions()
    options.header = hasHeader ? .present : hasNoHeader ? .absent : .detect
    options.delimiter = delimiter
    options.missingMarkers.formUnion(missingMarkers)
    return options
  }
}

/// One character, or `tab`.
private func character(_ argument: String) throws -> Character {
  if argument == "tab" || argument == "\\t" { return "\t" }
  guard argument.count == 1, let only = argument.first, only.isASCII, only != "\"", !only.isNewline else {
    throw ValidationError("expected one ASCII character other than a quote, or 'tab'")
  }
  return only
}

/// Column names as they are given on the command line: separated by commas, and the option may be repeated.
func columnNames(_ arguments: [String]) -> [String] {
  arguments.flatMap { $0.split(separator: ",", omittingEmptySubsequences: true).map(String.init) }
}
