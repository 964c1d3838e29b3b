import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import Testing

/// The numbers of hmmlearn, on the same parameters and from the same start.
@Suite struct PeerTests {
  private let reference: SequenceReference

  init() throws { reference = try SequenceReference.load() }

  private func check(
    _ model: ComponentHiddenMarkovModel, _ rows: MixtureRows, logProb: [Double], path: [Int32], pathLogProb: [Double],
    posteriors: [Double]
  ) throws {
    let sequences = try reference.sequences
    for workers in [nil, WorkerPool(workers: 2)] {
      #expect(distance(try model.logProb(rows, sequences, workers: workers), logProb) < 1e-10)
      let found = try model.viterbi(rows, sequences, workers: workers)
      #expect(found.path == path)
      #expect(distance(found.logProb, pathLogProb) < 1e-10)
      let smoothed = try model.posterior(rows, sequences, workers: workers)
      #expect(distance(smoothed.probabilities.matrix.values, posteriors) < 1e-8)
    }
  }

  @Test(arguments: 0..<3) func gaussianEmissions(_ index: Int) throws {
    let parameters = reference.gaussian[index]
    try check(
      reference.model(parameters), reference.numbers, logProb: parameters.logProb, path: parameters.path,
      pathLogProb: parameters.pathLogProb, posteriors: parameters.posteriors)
  }

  @Test func categoricalEmissions() throws {
    let parameters = reference.categorical
    try check(
      reference.categoricalModel, reference.codes, logProb: parameters.logProb, path: parameters.path,
      pathLogProb: parameters.pathLogProb, posteriors: parameters.posteriors)
  }

  /// Baum-Welch without any prior takes the same steps.
  @Test(arguments: 0..<2) func gaussianSteps(_ index: Int) throws {
    let parameters = reference.gaussian[index]
    let fitted = try #require(parameters.fitted)
    let fit = try plain(reference.model(parameters), reference.numbers, kind: parameters.kind)
    let (found, means) = (fit.model, try #require(fitted.means))
    let order = (0..<found.states).map { state in
      (0..<found.states).min { a, b in
        abs(found.emission.mixture.mean(a)[0] - means[state * reference.dimension])
          < abs(found.emission.mixture.mean(b)[0] - means[state * reference.dimension])
      } ?? 0
    }
    #expect(distance(order.map { found.chain.initial[$0] }, fitted.initial) < 1e-8)
    #expect(distance(order.flatMap { found.emission.mixture.mean($0) }, means) < 1e-8)
    let size = parameters.kind == .gaussian ? 4 : 2
    let covariances = order.flatMap { found.emission.mixture.covariances[$0 * size..<($0 + 1) * size] }
    #expect(distance(covariances, try #require(fitted.covariances)) < 1e-7)
    let transition = order.flatMap { from in order.map { found.chain.probability(from: from, to: $0) } }
    #expect(distance(transition, fitted.transition) < 1e-8)
    let rows = Double(reference.rows.count / reference.dimension)
    #expect(abs(fit.logLikelihood * rows - fitted.logLikelihood) < 1e-6)
  }

  @Test func categoricalSteps() throws {
    let fitted = reference.categorical.fitted
    let fit = try plain(reference.categoricalModel, reference.codes, kind: .gaussian)
    let table = fit.model.emission.mixture.probabilities[0]
    #expect(distance(table.sorted(), try #require(fitted.probabilities).sorted()) < 1e-8)
    #expect(distance(fit.model.chain.transition.sorted(), fitted.transition.sorted()) < 1e-8)
    #expect(abs(fit.logLikelihood * Double(reference.categorical.codes.count) - fitted.logLikelihood) < 1e-6)
  }

  private func plain(
    _ start: ComponentHiddenMarkovModel, _ rows: MixtureRows, kind: EmissionKind
  ) throws -> HiddenMarkovFit {
    var options = HiddenMarkovOptions()
    options.prior = nil
    options.floor = 0
    options.training.pseudoCount = 0
    options.training.maximumRounds = reference.rounds
    options.training.tolerance = -.infinity
    return try ComponentHiddenMarkovModel.fit(
      rows, reference.sequences, states: reference.states, kind: kind, options: options, start: start)
  }
}
