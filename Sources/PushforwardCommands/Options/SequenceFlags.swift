import ArgumentParser
import PushforwardEstimators
import PushforwardModels

/// Settings of a hidden Markov model.
struct SequenceFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Column that names the sequence of each row (hmm); its rows stand together, in the order of time.",
      valueName: "column"))
  var sequence: String?

  @Option(help: ArgumentHelp("States of a hidden Markov model (hmm).", valueName: "n"))
  var states: Int?

  @Option(help: "What the states emit in numeric columns (hmm).")
  var emission: Emission?

  /// The choices of `--emission`.
  enum Emission: String, ExpressibleByArgument, CaseIterable {
    case gaussian, diagonal, mixture, flow
  }

  @Option(help: "The flow of --emission flow (hmm).")
  var emissionFlow = EmissionFlow.nsf

  /// The choices of `--emission-flow`.
  enum EmissionFlow: String, ExpressibleByArgument, CaseIterable {
    case maf, nsf, realnvp
    case nsfCoupling = "nsf-coupling"
  }

  func validate() throws {
    if let states, !(1...10_000).contains(states) {
      throw ValidationError("--states: expected a whole number from 1 to 10000, found \(states)")
    }
  }

  /// One of the flags that only hidden Markov models know and that was given.
  var given: String? {
    sequence != nil ? "--sequence" : states != nil ? "--states" : emission != nil ? "--emission" : nil
  }

  /// Puts what was given into the options of a fit.
  func apply(to options: inout FitOptions) {
    options.sequences.column = sequence
    options.sequences.states = states
    options.sequences.emission = emission.flatMap { SequenceOptions.Emission(rawValue: $0.rawValue) }
    options.sequences.flow = FlowFamily(rawValue: emissionFlow.rawValue) ?? .nsf
  }
}
