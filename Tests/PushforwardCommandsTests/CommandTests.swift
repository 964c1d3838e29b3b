import Foundation
import Testing

/// What case files cannot say: numbers, files, pipes, signals.
@Suite struct CommandTests {
  @Test func fitTellsAboutItselfInJSON() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.csv"], into: program)
      let run = try program.run(
        [
          "fit", "small.csv", "-o", "m", "--columns", "x,y", "--given", "kind", "--model", "nsf", "--max-epochs", "2",
          "--seed", "5",
          "--json",
        ])
      #expect(run.status == 0, "\(run.error)")
      let object = try json(run.output)
      #expect(object["columns"] as? [String] == ["x", "y"])
      #expect(object["given"] as? [String] == ["kind"])
      #expect(object["rows"] as? Int == 300)
      #expect(object["seed"] as? Int == 5)
      #expect(object["stop_reason"] as? String == "finished")
      let held = try #require(object["held_out_log_likelihood"] as? Double)
      #expect(held.isFinite)
      #expect((object["hash"] as? String)?.count == 16)
    }
  }

  @Test func sameSeedSameModel() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.csv"], into: program)
      var samples: [String] = []
      for name in ["a", "b"] {
        let fit = try program.run([
          "fit", "small.csv", "-o", name, "--columns", "x,y,count", "--model", "nsf", "--max-epochs", "2",
        ])
        #expect(fit.status == 0, "\(fit.error)")
        samples.append(try program.run(["sample", name, "-n", "20"]).output)
      }
      #expect(samples[0] == samples[1])
      #expect(samples[0].split(separator: "\n").count == 21)
    }
  }

  @Test func aCacheLeavesNothingBehind() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.csv"], into: program)
      let arguments = [
        "fit", "-", "-o", "cached.model", "--columns", "x,y", "--given", "kind", "--model", "maf", "--max-epochs", "2",
        "--cache", ".",
      ]
      let fit = try program.run(arguments, input: Data(program.read("small.csv").utf8))
      #expect(fit.status == 0, "\(fit.error)")
      #expect(fit.error.contains("read - into a temporary file in .: 300 rows, 4 columns"), "\(fit.error)")
      let files = try FileManager.default.contentsOfDirectory(atPath: program.directory.path)
      #expect(Set(files) == ["small.csv", "cached.model"])
      #expect(try program.run(["score", "cached.model", "small.csv"]).output.split(separator: "\n").count == 301)
      let bad = try program.run(["fit", "small.csv", "-o", "m", "--model", "maf", "--cache", "nowhere"])
      #expect(bad.status == 1 && bad.error.contains("cannot write nowhere"), "\(bad.error)")
    }
  }

  @Test func scoresAgreeWithEvaluate() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.csv", "small.model"], into: program)
      let scored = try program.run(["score", "small.model", "small.csv"])
      #expect(scored.status == 0, "\(scored.error)")
      let lines = scored.output.split(separator: "\n")
      #expect(lines.first == "log_prob")
      let scores = lines.dropFirst().compactMap { Double($0) }
      #expect(scores.count == 300)
      let evaluated = try program.run(["evaluate", "small.model", "small.csv", "--json"])
      let object = try json(evaluated.output)
      let mean = try #require(object["mean_log_likelihood"] as? Double)
      #expect(abs(mean - scores.reduce(0, +) / 300) < 1e-5)
      #expect(object["rows"] as? Int == 300)
      #expect(object["non_finite_count"] as? Int == 0)
    }
  }

  @Test func manyPiecesAreScoredInOrder() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.csv", "small.model"], into: program)
      let one = try program.run(["score", "small.model", "small.csv"]).output.split(separator: "\n").dropFirst()
      let rows = Fixtures.table.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
      try program.write("x,y,count,kind\n" + String(repeating: rows, count: 100), to: "long.csv")
      let run = try program.run(["score", "small.model", "long.csv"])
      #expect(run.status == 0, "\(run.error)")
      let lines = run.output.split(separator: "\n").dropFirst()
      #expect(lines.count == 30_000)
      #expect(zip(lines, (0..<100).flatMap { _ in one }).allSatisfy { $0 == $1 })
      let evaluated = try json(try program.run(["evaluate", "small.model", "long.csv", "--json"]).output)
      let mean = try #require(evaluated["mean_log_likelihood"] as? Double)
      #expect(evaluated["rows"] as? Int == 30_000)
      #expect(abs(mean - lines.compactMap { Double($0) }.reduce(0, +) / 30_000) < 1e-5)
    }
  }

  @Test func anErrorInALaterPieceLeavesNoFile() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.model"], into: program)
      let rows = Fixtures.table.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
      let good = "x,y,count,kind\n" + String(repeating: rows, count: 100)
      try program.write(good + "1,none,2,red\n", to: "bad.csv")
      try program.write("what was there", to: "scores.csv")
      for extra in [[], ["-o", "scores.csv"], ["-o", "new.csv"]] {
        let run = try program.run(["score", "small.model", "bad.csv"] + extra)
        #expect(run.status == 1)
        #expect(run.error.hasPrefix("pushforward: error: bad.csv:30002: column y: expected a number"), "\(run.error)")
      }
      #expect(try program.read("scores.csv") == "what was there")
      let files = try FileManager.default.contentsOfDirectory(atPath: program.directory.path)
      #expect(Set(files) == ["small.model", "bad.csv", "scores.csv"])
    }
  }

  @Test(.enabled(if: BuiltProgram.hasShell)) func aReaderThatLeavesEndsScoring() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.csv", "small.model"], into: program)
      let run = try program.shell(
        #"(cat small.csv; while tail -n 300 small.csv; do :; done) | { "$0" score small.model -; echo "status $?" >&2; } "#
          + "| head -n 1000 | tail -n 1")
      #expect(Double(run.output.trimmingCharacters(in: .newlines)) != nil, "\(run.output)")
      #expect(run.error.contains("status 0"), "\(run.error)")
    }
  }

  @Test func standardInputIsAFileLikeOthers() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.csv", "small.model"], into: program)
      let file = try program.run(["score", "small.model", "small.csv"])
      let input = try program.run(["score", "small.model", "-"], input: Data(Fixtures.table.utf8))
      #expect(input.status == 0, "\(input.error)")
      #expect(input.output == file.output)
    }
  }

  @Test func longerSampleBeginsWithTheShorter() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.model"], into: program)
      let short = try program.run(["sample", "small.model", "-n", "50", "--seed", "9"]).output
      let long = try program.run(["sample", "small.model", "-n", "20000", "--seed", "9"]).output
      #expect(long.hasPrefix(short))
      #expect(long.split(separator: "\n").count == 20_001)
    }
  }

  @Test(arguments: [("truncated", 0.5), ("truncated", 0.99), ("truncated", 0.001), ("flipped", 0.5), ("flipped", 0.05)])
  func damagedModelIsRefused(damage: String, place: Double) throws {
    try BuiltProgram.withFreshDirectory { program in
      var bytes = try #require(Fixtures.files["small.model"])
      let index = Int(place * Double(bytes.count))
      if damage == "truncated" { bytes = bytes.prefix(index) } else { bytes[index] ^= 0x10 }
      try bytes.write(to: program.directory.appending(path: "bad.model"))
      let run = try program.run(["sample", "bad.model", "-n", "1"])
      #expect(run.status == 1)
      #expect(run.output.isEmpty)
      #expect(run.error.hasPrefix("pushforward: error: bad.model"), "\(run.error)")
      #expect(run.error.split(separator: "\n").count == 1)
    }
  }

  @Test(.enabled(if: BuiltProgram.hasShell)) func closedPipeIsNoError() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.model"], into: program)
      let run = try program.shell(#"{ "$0" sample small.model -n 200000; echo "status $?" >&2; } | head -n 1"#)
      #expect(run.output == "x,y,count\n")
      #expect(run.error == "status 0\n")
    }
  }

  @Test(.enabled(if: BuiltProgram.hasShell)) func namedPipesAreRead() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.csv", "small.model"], into: program)
      let file = try program.run(["score", "small.model", "small.csv"])
      let run = try program.shell(#"mkfifo pipe && { cat small.csv > pipe & "$0" score small.model pipe; }"#)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output == file.output)
    }
  }

  @Test(.enabled(if: BuiltProgram.hasShell)) func interruptKeepsTheBestModel() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.csv"], into: program)
      let process = try program.prepared([
        "fit", "small.csv", "-o", "kept.model", "--columns", "x,y", "--model", "nsf", "--max-epochs", "1000000",
        "--max-seconds", "60",
      ])
      let output = Pipe()
      let error = Pipe()
      process.standardOutput = output
      process.standardError = error
      try process.run()
      // Training has begun when its settings are told.
      var told = ""
      while !told.contains("training:") {
        let piece = error.fileHandleForReading.availableData
        if piece.isEmpty { break }
        told += String(decoding: piece, as: UTF8.self)
      }
      Thread.sleep(forTimeInterval: 0.5)
      process.interrupt()
      let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(told)")
      #expect(printed.contains("stopped: interrupted"), "\(printed)")
      #expect(try program.run(["sample", "kept.model", "-n", "1"]).status == 0)
    }
  }

  @Test func inspectShowsModelsAndTables() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.csv", "small.model"], into: program)
      let model = try json(try program.run(["inspect", "small.model", "--json"]).output)
      #expect((model["tensors"] as? [Any])?.isEmpty == false)
      let table = try json(try program.run(["inspect", "small.csv", "--json"]).output)
      let kinds = (table["columns"] as? [[String: Any]])?.map { $0["kind"] as? String }
      #expect(kinds == ["real", "real", "whole_number", "category"])
      for file in ["small.model", "small.csv"] {
        let run = try program.run(["inspect", file])
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
      }
    }
  }

  @Test func modelOpensInPython() throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(["small.model"], into: program)
      let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Scripts/check-model-file.py").standardized
      let process = try program.prepared(
        ["python3", script.path, "small.model"], executable: URL(filePath: "/usr/bin/env"))
      process.environment = ProcessInfo.processInfo.environment
      try process.run()
      process.waitUntilExit()
      // 127: there is no python3. The script itself passes when the safetensors package is not installed.
      #expect([0, 127].contains(process.terminationStatus))
    }
  }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
  }
}

extension BuiltProgram {
  static var hasShell: Bool { FileManager.default.isExecutableFile(atPath: "/bin/sh") }

  /// Runs a shell script in which `$0` is the program.
  func shell(_ script: String) throws -> Result {
    let process = try prepared(
      ["-c", script, BuiltProgram.executable?.path ?? ""], executable: URL(filePath: "/bin/sh"))
    let output = Pipe()
    let error = Pipe()
    process.standardOutput = output
    process.standardError = error
    try process.run()
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    let told = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: String(decoding: printed, as: UTF8.self),
      error: String(decoding: told, as: UTF8.self))
  }
}
