import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import Testing

/// Missing cells, prediction and sampling.
@Suite struct CompletionTests {
  private func model() throws -> ComponentHiddenMarkovModel {
    try HiddenMarkovModel(
      chain: MarkovChain(initial: [0.7, 0.3], transition: [0.9, 0.1, 0.2, 0.8]),
      emission: ComponentEmission(
        GaussianMixture(
          features: 2, weights: [1, 1], means: [0, 0, 5, 2], kind: .full, covariances: [1, 0.5, 0.5, 1, 2, -1, -1, 1],
          levels: [2], probabilities: [[0.9, 0.1, 0.3, 0.7]])))
  }

  /// A missing row in the middle is summed out: its likelihood is that of the two-step chain.
  @Test func missingRowsAreSummedOut() throws {
    let model = try model()
    let nan = Double.nan
    let rows = try MixtureRows(
      numbers: Matrix([[0.3, -0.2], [nan, nan], [4.5, 2.5]]), codes: [0, -1, 1], levels: [2])
    let logProb = try model.logProb(rows, SequenceLayout(lengths: [3]))[0]
    let ends = try MixtureRows(numbers: Matrix([[0.3, -0.2], [4.5, 2.5]]), codes: [0, 1], levels: [2])
    let twice = (0..<2).flatMap { from in
      model.chain.advanced((0..<2).map { $0 == from ? 1 : 0 }, steps: 2)
    }
    let skipping = try HiddenMarkovModel(
      chain: MarkovChain(initial: model.chain.initial, transition: twice), emission: model.emission)
    #expect(abs(logProb - (try skipping.logProb(ends, SequenceLayout(lengths: [2]))[0])) < 1e-12)
  }

  @Test func drawsOfMissingCellsFollowThePosterior() throws {
    let model = try model()
    let nan = Double.nan
    let rows = try MixtureRows(
      numbers: Matrix([[0.1, 0.2], [3, nan], [4.5, 2.5]]), codes: [0, -1, 1], levels: [2])
    let sequences = try SequenceLayout(lengths: [3])
    let posterior = try model.posterior(rows, sequences).probabilities[1, 1]
    // Conditional means of the second column given the first, by state.
    let expected = (1 - posterior) * (0.5 * 3) + posterior * (2 - 0.5 * (3 - 5))
    var (sum, ones) = (0.0, 0)
    let draws = 4000
    for seed in 0..<UInt64(draws) {
      let drawn = try model.completing(rows, sequences, seed: seed)
      #expect(drawn.numbers[1, 0] == 3 && drawn.numbers[0, 1] == 0.2 && drawn.codes[0] == 0)
      sum += drawn.numbers[1, 1]
      ones += Int(drawn.codes[1])
    }
    #expect(abs(sum / Double(draws) - expected) < 0.1)
    let share = (1 - posterior) * 0.1 + posterior * 0.7
    #expect(abs(Double(ones) / Double(draws) - share) < 0.04)
  }

  @Test func samplesHaveTheModelsLongRunShares() throws {
    let model = try model()
    let (rows, states) = model.sample(length: 20_000, seed: 4)
    let share = Double(states.count { $0 == 0 }) / 20_000
    #expect(abs(share - 2.0 / 3) < 0.03)
    #expect(abs(model.chain.stationary[0] - 2.0 / 3) < 1e-12)
    let shorter = model.sample(length: 100, seed: 4).rows
    #expect(shorter.numbers.values[...] == rows.numbers.values[0..<200])
    #expect(model.sample(length: 100, sequence: 1, seed: 4).rows.numbers != shorter.numbers)
  }

  @Test func predictionsReachTheLongRun() throws {
    let model = try model()
    let rows = try MixtureRows(numbers: Matrix([[0, 0]]), codes: [0], levels: [2])
    let steps = try model.predictedStates(rows, SequenceLayout(lengths: [1]), steps: 60)[0]
    let filtered = try model.filter(rows, SequenceLayout(lengths: [1])).probabilities
    #expect(abs(steps[0][0] - (filtered[0, 0] * 0.9 + filtered[0, 1] * 0.2)) < 1e-12)
    #expect(abs(steps[59][0] - 2.0 / 3) < 1e-6)
    // The next row's density is the mixture of the predicted states.
    let next = try model.emission.mixed(steps[0])
    let row = try MixtureRows(numbers: Matrix([[1, 1]]), codes: [1], levels: [2])
    let both = try MixtureRows(numbers: Matrix([[0, 0], [1, 1]]), codes: [0, 1], levels: [2])
    let score = try model.rowLogProb(both, SequenceLayout(lengths: [2]))[1]
    #expect(abs(try next.logProb(row)[0] - score) < 1e-12)
  }
}
