import PushforwardEstimators
import PushforwardTraining

/// What a fit came to, as lines for a person or as one JSON object.
struct FitReport {
  /// The fitted model.
  let model: any TableModel
  /// Where it was saved.
  let path: String
  /// Where its rows came from.
  let data: String

  private var record: FitRecord { model.record }

  /// For a person.
  var lines: [String] {
    var lines: [String] = []
    if let reason = record.stopReason { lines.append("stopped: \(FitReport.words(reason)) (\(epochs))") }
    lines += record.recoveries.map { "recovered: \($0)" }
    if let choice = record.choice { lines.append("chosen: \(choice)") }
    let judged =
      record.heldOutRows > 0
      ? "\(Format.count(record.heldOutRows)) held-out rows" : "the training rows, none being held out"
    let kind = EvaluateCommand.label(model.traits.likelihood)
    lines.append("log-likelihood\(kind) in nats a row, mean of \(judged):")
    var rows = [
      [
        record.model.rawValue, Format.fixed(record.heldOut, 4),
        "standard error \(Format.fixed(record.heldOutStandardError, 4))",
      ]
    ]
    let baselines = [
      (ModelKind.gaussian, "full-covariance Gaussian", record.heldOutGaussian),
      (.independent, "independent columns", record.heldOutIndependent),
    ]
    for (kind, name, value) in baselines where kind != record.model && value.isFinite {
      rows.append([name, Format.fixed(value, 4), gain(over: value)])
    }
    lines += Format.table(rows)
    lines.append("hash \(record.fingerprint), seed \(record.seed), \(Format.seconds(record.seconds))")
    lines.append("model written to \(path)")
    return lines
  }

  /// One object with stable keys.
  var json: JSONValue {
    [
      "data": .string(data),
      "output": .string(path),
      "model": .string(record.model.rawValue),
      "choice": record.choice.map(JSONValue.string) ?? .null,
      "columns": .array(model.columns.map(JSONValue.string)),
      "given": .array(model.given.map(JSONValue.string)),
      "left_out": .array(
        model.leftOut.map { ["column": .string($0.name), "reason": .string($0.reason)] }),
      "rows": .integer(record.tableRows),
      "training_rows": .integer(record.trainingRows),
      "held_out_rows": .integer(record.heldOutRows),
      "parameters": .integer(record.parameterCount),
      "plan": (try? record.plan.map { try JSONValue(encoding: $0) }) ?? .null,
      "stop_reason": record.stopReason.map { .string($0.rawValue) } ?? .null,
      "epochs": .number(record.epochs),
      "best_epoch": .number(record.bestEpoch),
      "recoveries": .array(record.recoveries.map(JSONValue.string)),
      "held_out_log_likelihood": .number(record.heldOut),
      "held_out_standard_error": .number(record.heldOutStandardError),
      "held_out_gaussian": .number(record.heldOutGaussian),
      "held_out_independent": .number(record.heldOutIndependent),
      "seconds": .number(record.seconds),
      "hash": .string(record.fingerprint),
      "seed": .integer(Int(clamping: record.seed)),
    ]
  }

  private var epochs: String {
    "\(Format.significant(record.epochs, 3)) epochs, the best after \(Format.significant(record.bestEpoch, 3))"
  }

  private func gain(over baseline: Double) -> String {
    Format.gain(record.model.rawValue, record.heldOut - baseline)
  }

  private static func words(_ reason: StopReason) -> String {
    switch reason {
    case .finished: "the planned epochs are done"
    case .noImprovement: "the held-out likelihood no longer improves"
    case .timeLimit: "the time is over"
    case .interrupted: "interrupted; the best model so far is kept"
    }
  }
}
