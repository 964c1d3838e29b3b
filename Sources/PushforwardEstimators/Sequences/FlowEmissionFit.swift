import PushforwardCore
import PushforwardMixtures
import PushforwardSequences

/// A hidden Markov model whose states emit by a flow.
public typealias FlowHiddenMarkovModel = HiddenMarkovModel<FlowEmission>

/// Fits flow emissions, each from normal emissions with the same number of states, and judges both on held-out rows.
struct FlowEmissionFit {
  let rows: MixtureRows
  let sequences: SequenceLayout
  let settings: HiddenMarkovOptions
  let plan: FlowEmissionPlan
  let workers: WorkerPool

  /// A number of states, and the held-out rows' log-likelihood under flow and normal emissions, nats a row.
  struct Trial {
    var states: Int
    var flow: Double
    var standardError: Double
    var normal: Double
  }

  /// Judges a number of states on rows held out in turn; `nil` when nothing can be held out.
  func trial(states: Int, shouldStop: () -> Bool) throws -> Trial? {
    let folds = HeldOutFolds(sequences, count: rows.count < 1_000 ? 5 : 1, seed: settings.seed)
    if folds.folds.isEmpty { return nil }
    var scored: [(flow: Double, normal: Double, rows: Double)] = []
    for fold in folds.folds.indices {
      let (training, unseen) = (try folds.training(fold), folds.unseen(fold))
      let start = try normal(states, training, unseen: unseen, shouldStop: shouldStop)
      let model = try fit(start, training, unseen: unseen, shouldStop: shouldStop)
      let flow = try folds.scores(
        fold, model.chain, model.emission.logDensities(rows, workers: workers), workers: workers)
      let plain = try folds.scores(
        fold, start.chain, start.emission.logDensities(rows, workers: workers), workers: workers)
      for (place, unit) in folds.folds[fold].enumerated() {
        scored.append((flow[place], plain[place], Double(unit.count)))
      }
      if shouldStop() { break }
    }
    let count = scored.reduce(0) { $0 + $1.rows }
    let mean = scored.reduce(0) { $0 + $1.flow } / count
    let squares = scored.reduce(0.0) { $0 + ($1.flow - mean * $1.rows) * ($1.flow - mean * $1.rows) }
    return Trial(
      states: states, flow: mean, standardError: squares.squareRoot() / count,
      normal: scored.reduce(0) { $0 + $1.normal } / count)
  }

  /// Mean log-likelihood of all rows, nats a row.
  func likelihood(_ model: FlowHiddenMarkovModel) throws -> Double {
    try model.rowLogProb(rows, sequences, workers: workers).reduce(0, +) / Double(rows.count)
  }

  /// Normal emissions to start from.
  func normal(
    _ states: Int, _ sequences: SequenceLayout, unseen: [Bool]? = nil, shouldStop: () -> Bool
  ) throws -> ComponentHiddenMarkovModel {
    try ComponentHiddenMarkovModel.fit(
      rows, sequences, states: states, options: settings, unseen: unseen, workers: workers, shouldStop: shouldStop
    ).model
  }

  /// Flow emissions from normal ones.
  func fit(
    _ start: ComponentHiddenMarkovModel, _ sequences: SequenceLayout, unseen: [Bool]? = nil, shouldStop: () -> Bool
  ) throws -> FlowHiddenMarkovModel {
    try withoutActuallyEscaping(shouldStop) { shouldStop in
      let learner = try FlowLearner(rows, sequences, base: start.emission, plan: plan, shouldStop: shouldStop)
      var training = settings.training
      training.maximumRounds = plan.rounds
      training.tolerance = -.infinity
      var run = BaumWelch.Run(start.chain)
      try training.advance(&run, learner, sequences, unseen: unseen, workers: workers, shouldStop: shouldStop)
      return try HiddenMarkovModel(chain: run.chain, emission: learner.emission)
    }
  }
}
