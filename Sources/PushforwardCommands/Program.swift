import ArgumentParser
import PushforwardTables

/// The program `pushforward`: parses, runs, reports.
public enum Program {
  /// Runs one command line and returns the exit code.
  ///
  /// The code is 0 (done, or the reader of the output has gone), 1 (failed) or 2 (a command line that makes no sense).
  /// Every failure is one line on standard error. `arguments` come without the program's name.
  public static func run(_ arguments: [String]) -> Int32 {
    Interruption.ignoreClosedPipes()
    do {
      do {
        var command = try RootCommand.parseAsRoot(arguments)
        try command.run()
      } catch  where RootCommand.exitCode(for: error).isSuccess {
        // Help, version and completion scripts come as errors that succeed.
        let output = try Output()
        try output.print(RootCommand.fullMessage(for: error))
        try output.finish()
      }
      return 0
    } catch is Output.ClosedPipe {
      return 0
    } catch TableError.brokenPipe {
      return 0
    } catch {
      let isUsage = RootCommand.exitCode(for: error) == .validationFailure
      let message = isUsage ? RootCommand.message(for: error) : "\(error)"
      Console.note("pushforward: error: " + oneLine(message) + (isUsage ? hint(arguments) : ""))
      return isUsage ? 2 : 1
    }
  }

  private static func oneLine(_ message: String) -> String {
    var line = ""
    for piece in message.split(whereSeparator: \.isNewline).map({ $0.trimmingPrefix { $0 == " " } }) {
      // The parser lists accepted values one a line, each behind a dash.
      let isValue = piece.hasPrefix("- ")
      if !line.isEmpty { line += isValue && !line.hasSuffix(":") ? ", " : " " }
      line += isValue ? piece.dropFirst(2) : piece
    }
    return line
  }

  /// Where to read how the command wants to be called.
  private static func hint(_ arguments: [String]) -> String {
    let names = RootCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
    let command = arguments.first.flatMap { names.contains($0) ? " \($0)" : nil } ?? ""
    return " (see pushforward\(command) --help)"
  }
}
