import PushforwardCore
import PushforwardMixtures
import PushforwardModels
import PushforwardSequences
import PushforwardTraining

/// Learns flow emissions by generalised expectation and maximisation: the flow is trained on every row in every state, weighted
/// by the state's posterior probability, and keeps what it learned only if rows it does not see become likelier.
///
/// Rows with missing numbers train the chain and the categories, not the flow.
final class FlowLearner: EmissionLearner {
  private let rows: MixtureRows
  private let units: [[Int]]
  private let plan: FlowEmissionPlan
  private let shouldStop: () -> Bool
  private var round: UInt64 = 0
  /// What was learned so far.
  private(set) var emission: FlowEmission

  var states: Int { emission.states }

  /// - Parameters:
  ///   - rows: On the model's scale.
  ///   - sequences: Which rows belong together.
  ///   - base: The normal emissions to start from, one component a state.
  ///   - plan: Sizes and settings.
  ///   - shouldStop: Asked before every step.
  /// - Throws: `EngineError`, `SequenceError`.
  init(
    _ rows: MixtureRows, _ sequences: SequenceLayout, base: ComponentEmission, plan: FlowEmissionPlan,
    shouldStop: @escaping () -> Bool
  ) throws {
    self.rows = rows
    self.plan = plan
    self.shouldStop = shouldStop
    let flow = try Flow<Float>(
      plan.family.specification(
        features: rows.numbers.columns, contextFeatures: base.states, size: plan.size), seed: plan.training.seed)
    emission = try FlowEmission(base: base, flow: flow)
    // Neighbours in time are alike, so that what is held out are whole sequences, or blocks where there are few.
    let gaps = emission.gaps(rows)
    let seed = plan.training.seed
    let ranges =
      sequences.count >= 20
      ? (0..<sequences.count).map { sequences.rows($0) }
      : (0..<sequences.count).flatMap { index in
        stride(from: sequences.starts[index], to: sequences.starts[index + 1], by: 5).map {
          $0..<min($0 + 5, sequences.starts[index + 1])
        }
      }
    let order = RandomStream(seed: seed, purpose: .split).permutation(count: ranges.count)
    units = order.map { unit in ranges[Int(unit)].filter { gaps[$0] == 0 } }
  }

  func logDensities(workers: WorkerPool?) throws -> StateMatrix {
    try emission.logDensities(rows, workers: workers)
  }

  func maximise(_ posteriors: StateMatrix, workers: WorkerPool?) throws {
    let base = try relabelled(emission.base, posteriors)
    var flow = emission.flow
    // The same rows say every time when to stop: the flow never sees them.
    let order = units.flatMap { $0 }.filter { row in (0..<states).contains { posteriors[row, $0] > 0 } }
    let held = order.count < 20 ? 0 : order.count / (order.count < 1000 ? 5 : 10)
    if let training = try source(order.dropFirst(held), posteriors) {
      let heldOut = try source(order.prefix(held), posteriors)
      var settings = plan.training
      settings.seed &+= round
      settings.startsFromData = false
      if round > 0 { settings.maximumEpochs = max(1, settings.maximumEpochs / 2) }
      let trainer = try Trainer(
        objective: MaximumLikelihood(flow.network), training: training, heldOut: heldOut, settings: settings)
      let result = try trainer.run(
        from: flow.parameters, workers: workers ?? WorkerPool(workers: 1), shouldStop: shouldStop)
      let before = try heldOut.map { try value(flow, $0, workers) }
      if before.map({ result.bestHeldOut > $0 }) ?? true { flow.parameters = result.parameters }
    }
    emission = try FlowEmission(base: base, flow: flow)
    round += 1
  }

  /// The weighted mean log-likelihood of a source.
  private func value(_ flow: Flow<Float>, _ source: MatrixSource<Float>, _ workers: WorkerPool?) throws -> Double {
    let logProb = try flow.logProb(source.x, context: source.context, workers: workers)
    let weights = source.weights ?? [Float](repeating: 1, count: logProb.count)
    let sum = zip(logProb, weights).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    return sum / max(weights.reduce(0.0) { $0 + Double($1) }, 1e-300)
  }

  /// Each row once for each state that it may be in, as the state sees it.
  private func source(_ chosen: some Sequence<Int>, _ posteriors: StateMatrix) throws -> MatrixSource<Float>? {
    let chosen = Array(chosen)
    var (x, owners, weights): ([Float], [Int], [Float]) = ([], [], [])
    for state in 0..<states {
      let members = chosen.filter { posteriors[$0, state] > 1e-3 }
      x += emission.standardised(rows.numbers.selectingRows(members), state: state).values
      owners += [Int](repeating: state, count: members.count)
      weights += members.map { Float(posteriors[$0, state]) }
    }
    if owners.isEmpty { return nil }
    return try MatrixSource(
      Matrix(rows: owners.count, columns: rows.numbers.columns, values: x),
      context: FlowEmission.indicators(owners, states: states), weights: weights)
  }

  /// The categories' probabilities in each state by their expected counts, and one row spread as the table's own.
  private func relabelled(_ base: ComponentEmission, _ posteriors: StateMatrix) throws -> ComponentEmission {
    let width = rows.levels.count
    if width == 0 { return base }
    let tables = rows.levels.enumerated().map { column, levels -> [Double] in
      var shares = [Double](repeating: 1 / Double(levels), count: levels)
      var counts = [Double](repeating: 0, count: states * levels)
      for row in 0..<rows.count {
        let code = Int(rows.codes[row * width + column])
        if code < 0 { continue }
        for state in 0..<states {
          counts[state * levels + code] += posteriors[row, state]
          shares[code] += posteriors[row, state]
        }
      }
      let total = shares.reduce(0, +)
      return counts.indices.map { counts[$0] + shares[$0 % levels] / total }
    }
    return try base.replacing(probabilities: tables)
  }
}

/// Sizes and settings of the flow of emissions.
struct FlowEmissionPlan {
  var family: FlowFamily
  var size: FlowFamily.Size
  var training: TrainingSettings
  /// Rounds of the chain and the flow by turns.
  var rounds = 4

  /// Chosen by the number of rows where the options do not say.
  init(_ options: FitOptions, rows: Int, features: Int) {
    let isSmall = rows < 2_000
    family = options.sequences.flow
    let network = NetworkSettings(
      hidden: options.hidden ?? (isSmall ? [32, 32] : [64, 64]), activation: .silu,
      dropout: options.dropout ?? (isSmall ? 0.1 : 0))
    size = FlowFamily.Size(
      transforms: options.transforms ?? (features == 1 ? 1 : 2), network: network, bins: options.bins ?? 8, bound: 5)
    training = TrainingSettings()
    training.batchSize = options.batchSize ?? (isSmall ? 64 : 256)
    training.learningRate = options.learningRate ?? 3e-3
    training.weightDecay = options.weightDecay ?? training.weightDecay
    // About four thousand steps at most.
    training.maximumEpochs = options.maximumEpochs ?? max(4, min(80, 4_000 * training.batchSize / max(rows, 1)))
    training.patience = options.patience ?? max(5, training.maximumEpochs / 5)
    training.seed = options.seed
  }
}
