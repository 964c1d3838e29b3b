import PushforwardEstimators
import PushforwardTables
import PushforwardTraining

/// Tells on standard error what a fit has read and chosen, and how far it has come.
final class FitNarrator {
  private let meter = ProgressMeter()
  private var plannedEpochs = 0
  private var limit: Duration?

  /// Says what happened.
  func tell(_ event: FitEvent) {
    switch event {
    case .prepared(let encoder, let trainingRows, let heldOutRows, let leftOutNote):
      for line in FitNarrator.lines(encoder: encoder) { meter.stage(line) }
      if let leftOutNote { meter.stage(leftOutNote) }
      meter.stage(
        "\(Format.count(trainingRows, "row")) to train on, "
          + (heldOutRows == 0 ? "none held out (too few)" : "\(Format.count(heldOutRows)) held out"))
    case .planned(let model, let plan, let parameterCount):
      plannedEpochs = plan.training.maximumEpochs
      limit = plan.training.maximumSeconds.map { .seconds($0) }
      meter.stage("\(model.rawValue): \(FitNarrator.line(plan: plan)); \(Format.count(parameterCount)) parameters")
      meter.stage(FitNarrator.line(training: plan.training))
    case .stage(let line):
      meter.stage(line)
    case .training(let epochs):
      (plannedEpochs, limit) = (epochs, nil)
    case .progress(let now):
      meter.update(
        done: now.epoch, total: plannedEpochs, unit: "epochs",
        detail: "held-out \(Format.fixed(now.heldOut, 4)), best \(Format.fixed(now.best, 4)) nats a row", limit: limit)
    }
  }

  /// So many rows have been read.
  func read(rows: Int) { meter.update(rows: rows) }

  /// The end of the fit.
  func finish() { meter.clear() }

  private static func lines(encoder: Encoder) -> [String] {
    let modelled = encoder.columns.map { "\($0.name) (\($0.schema.kind.label))" }
    var lines = ["modelling \(Format.count(modelled.count, "column")): \(listed(modelled))"]
    if !encoder.conditions.isEmpty {
      let given = encoder.conditions.map { condition in
        let levels = condition.schema.levels.map { ", \($0.count) levels" } ?? ""
        return "\(condition.name) (\(condition.schema.kind.label)\(levels))"
      }
      lines.append("given: \(listed(given))")
    }
    lines += encoder.leftOut.map { "left out: \($0.name), \($0.reason)" }
    return lines
  }

  private static func line(plan: FitPlan) -> String {
    let size = plan.size
    let hidden = size.network.hidden.map(String.init).joined(separator: " x ")
    return
      "\(Format.count(size.transforms, "layer")), conditioners \(hidden.isEmpty ? "without hidden layers" : hidden)"
      + (size.network.dropout > 0 ? ", dropout \(size.network.dropout)" : "")
  }

  private static func line(training: TrainingSettings) -> String {
    "training: batches of \(Format.count(training.batchSize, "row")), "
      + "rate \(Format.significant(training.learningRate, 2)), at most \(Format.count(training.maximumEpochs, "epoch"))"
      + (training.maximumSeconds.map { ", at most \(Format.seconds($0))" } ?? "")
  }
}
