import Foundation
import PushforwardChains
import PushforwardCore
import PushforwardTraining
import Testing

struct FitTests {
  private func settings(epochs: Int) -> TrainingSettings {
    var settings = TrainingSettings()
    (settings.batchSize, settings.maximumEpochs, settings.learningRate) = (256, epochs, 5e-3)
    return settings
  }

  @Test func sameBitsForAnyNumberOfWorkers() throws {
    let specification = try Fixture.specification { $0.dropout = 0.2 }
    let (rows, held) = (try Fixture.rows(600, gaps: true, weighted: true), try Fixture.rows(100, seed: 2))
    let prints = try [1, 3].map { workers in
      try Chain.fit(
        rows, heldOut: held, specification: specification, training: settings(epochs: 3),
        workers: WorkerPool(workers: workers)
      ).chain.parameters.fingerprint
    }
    #expect(prints[0] == prints[1])
  }

  @Test func learnsWhatDependsOnWhat() throws {
    let specification = try Fixture.specification(order: [1, 2, 3, 4])
    let (rows, test) = (try Fixture.rows(3000, gaps: true), try Fixture.rows(1000, seed: 2))
    let start = try Chain.fit(
      rows, heldOut: nil, specification: specification, training: settings(epochs: 1), shouldStop: { true }
    ).chain
    let fitted = try Chain.fit(rows, heldOut: test, specification: specification, training: settings(epochs: 40)).chain
    func mean(_ chain: Chain, _ column: Int, given: [Int] = []) throws -> Double {
      try chain.columnLogProb(test, given: given).column(column).reduce(0) { $0 + Double($1) } / 1000
    }
    // Length is normal about its kind with deviation 0.3 on a marginal that is far wider.
    let ideal = -0.5 * log(2 * Double.pi * M_E * 0.09)
    #expect(try mean(fitted, 2) > ideal - 0.12)
    #expect(try mean(start, 2) < ideal - 0.5)
    // The grade is a function of the length, also asked the other way round: the kind given the length.
    #expect(try mean(fitted, 4) > -0.2)
    #expect(try mean(fitted, 1, given: [2, 3, 4]) > mean(fitted, 1) + 0.3)
  }

  @Test func aPlanThatWasTooShortIsFollowedByAnother() throws {
    let specification = try Fixture.specification { $0.dropout = 0.2 }
    let (rows, held) = (try Fixture.rows(2000), try Fixture.rows(500, seed: 2))
    var told: [Double] = []
    func fit(_ rounds: Int, heldOut: ChainRows?, workers: Int = 1) throws -> TrainingResult<Float> {
      told = []
      let found = try Chain.fit(
        rows, heldOut: heldOut, specification: specification, training: settings(epochs: 2), rounds: rounds,
        workers: WorkerPool(workers: workers), nextRound: { told.append($1) })
      #expect(found.chain.specification == specification)
      #expect(found.chain.parameters.fingerprint == found.training.parameters.fingerprint)
      return found.training
    }
    let one = try fit(1, heldOut: held)
    #expect(told.isEmpty)
    let three = try fit(3, heldOut: held)
    #expect(told == [0.1, 0.05])
    #expect(three.history.last?.epoch == 6)
    #expect(three.bestHeldOut > one.bestHeldOut + 0.01)
    #expect(three.history.first?.heldOut == one.history.first?.heldOut)
    #expect(try fit(3, heldOut: held, workers: 3).parameters.fingerprint == three.parameters.fingerprint)
    // Nothing says whether to go on.
    #expect(try fit(3, heldOut: nil).history.last?.epoch == 2)
  }

  @Test func startsAtTheMarginals() throws {
    let specification = try Fixture.specification()
    let rows = try Fixture.rows(2000, weighted: true)
    let start = try Chain.fit(
      rows, heldOut: nil, specification: specification, training: settings(epochs: 1), shouldStop: { true }
    ).chain
    let heads = try start.heads(of: 1, rows: rows.selecting(Array(0..<50)))
    let total = Double(rows.weights!.reduce(0, +))
    for code in 0..<4 {
      let share =
        zip(rows.columns[1].codes, rows.weights!).reduce(0) { $0 + ($1.0 == Int32(code) ? Double($1.1) : 0) } / total
      let mean = (0..<50).reduce(0) { $0 + heads.probability(row: $1, class: code) } / 50
      #expect(abs(mean - share) < 0.05)
    }
  }

  @Test func twentyThousandLevelsStayInBoundedMemory() throws {
    let columns = [
      ChainColumn(name: "code", atoms: 20_000, hasContinuous: false),
      ChainColumn(name: "amount", atoms: 0, hasContinuous: true),
    ]
    let specification = try ChainSpecification(columns: columns)
    let estimate = Chain.fitMemory(specification, rows: 200_000, batchSize: 512, workers: 2)
    #expect(estimate < 400 << 20)
    let rows = try ChainRows([
      ChainCells(codes: (0..<300).map { Int32($0 * 61 % 20_000) }),
      ChainCells(
        codes: Array(repeating: 0, count: 300), low: (0..<300).map { Float($0 % 7) - 3 },
        high: (0..<300).map { Float($0 % 7) - 3 }),
    ])
    let chain = try Chain(specification, parameters: Parameters(layout: Chain.layout(of: specification), seed: 1))
    #expect(try chain.logProb(rows).allSatisfy(\.isFinite))
    #expect(try chain.sample(count: 100, seed: 1).columns[0].codes.allSatisfy { (0..<20_000).contains($0) })
  }
}
