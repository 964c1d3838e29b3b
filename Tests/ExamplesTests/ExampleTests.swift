import Foundation
import Testing

/// Runs each example as it was built beside these tests and looks at what it prints.
@Suite struct ExampleTests {
  private static let table = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Examples/Data/penguins.csv").path

  @Test func twentyLines() throws {
    let (text, files) = try run("ExampleTwentyLines", [Self.table])
    let flow = try number(behind: "held-out log-likelihood:", in: text)
    let gaussian = try number(behind: "one normal distribution:", in: text)
    #expect(flow.isFinite && flow > gaussian, "the flow has to beat one normal distribution")
    let mass = try number(behind: "mean mass of 1000 drawn penguins:", in: text)
    #expect(abs(mass - 4202) < 80, "the table's mean is 4202 g")
    #expect(text.contains("2 of 344 rows left out"), "rows with missing cells are said: \(text)")
    #expect(text.contains("the saved model scores alike: true"))
    #expect(Set(["drawn.csv", "penguins.model"]).isSubset(of: files))
  }

  @Test func conditionalFlow() throws {
    let (text, _) = try run("ExampleConditionalFlow", [Self.table])
    let first = try number(behind: "held out, in nats a row:", in: text)
    #expect(first > (try number(behind: "without conditions", in: text)) + 0.3, "\(text)")
    let densities = try ["Adelie, 190.0", "Chinstrap, 196.0", "Gentoo, 217.0"].map {
      try number(behind: "log p(3700 g | \($0) mm) =", in: text)
    }
    #expect(densities.allSatisfy { $0.isFinite })
    #expect(densities[2] < densities[0] - 1 && densities[2] < densities[1] - 1, "3700 g is light for a Gentoo penguin")
    let heavy = try number(behind: "Gentoo, 217.0 mm: 90 % between", in: text)
    #expect(heavy > 3700, "\(text)")
  }

  @Test func combinedModels() throws {
    let (text, files) = try run("ExampleCombinedModels", [Self.table])
    let mixture = try number(behind: "the mixture on the same rows:", in: text)
    for member in ["nsf", "gmm", "kde"] {
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(member): weight") })
      #expect(try mixture >= number(behind: ", alone", in: String(line)))
    }
    #expect(try number(behind: "no other weights gain more than:", in: text) < 1e-8)
    let best = try number(behind: "other rows, the best member:", in: text)
    #expect(try number(behind: "other rows, the mixture:", in: text) > best - 0.1, "\(text)")
    #expect(abs(try number(behind: "mean mass of 1000 drawn penguins:", in: text) - 4202) < 120)
    #expect(try number(behind: "mean mass with flippers of 225 mm:", in: text) > 5000, "large penguins are heavy")
    #expect(try number(behind: "from the measures:", in: text) > 60, "of 74: \(text)")
    #expect(files.contains("combined.model"))
  }

  @Test func ownTrainingLoop() throws {
    let (text, _) = try run("ExampleOwnTrainingLoop", [])
    let first = try number(behind: "epoch 10: held out", in: text)
    let last = try number(behind: "epoch 40: held out", in: text)
    // Arcs of length pi and noise of 0.1 have an entropy of log(2 pi) + log(0.1 sqrt(2 pi e)) = 0.95.
    #expect(last > first && last > -1.12 && last < -0.9, "\(text)")
    #expect(text.components(separatedBy: "drawn: ").count == 6)
  }

  @Test func unnormalisedDensity() throws {
    let (text, _) = try run("ExampleUnnormalisedDensity", [])
    #expect(abs(try number(behind: "log of the integral:", in: text) - 1.1447) < 0.03)
    let divergence = try number(behind: "divergence KL(q | f):", in: text)
    #expect(divergence > -0.01 && divergence < 0.05)
    #expect(text.components(separatedBy: "drawn: ").count == 4)
  }

  /// Runs a program to its end in a fresh directory: its standard output and the files that it left.
  private func run(_ name: String, _ arguments: [String]) throws -> (output: String, files: Set<String>) {
    let executable = try #require(Self.executable(name), "no executable '\(name)': build the whole package first")
    let directory = FileManager.default.temporaryDirectory.appending(path: "example-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let output = directory.appending(path: "output.txt")
    _ = FileManager.default.createFile(atPath: output.path, contents: nil)
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.standardOutput = try FileHandle(forWritingTo: output)
    try process.run()
    process.waitUntilExit()
    let text = try String(contentsOf: output, encoding: .utf8)
    #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(name): \(text)")
    return (text, Set(try FileManager.default.contentsOfDirectory(atPath: directory.path)))
  }

  /// The program beside the test bundle, whose path is among this process's arguments.
  private static func executable(_ name: String) -> URL? {
    for argument in CommandLine.arguments {
      var url = URL(filePath: argument)
      while url.path.contains(".xctest") {
        defer { url.deleteLastPathComponent() }
        guard url.pathExtension == "xctest" else { continue }
        let found = url.deletingLastPathComponent().appending(path: name)
        if FileManager.default.isExecutableFile(atPath: found.path) { return found }
      }
    }
    return nil
  }

  /// The number that follows a text.
  private func number(behind label: String, in text: String) throws -> Double {
    let start = try #require(text.range(of: label), "'\(label)' is not in: \(text)").upperBound
    let rest = text[start...].drop { $0 == " " }
    return try #require(Double(rest.prefix { !" \n,;".contains($0) }), "no number behind '\(label)' in: \(text)")
  }
}
