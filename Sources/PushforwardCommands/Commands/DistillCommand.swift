import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardInterchange
import PushforwardTables

/// `pushforward distill`.
struct DistillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill",
    abstract: "Compress a model of numeric columns into a shallow flow that scores faster.",
    discussion: """
      The student learns from draws of the teacher, as many as it wants (an epoch is 32,768 fresh ones), and from the teacher's log-density at them. \
      Printed are both Kullback-Leibler divergences with standard errors, the likelihood of the table's rows under both \
      (rows that neither was fitted to), and how much smaller and faster the student is. JSON keys: forward_kl, \
      reverse_kl (each with mean and standard_error, nats a row), held_out, parameters, bytes, seconds_per_row, \
      speed_ratio, size_ratio.

      Examples:
        pushforward distill deep.model test.csv -o small.model
        pushforward distill ensemble.model -o small.model --layers 1 --bins 16
      """)

  @Argument(help: ArgumentHelp("Model file of the teacher.", valueName: "teacher"))
  var teacher: String

  @Argument(help: ArgumentHelp("Table to judge both on; needed if the teacher has conditions.", valueName: "data"))
  var data: String?

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Where to write the student.", valueName: "model"))
  var output: String

  @Option(help: ArgumentHelp("Autoregressive spline layers of the student.", valueName: "n"))
  var layers = 2

  @Option(
    help: ArgumentHelp(
      "Widths of each conditioner's hidden layers; by default three of 3/4 of the teacher's less 16.", valueName: "w,w")
  )
  var hidden: String?

  @Option(help: "Splines of the student.")
  var transformer = TransformerChoice.rationalQuadratic

  @Option(help: ArgumentHelp("Spline bins; 8 by default, 24 for linear ones.", valueName: "n"))
  var bins: Int?

  /// The choices of `--transformer`.
  enum TransformerChoice: String, ExpressibleByArgument, CaseIterable {
    case linear, quadratic
    case rationalQuadratic = "rational-quadratic"
  }

  @Option(help: ArgumentHelp("Weight of matching the teacher's log-density, beside the likelihood.", valueName: "w"))
  var matching = 1.0

  @Option(name: .customLong("learning-rate"), help: ArgumentHelp("The highest rate.", valueName: "r"))
  var learningRate = 7e-3

  @Option(parsing: .unconditional, help: ArgumentHelp("Seed of everything random.", valueName: "n"))
  var seed: UInt64 = 0

  @OptionGroup
  var limits: LimitFlags

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup(title: "Reading the table")
  var table: TableOptions

  func validate() throws {
    try InputFiles.keep([teacher, data], from: output)
    if !(1...64).contains(layers) { throw ValidationError("--layers: expected 1 to 64, found \(layers)") }
    if let bins, !(2...64).contains(bins) { throw ValidationError("--bins: expected 2 to 64, found \(bins)") }
    if !(matching >= 0 && matching <= 1000) {
      throw ValidationError("--matching: expected a number from 0 to 1000, found \(matching)")
    }
    if !(learningRate > 0 && learningRate.isFinite) {
      throw ValidationError("--learning-rate: expected a number above 0, found \(learningRate)")
    }
    if let hidden, widths == nil {
      throw ValidationError("--hidden: expected widths from 1 to 65536, separated by commas, found '\(hidden)'")
    }
  }

  private var widths: [Int]? {
    let parts = hidden?.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 } ?? []
    return parts.allSatisfy { (1...65536).contains($0) } ? parts : nil
  }

  func run() throws {
    try AtomicFile(path: output).abandon()
    let model = try Models.open(teacher)
    let rows = try data.map { try TableInput(path: $0, options: table).readRequired(columns: model.requiredColumns) }
    var options = DistillationOptions()
    (options.layers, options.bins, options.seed) = (layers, bins, seed)
    options.matching = matching
    options.learningRate = learningRate
    options.transformer = SplineKind(rawValue: transformer.rawValue) ?? .rationalQuadratic
    options.maximumSeconds = limits.maximumSeconds
    if let epochs = limits.maximumEpochs { options.maximumEpochs = epochs }
    if hidden != nil { options.hidden = widths }
    let narrator = FitNarrator()
    Interruption.catchFirst()
    let found = try Models.distill(
      model, table: rows, options: options, shouldStop: { Interruption.wasRequested }, progress: narrator.tell)
    narrator.finish()
    try found.student.save(to: output)
    let results = try Output()
    if json {
      try results.print(json(found).text)
    } else {
      for line in lines(found) { try results.print(line) }
    }
    try results.finish()
  }

  private func lines(_ found: Distillation) -> [String] {
    func text(_ estimate: Distillation.Estimate) -> [String] {
      [Format.fixed(estimate.mean, 4), "standard error \(Format.fixed(estimate.standardError, 4))"]
    }
    let columns = Double(max(found.student.columns.count, 1))
    var rows = [
      ["KL(teacher, student), nats a row"] + text(found.forwardKL),
      ["KL(student, teacher), nats a row"] + text(found.reverseKL),
    ]
    if let heldOut = found.heldOut {
      rows += [
        ["log-likelihood of the rows, teacher", Format.fixed(heldOut.teacher, 4), ""],
        ["log-likelihood of the rows, student", Format.fixed(heldOut.student, 4), ""],
        ["student less teacher, nats a row"] + text(heldOut.difference),
        ["  a column", Format.fixed(heldOut.difference.mean / columns, 4), ""],
      ]
    }
    rows += [
      ["parameters", Format.count(found.parameters.student), "teacher \(Format.count(found.parameters.teacher))"],
      [
        "file", Format.bytes(found.bytes.student),
        "teacher \(Format.bytes(found.bytes.teacher)), \(Format.significant(found.sizeRatio, 3)) times as large",
      ],
      [
        "scoring, microseconds a row", Format.significant(found.secondsPerRow.student * 1e6, 3),
        "teacher \(Format.significant(found.secondsPerRow.teacher * 1e6, 3)), the student is "
          + "\(Format.significant(found.speedRatio, 3)) times as fast (one thread)",
      ],
    ]
    return Format.table(rows, indent: "") + [
      "student written to \(output), \(Format.seconds(found.student.record.seconds))"
    ]
  }

  private func json(_ found: Distillation) -> JSONValue {
    func value(_ estimate: Distillation.Estimate) -> JSONValue {
      ["mean": .number(estimate.mean), "standard_error": .number(estimate.standardError)]
    }
    let heldOut: JSONValue =
      found.heldOut.map {
        [
          "teacher": .number($0.teacher), "student": .number($0.student), "difference": value($0.difference),
        ]
      } ?? .null
    return [
      "output": .string(output), "forward_kl": value(found.forwardKL), "reverse_kl": value(found.reverseKL),
      "held_out": heldOut,
      "parameters": ["teacher": .integer(found.parameters.teacher), "student": .integer(found.parameters.student)],
      "bytes": ["teacher": .integer(found.bytes.teacher), "student": .integer(found.bytes.student)],
      "seconds_per_row": [
        "teacher": .number(found.secondsPerRow.teacher), "student": .number(found.secondsPerRow.student),
      ],
      "speed_ratio": .number(found.speedRatio), "size_ratio": .number(found.sizeRatio),
    ]
  }
}
