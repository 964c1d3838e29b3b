import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardEvaluation
import PushforwardModels
import PushforwardTables

/// `pushforward selfcheck`.
struct SelfcheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selfcheck",
    abstract: "Check the mathematics on this machine, and of a model.",
    discussion: """
      For each family of flows, with random parameters: round trips, log-determinants and gradients against \
      differences, total probability. For each other kind of model, fitted in a moment to rows made up: scores after \
      writing and reading, of rows alone and together; draws in pieces; gaps filled; draws against the model's own \
      conditional distributions; levels of a category that add up. With a model, what of this fits it. Exit code 1 if a \
      check fails.

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
    let subjects = try model.map { [SelfcheckCommand.subject(try Models.open($0), name: $0, seed: seed)] } ?? builtIn()
    let results = try Output()
    let meter = ProgressMeter()
    var failed = 0
    var parts: [JSONValue] = []
    for (index, subject) in subjects.enumerated() {
      meter.update(done: index, total: subjects.count, unit: "models", detail: subject.name)
      let findings = try subject.findings()
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

  private typealias Subject = (name: String, findings: () throws -> [FlowCheck.Finding])

  private static func subject(_ model: any TableModel, name: String, seed: UInt64) -> Subject {
    (
      name,
      {
        let own = try (model as? DensityModel).map { try FlowCheck($0.flow, seed: seed).findings() } ?? []
        return try own + ModelCheck(model, seed: seed, workers: WorkerPool()).findings()
      }
    )
  }

  /// Each family of flows in one, two and five dimensions and with conditions, then each other kind of model.
  ///
  /// Parameters of flows are away from their start: there, most are the identity, and nearly every mistake passes.
  private func builtIn() throws -> [Subject] {
    var subjects: [Subject] = []
    let (size, seed) = (FlowFamily.Size(transforms: 3, network: NetworkSettings(hidden: [16, 16])), seed)
    for family in FlowFamily.allCases {
      for (features, context) in [(1, 0), (2, 0), (5, 0), (5, 2)] {
        let specification = family.specification(features: features, contextFeatures: context, size: size)
        let network = try FlowNetwork<Float>(specification)
        let flow = Flow(network: network, parameters: randomParameters(network.layout, seed: seed))
        let given = context == 0 ? "" : ", \(context) conditions"
        subjects.append(
          (
            "\(family.rawValue), \(Format.count(features, "column"))\(given)",
            { try FlowCheck(flow, seed: seed).findings() }
          ))
      }
    }
    let table = try SelfcheckCommand.madeUpTable(seed: seed)
    for kind in [ModelKind.gmm, .kde, .mixed, .mixedFlow, .hmm, .vae] {
      subjects.append(
        (
          "\(kind.rawValue), \(Format.count(table.names.count, "column"))",
          {
            var options = FitOptions(model: kind, seed: seed)
            (options.maximumEpochs, options.hidden, options.transforms) = (3, [16, 16], 2)
            (options.components, options.sequences.states) = (3, 2)
            return try SelfcheckCommand.subject(Models.fit(table, options: options), name: "", seed: seed).findings()
          }
        ))
    }
    return subjects
  }

  /// A category, a count and two reals that depend on each other.
  private static func madeUpTable(seed: UInt64) throws -> Table {
    let noise: Matrix<Double> = RandomStream(seed: seed, purpose: .test).normal(rows: 400, columns: 4)
    let rows = 0..<noise.rows
    let kinds = rows.map { noise[$0, 0] < -0.4 ? 0 : noise[$0, 0] < 0.6 ? 1 : 2 }
    let x = rows.map { Double(kinds[$0]) + noise[$0, 1] }
    return try Table([
      (name: "kind", column: .categories(CategoryColumn(kinds.map { ["a", "b", "c"][$0] }))),
      (name: "count", column: .numbers(NumberColumn(rows.map { (noise[$0, 2] * noise[$0, 2] * 2).rounded() }))),
      (name: "x", column: .numbers(NumberColumn(x))),
      (name: "y", column: .numbers(NumberColumn(rows.map { x[$0] * x[$0] / 2 + noise[$0, 3] }))),
    ])
  }
}
