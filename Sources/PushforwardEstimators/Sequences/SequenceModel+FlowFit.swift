import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import PushforwardTables

extension SequenceModel {
  /// Flow emissions.
  ///
  /// Unless their number is given, as many states are tried as suit normal emissions, half as many and a quarter: a flow needs
  /// fewer.
  static func fitFlow(
    _ fitter: FlowEmissionFit, _ candidates: [StateCandidate], columns: ColumnChoice, shift: Double,
    start: ContinuousClock.Instant, shouldStop: () -> Bool, progress: (FitEvent) -> Void,
    make: (ComponentHiddenMarkovModel, FlowHiddenMarkovModel, FitRecord) -> SequenceModel
  ) throws -> SequenceModel {
    if fitter.rows.numbers.columns == 0 {
      throw TableError.cannotModel(columns: columns.modelled.map(\.name), detail: "a flow needs numeric columns")
    }
    let likely = candidates.first?.states ?? fitter.settings.states ?? 2
    let sizes = fitter.settings.states.map { [$0] } ?? Set([likely, (likely + 1) / 2, (likely + 3) / 4]).sorted()
    var best: FlowEmissionFit.Trial?
    for states in sizes {
      guard let trial = try fitter.trial(states: states, shouldStop: shouldStop) else { break }
      progress(
        .stage(
          "\(Self.count(states)): flow emissions \(Nats.text(trial.flow + shift)) nats a held-out row, "
            + "gaussian \(Nats.text(trial.normal + shift))"))
      if trial.flow > best?.flow ?? -.infinity { best = trial }
      if shouldStop() { break }
    }
    let states = best?.states ?? likely
    let hidden = try fitter.normal(states, fitter.sequences, shouldStop: shouldStop)
    let flow = try fitter.fit(hidden, fitter.sequences, shouldStop: shouldStop)
    var hash = NumberHash()
    let mixture = flow.emission.base.mixture
    for numbers in [flow.chain.initial, flow.chain.transition, mixture.means, mixture.covariances]
      + mixture.probabilities
    { hash.add(numbers) }
    hash.add([Double(flow.emission.flow.parameters.fingerprint >> 11)])
    var words = "\(Self.count(states)), emissions by a flow (\(fitter.plan.family.rawValue))"
    if let best {
      let rival = max(best.normal, candidates.first?.heldOut ?? -.infinity)
      words +=
        "; held-out rows: \(Nats.text(best.flow + shift)), "
        + "gaussian emissions \(Nats.text(rival + shift)) at best"
      if rival > best.flow { words += ", which suit this table better" }
    }
    let rows = fitter.rows.count
    let fitted = try best?.flow ?? fitter.likelihood(flow)
    let record = FitRecord(
      model: .hmm, choice: words, tableRows: rows, trainingRows: rows, heldOutRows: best == nil ? 0 : rows,
      leftOutNote: nil, plan: nil,
      parameterCount: flow.emission.flow.network.layout.trainedCount + mixture.freeParameters - (states - 1)
        + states * states - 1, stopReason: nil, epochs: Double(fitter.plan.rounds),
      bestEpoch: Double(fitter.plan.rounds), recoveries: [],
      heldOut: fitted + shift, heldOutStandardError: best?.standardError ?? 0,
      heldOutIndependent: alone(candidates, .diagonal) + shift,
      heldOutGaussian: alone(candidates, .gaussian) + shift, seconds: (ContinuousClock().now - start).inSeconds,
      fingerprint: hash.text, seed: fitter.settings.seed)
    return make(hidden, flow, record)
  }

  private static func count(_ states: Int) -> String { states == 1 ? "1 state" : "\(states) states" }
}
