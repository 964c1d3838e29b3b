import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import Testing

/// What fits find where the truth is known, and what they do where there is hardly anything to find.
@Suite struct LearningTests {
  private func categorical(_ table: [Double], states: Int, levels: Int) throws -> ComponentEmission {
    try ComponentEmission(
      GaussianMixture(
        features: 0, weights: [Double](repeating: 1, count: states), means: [], kind: .full, covariances: [],
        levels: [levels], probabilities: [table]))
  }

  /// The dishonest casino (Durbin, Eddy, Krogh & Mitchison 1998): a fair die, and a loaded one that shows half sixes.
  @Test func theDishonestCasino() throws {
    let truth = try HiddenMarkovModel(
      chain: MarkovChain(initial: [1, 0], transition: [0.95, 0.05, 0.1, 0.9]),
      emission: categorical([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5], states: 2, levels: 6))
    let (rows, states) = truth.sample(length: 10_000, seed: 3)
    let sequences = try SequenceLayout(lengths: [10_000])
    let fit = try ComponentHiddenMarkovModel.fit(rows, sequences, states: 2)
    let table = fit.model.emission.mixture.probabilities[0]
    #expect(abs(table[11] - 0.5) < 0.04, "P(six | loaded) \(table[11])")
    for level in 0..<6 { #expect(abs(table[level] - 1.0 / 6) < 0.02, "fair die, \(level + 1): \(table[level])") }
    #expect(abs(fit.model.chain.probability(from: 0, to: 1) - 0.05) < 0.015)
    #expect(abs(fit.model.chain.probability(from: 1, to: 0) - 0.1) < 0.03)
    let best = try truth.logProb(rows, sequences)[0] / 10_000
    #expect(fit.logLikelihood >= best)
    func agreement(_ model: ComponentHiddenMarkovModel) throws -> Double {
      let path = try model.viterbi(rows, sequences).path
      return Double(zip(path, states).count { $0 == $1 }) / 10_000
    }
    #expect(try agreement(fit.model) > agreement(truth) - 0.01)
    #expect(try agreement(truth) > 0.75)
  }

  @Test func heldOutRowsChooseTheNumberOfStates() throws {
    let mixture = try GaussianMixture(
      features: 1, weights: [1, 1, 1], means: [-3, 0, 4], kind: .full, covariances: [0.5, 0.5, 1])
    let truth = try HiddenMarkovModel(
      chain: MarkovChain(initial: [1, 1, 1], transition: [8, 1, 1, 1, 8, 1, 1, 1, 8]),
      emission: ComponentEmission(mixture))
    let rows = truth.sample(length: 600, seed: 1).rows
    for lengths in [[600], [Int](repeating: 30, count: 20)] {
      var options = HiddenMarkovOptions()
      options.maximumStates = 6
      let found = try ComponentHiddenMarkovModel.candidates(
        rows, SequenceLayout(lengths: lengths), options: options, workers: WorkerPool(workers: 2))
      #expect(found.first?.states == 3, "\(found)")
      let own = try truth.logProb(rows, SequenceLayout(lengths: lengths)).reduce(0, +) / 600
      #expect(abs((found.first?.heldOut ?? 0) - own) < 0.1)
    }
  }

  @Test func likelihoodNeverFalls() throws {
    let rows = try MixtureRows(
      numbers: RandomStream(seed: 5, purpose: .test).normal(rows: 300, columns: 2, as: Double.self))
    var options = HiddenMarkovOptions()
    options.prior = nil
    options.floor = 0
    options.training.pseudoCount = 0
    options.restarts = 1
    options.training.maximumRounds = 60
    options.training.tolerance = -.infinity
    for perState in 1...2 {
      let fit = try ComponentHiddenMarkovModel.fit(
        rows, SequenceLayout(lengths: [100, 150, 50]), states: 3, perState: perState, options: options)
      for (before, after) in zip(fit.history, fit.history.dropFirst()) { #expect(after >= before - 1e-12) }
    }
  }

  /// A weight of 2 is the sequence twice; weight 0 is no sequence.
  @Test func weightsAreRepetitions() throws {
    let numbers = RandomStream(seed: 6, purpose: .test).normal(rows: 60, columns: 1, as: Double.self)
    let rows = try MixtureRows(numbers: numbers)
    let repeated = try MixtureRows(
      numbers: Matrix(rows: 60, columns: 1, values: Array(numbers.values[0..<20]) + Array(numbers.values[0..<40])))
    let start = try HiddenMarkovModel(
      chain: MarkovChain(initial: [1, 1], transition: [3, 1, 1, 2]),
      emission: ComponentEmission(
        GaussianMixture(features: 1, weights: [1, 1], means: [-1, 1], kind: .full, covariances: [1, 1])))
    var options = HiddenMarkovOptions()
    options.training.maximumRounds = 10
    options.training.tolerance = -.infinity
    let weighted = try ComponentHiddenMarkovModel.fit(
      rows, SequenceLayout(lengths: [20, 20, 20], weights: [2, 1, 0]), states: 2, options: options, start: start)
    let plain = try ComponentHiddenMarkovModel.fit(
      repeated, SequenceLayout(lengths: [20, 20, 20]), states: 2, options: options, start: start)
    #expect(distance(weighted.model.emission.mixture.means, plain.model.emission.mixture.means) < 1e-10)
    #expect(distance(weighted.model.chain.transition, plain.model.chain.transition) < 1e-10)
    #expect(abs(weighted.logLikelihood - plain.logLikelihood) < 1e-10)
  }

  @Test func threadsChangeNoBit() throws {
    let rows = try MixtureRows(
      numbers: RandomStream(seed: 7, purpose: .test).normal(rows: 9000, columns: 2, as: Double.self))
    let sequences = try SequenceLayout(lengths: [4500, 4500])
    var options = HiddenMarkovOptions()
    options.restarts = 2
    options.training.maximumRounds = 25
    func fit(_ workers: Int) throws -> ComponentHiddenMarkovModel {
      try ComponentHiddenMarkovModel.fit(
        rows, sequences, states: 3, options: options, workers: WorkerPool(workers: workers)
      ).model
    }
    let (one, three) = (try fit(1), try fit(3))
    #expect(one.chain == three.chain && one.emission == three.emission)
  }

  struct Poor: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let numbers: [[Double]]
    var codes: [Int32] = []
    var levels: [Int] = []
    let lengths: [Int]
    var states = 3
  }

  static let poor = [
    Poor(testDescription: "one row", numbers: [[1, 2]], lengths: [1]),
    Poor(testDescription: "identical rows", numbers: .init(repeating: [3, -1], count: 12), lengths: [6, 6]),
    Poor(
      testDescription: "a constant column", numbers: (0..<20).map { [Double($0 % 5), 7] }, lengths: [20]),
    Poor(testDescription: "more states than rows", numbers: [[0], [1], [5]], lengths: [3], states: 8),
    Poor(
      testDescription: "sequences of one row", numbers: (0..<9).map { [Double($0)] },
      lengths: .init(repeating: 1, count: 9)),
    Poor(
      testDescription: "all cells missing in a column", numbers: (0..<10).map { [Double($0), .nan] }, lengths: [10]),
    Poor(
      testDescription: "categories alone", numbers: .init(repeating: [], count: 10),
      codes: [0, 0, 1, 1, 0, 0, 1, 1, -1, 0], levels: [3], lengths: [10]),
    Poor(testDescription: "a huge outlier", numbers: (0..<30).map { [$0 == 7 ? 1e12 : Double($0 % 3)] }, lengths: [30]),
  ]

  @Test(arguments: poor) func poorDataGiveUsableModels(_ data: Poor) throws {
    let rows = try MixtureRows(
      numbers: Matrix(
        rows: data.lengths.reduce(0, +), columns: data.numbers[0].count, values: data.numbers.flatMap { $0 }),
      codes: data.codes, levels: data.levels)
    let sequences = try SequenceLayout(lengths: data.lengths)
    for (kind, perState) in [(EmissionKind.gaussian, 1), (.diagonal, 1), (.gaussian, 2)] {
      let fit = try ComponentHiddenMarkovModel.fit(
        rows, sequences, states: data.states, kind: kind, perState: perState)
      #expect(fit.logLikelihood.isFinite)
      #expect(fit.model.chain.transition.allSatisfy { $0 > 0 && $0 <= 1 })
      #expect(try fit.model.rowLogProb(rows, sequences).allSatisfy { $0.isFinite })
      let drawn = fit.model.sample(length: 20, seed: 1).rows
      #expect(drawn.numbers.values.allSatisfy { $0.isFinite })
      #expect(drawn.codes.allSatisfy { $0 >= 0 })
    }
    let candidates = try ComponentHiddenMarkovModel.candidates(rows, sequences, options: HiddenMarkovOptions())
    #expect(candidates.allSatisfy { $0.heldOut.isFinite })
  }
}
