import ArgumentParser
import PushforwardEstimators
import PushforwardEvaluation
import PushforwardModels

/// `pushforward selfcheck`.
struct SelfcheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selfcheck",
    abstract: "Check the mathematics on this machine, and of a model.",
    discussion: """
      For each family of flows, with random parameters: round trips, log-determinants and gradients against \
      differences, total probability. With a model, the same for that model alone. Exit code 1 if a check fails.

      Examples:
        pushforward selfcheck
        pushforward selfcheck protein.model
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String?

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @Option(help: ArgumentHelp("Seed of the rows and parameters drawn.", valueName: "n"))
  var seed: UInt64 = 0

  func run() throws {
    let subjects = try model.map { [(name: $0, flow: try DensityModel(contentsOf: $0).flow)] } ?? builtIn()
    let results = try Output()
    let meter = ProgressMeter()
    var failed = 0
    var parts: [JSONValue] = []
    for (index, subject) in subjects.enumerated() {
      meter.update(done: index, total: subjects.count, unit: "flows", detail: subject.name)
      let findings = try FlowCheck(subject.flow, seed: seed).findings()
      failed += findings.count { !$0.isPassed }
      meter.clear()
      if json {
        parts.append(SelfcheckCommand.json(subject.name, findings))
      } else {
        try results.print(subject.name)
        for line in Format.table(findings.map(SelfcheckCommand.row)) { try results.print(line) }
        try results.flush()
      }
    }
    if json {
      try results.print(
        JSONValue.object([
          .init(name: "passed", value: .bool(failed == 0)), .init(name: "subjects", value: .array(parts)),
        ]).text)
    }
    try results.finish()
    if failed > 0 { throw Failed(count: failed) }
    if !json { Console.note("all checks passed") }
  }

  /// Checks that did not pass; their lines are printed already.
  struct Failed: Error, CustomStringConvertible {
    var count: Int
    /// One line.
    var description: String { "\(Format.count(count, "check")) failed" }
  }

  private static func row(_ finding: FlowCheck.Finding) -> [String] {
    [
      finding.name, "error \(Format.significant(finding.error, 2))", "limit \(Format.significant(finding.limit, 1))",
      finding.isPassed ? "passed" : "FAILED",
    ]
  }

  private static func json(_ name: String, _ findings: [FlowCheck.Finding]) -> JSONValue {
    [
      "name": .string(name),
      "checks": .array(
        findings.map {
          [
            "name": .string($0.name), "error": .number($0.error), "limit": .number($0.limit),
            "passed": .bool($0.isPassed),
          ]
        }),
    ]
  }

  /// Each family in one, two and five dimensions and with conditions, parameters away from their start: there, most
  /// flows are the identity, and nearly every mistake passes.
  private func builtIn() throws -> [(name: String, flow: Flow<Float>)] {
    var subjects: [(name: String, flow: Flow<Float>)] = []
    let size = FlowFamily.Size(transforms: 3, network: NetworkSettings(hidden: [16, 16]))
    for family in FlowFamily.allCases {
      for (features, context) in [(1, 0), (2, 0), (5, 0), (5, 2)] {
        let specification = family.specification(features: features, contextFeatures: context, size: size)
        let network = try FlowNetwork<Float>(specification)
        let flow = Flow(network: network, parameters: randomParameters(network.layout, seed: seed))
        let given = context == 0 ? "" : ", \(context) conditions"
        subjects.append(("\(family.rawValue), \(Format.count(features, "column"))\(given)", flow))
      }
    }
    return subjects
  }
}
