import ArgumentParser
import PushforwardCore
import PushforwardEstimators
import PushforwardEvaluation
import PushforwardTables

/// `pushforward evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Mean log-likelihood of a table's rows under a model, beside two baselines.",
    discussion: """
      The rows should be others than those that the model was fitted to. JSON keys: mean_log_likelihood (nats a row), \
      standard_error, bits (code length of a row: -log2 of the density), rows, non_finite_count, likelihood (exact, \
      estimate or bound), evidence_bound (vae, cvae), gaussian and independent (the means of the baselines fitted beside \
      the model), left_out, columns, targets, calibration.

      Models that score a row in parts show each column's part, given the columns before it, in nats and bits: the parts add \
      up to the whole (where no cell is missing). --columns asks others for it too, if they know marginals (gmm, kde).

      --targets predicts columns from all others and judges the predictions. Quantities: rmse (of the mean), mae (of \
      the median), crps, coverage of central intervals, log-likelihood, and whether the distribution function's values are \
      uniform (pit_ks, pit_p: small is bad). Categories: accuracy, log_loss, brier, calibration_error.

      --calibration ranks rows among draws under their conditions: by log-density (regions of highest density of whole rows) \
      and by each column of numbers (given the conditions alone). A right posterior covers what it says, and its ranks are \
      uniform. At most 1000 rows, evenly spaced.

      Examples:
        pushforward evaluate protein.model test.csv
        pushforward evaluate posterior.model simulations.csv --calibration
        pushforward evaluate protein.model test.csv --json | jq .mean_log_likelihood
        pushforward evaluate shop.model test.csv --targets price,kind --weights n
      """)

  @Argument(help: ArgumentHelp("Model file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("CSV file ('-' for standard input), NPY, NPZ or SQLite file.", valueName: "data"))
  var data: String

  @Option(help: ArgumentHelp("Columns to predict and judge, separated by commas; 'all' for all.", valueName: "a,b"))
  var targets: [String] = []

  @Flag(help: "Split the log-likelihood by column.")
  var columns = false

  @Option(help: ArgumentHelp("Column that says how often each row counts, in every figure.", valueName: "column"))
  var weights: String?

  @Flag(help: "Rank rows among draws under their conditions.")
  var calibration = false

  @Option(help: ArgumentHelp("Draws a row, for --calibration and predictions by draws.", valueName: "n"))
  var draws = 200

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup(title: "Reading")
  var table: TableOptions

  func run() throws {
    let model = try Models.open(self.model)
    let names = targets == ["all"] ? model.columns : columnNames(targets)
    let input = TableInput(path: data, options: table)
    let splits = columns || model.traits.splitsScores
    let judged =
      try names.isEmpty && !calibration
      ? Judgement(evaluation: evaluation(of: model, input.pieces(for: model, weights: weights), splits: splits))
      : judge(model, input, targets: names, splits: splits)
    let results = try Output()
    if json {
      try results.print(EvaluateCommand.json(judged).text)
    } else {
      let name = model.record.model.rawValue
      for line in EvaluateCommand.lines(judged.evaluation, name: name) { try results.print(line) }
      for line in PredictionLines.lines(judged.predictions) { try results.print(line) }
      for line in judged.calibration.map(CalibrationLines.lines) ?? [] { try results.print(line) }
    }
    try results.finish()
  }

  /// In memory that does not grow with the rows.
  private func evaluation(
    of model: any TableModel, _ pieces: TablePieces, splits: Bool
  ) throws -> ModelEvaluation {
    var total = EvaluationTotal()
    let weights = weights
    try OrderedPipeline.run(
      read: { try pieces.next() }, work: { try EvaluationTotal($0, under: model, splits: splits, weights: weights) },
      write: { total.add($0) })
    return try total.evaluation(likelihood: model.traits.likelihood)
  }

  /// What is found of the rows.
  private struct Judgement {
    var evaluation: ModelEvaluation
    var predictions: [(name: String, evaluation: PredictionEvaluation)] = []
    var calibration: JointCalibration?
  }

  /// With predictions of the targets and ranks, which look at all rows.
  private func judge(
    _ model: any TableModel, _ input: TableInput, targets: [String], splits: Bool
  ) throws -> Judgement {
    let read = try input.readKnown(to: model, weights: weights)
    let workers = WorkerPool()
    for name in targets where !model.columns.contains(name) {
      throw TableError.unknownColumn(name: name, available: model.columns)
    }
    let evaluation = try model.evaluate(read, splits: splits, weights: weights, workers: workers)
    let meter = ProgressMeter()
    var predictions: [(name: String, evaluation: PredictionEvaluation)] = []
    for (index, name) in targets.enumerated() {
      meter.update(done: index, total: targets.count, unit: "columns", detail: name)
      let found = try model.evaluatePrediction(
        read, target: name, draws: draws, weights: weights, workers: workers)
      predictions.append((name, found))
    }
    meter.clear()
    return Judgement(
      evaluation: evaluation, predictions: predictions,
      calibration: try calibration
        ? model.calibration(of: read.evenlySpaced(1000), draws: draws, weights: weights, workers: workers) : nil)
  }

  /// What a likelihood is, behind the word.
  static func label(_ likelihood: ModelTraits.Likelihood) -> String {
    switch likelihood {
    case .exact: ""
    case .estimate: " (an estimate by draws)"
    case .bound: " (a lower bound)"
    }
  }

  private static func lines(_ evaluation: ModelEvaluation, name: String) -> [String] {
    let model = evaluation.model
    var lines: [String] = []
    if let note = evaluation.leftOutNote { lines.append(note) }
    if model.nonFiniteCount > 0 {
      lines.append("\(model.nonFiniteCount) of \(model.rowCount) rows have a log-density that is not finite")
    }
    let kind = label(evaluation.likelihood)
    let others =
      model.nonFiniteCount > 0
      ? "the other \(Format.count(model.rowCount - model.nonFiniteCount, "row"))" : Format.count(model.rowCount, "row")
    lines.append("log-likelihood\(kind) in nats a row, mean of \(others):")
    lines += Format.table(
      [[name, Format.fixed(model.mean, 4), "standard error \(Format.fixed(model.standardError, 4))"]]
        + (evaluation.evidenceBound.map { bound in
          [["evidence bound", Format.fixed(bound.mean, 4), "standard error \(Format.fixed(bound.standardError, 4))"]]
        } ?? [])
        + evaluation.baselines.map { baseline in
          let mean = baseline.summary.mean
          return [baseline.name, Format.fixed(mean, 4), Format.gain(name, model.mean - mean)]
        })
    lines.append("\(Format.fixed(-model.meanBits, 4)) bits a row")
    let columns = evaluation.columns.filter { $0.1.rowCount > 0 }
    if !columns.isEmpty {
      lines += ["", "column by column, each given those before it:"]
      lines += Format.table(
        [["", "nats", "bits", "cells"]]
          + columns.map { name, summary in
            [
              name, Format.fixed(summary.mean, 4), Format.fixed(-summary.meanBits, 4), Format.count(summary.rowCount),
            ]
          })
    }
    return lines
  }

  private static func json(_ judged: Judgement) -> JSONValue {
    let evaluation = judged.evaluation
    return [
      "mean_log_likelihood": .number(evaluation.model.mean),
      "standard_error": .number(evaluation.model.standardError),
      "bits": .number(-evaluation.model.meanBits),
      "rows": .integer(evaluation.model.rowCount),
      "non_finite_count": .integer(evaluation.model.nonFiniteCount),
      "likelihood": .string(evaluation.likelihood.rawValue),
      "evidence_bound": evaluation.evidenceBound.map { .number($0.mean) } ?? .null,
      "gaussian": evaluation["gaussian"].map { .number($0.mean) } ?? .null,
      "independent": evaluation["independent"].map { .number($0.mean) } ?? .null,
      "columns": .object(
        evaluation.columns.map { name, summary in
          JSONValue.Member(
            name: name,
            value: [
              "mean_log_likelihood": .number(summary.mean), "standard_error": .number(summary.standardError),
              "bits": .number(-summary.meanBits), "cells": .integer(summary.rowCount),
            ])
        }),
      "left_out": evaluation.leftOutNote.map(JSONValue.string) ?? .null,
      "targets": .object(
        judged.predictions.map { JSONValue.Member(name: $0.name, value: PredictionLines.json($0.evaluation)) }),
      "calibration": judged.calibration.flatMap { try? JSONValue(encoding: $0) } ?? .null,
    ]
  }
}
