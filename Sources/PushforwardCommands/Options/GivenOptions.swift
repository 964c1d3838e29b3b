import ArgumentParser
import PushforwardEstimators
import PushforwardTables

/// Values of columns that a model is conditioned on, for commands that make rows.
struct GivenOptions: ParsableArguments {
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Value of a column conditioned on. Repeatable.", valueName: "col=value")
  )
  var given: [String] = []

  @Option(name: .customLong("given-file"), help: ArgumentHelp("CSV of values to condition on.", valueName: "csv"))
  var givenFile: String?

  func validate() throws {
    if givenFile != nil && !given.isEmpty { throw ValidationError("--given and --given-file exclude each other") }
    for argument in given where !argument.dropFirst().contains("=") {
      throw ValidationError("--given: expected column=value, found '\(argument)'")
    }
  }

  /// The rows of conditions; `nil` where nothing was said.
  ///
  /// - Throws: `ValidationError`, `EstimatorError.conditions`, `TableError`.
  func rows(for model: any TableModel, reading options: TableOptions) throws -> Table? {
    let known = KnownColumns(model)
    if let givenFile { return try known.read(TableInput(path: givenFile, options: options)) }
    let wish = try known.parse(given)
    if let limit = wish.limits.first {
      throw ValidationError("--given: expected column=value, found the limit \(limit.text)")
    }
    return wish.fixed
  }
}
