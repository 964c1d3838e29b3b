import ArgumentParser

/// `pushforward` itself: only its subcommands do something.
struct RootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pushforward",
    abstract: "Learn the probability density of a table; score, sample and judge with it.",
    discussion: """
      Examples:
        pushforward demo --out demo-output
        pushforward fit protein.csv -o protein.model
        pushforward score protein.model protein.csv -o scores.csv
        pushforward sample protein.model -n 1000 --seed 7 > more.csv

      Results go to standard output, everything else to standard error. The exit code is 0 (done), 1 (failed) or 2 \
      (a command line that makes no sense).
      """,
    version: Program.version,
    subcommands: [
      DemoCommand.self, FitCommand.self, ScoreCommand.self, SampleCommand.self, EvaluateCommand.self,
      PredictCommand.self, ImputeCommand.self, SynthCommand.self, CompareCommand.self, StatesCommand.self,
      ForecastCommand.self, CombineCommand.self,
      EncodeCommand.self, DecodeCommand.self, ReconstructCommand.self, DistillCommand.self, InspectCommand.self,
      SelfcheckCommand.self,
    ])
}

extension Program {
  /// The version that `--version` prints and that model files record.
  public static let version = "0.1.0"
}
