import ArgumentParser
import PushforwardEstimators

/// How long a fit may take.
struct LimitFlags: ParsableArguments {
  @Option(
    name: .customLong("max-seconds"), parsing: .unconditional,
    help: ArgumentHelp("Train no longer than this (each model, or part of a stack).", valueName: "s"))
  var maximumSeconds: Double?

  @Option(
    name: .customLong("max-epochs"), parsing: .unconditional,
    help: ArgumentHelp("Passes over the rows at most.", valueName: "n"))
  var maximumEpochs: Int?

  func validate() throws {
    if let maximumSeconds, !(maximumSeconds > 0) {
      throw ValidationError("--max-seconds: expected a number above 0, found \(maximumSeconds)")
    }
    if let maximumEpochs, maximumEpochs < 1 {
      throw ValidationError("--max-epochs: expected a whole number from 1, found \(maximumEpochs)")
    }
  }

  /// Hands the limits on.
  func apply(to options: inout FitOptions) {
    (options.maximumSeconds, options.maximumEpochs) = (maximumSeconds, maximumEpochs)
  }
}
