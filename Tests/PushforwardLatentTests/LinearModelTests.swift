import Foundation
import PushforwardCore
import PushforwardLatent
import PushforwardModels
import PushforwardTraining
import Testing

/// A model whose likelihood, posterior and conditionals are known in closed form.
@Suite struct LinearModelTests {
  private let linear: LinearModel
  private let rows: Matrix<Double>

  init() throws {
    linear = try LinearModel()
    rows = try linear.model.sample(count: 300, seed: 11)
  }

  private func exact(_ rows: Matrix<Double>) throws -> [Double] {
    try (0..<rows.rows).map { try linear.marginal.logProb(rows.row($0)) }
  }

  @Test func boundsLieBelowTheLogLikelihoodInOrder() throws {
    let truth = try exact(rows).reduce(0, +) / 300
    let one = try linear.model.score(rows, draws: 400, seed: 1)
    let evidence = one.reduce(0) { $0 + $1.evidenceBound } / 300
    var weighted: [Double] = []
    for draws in [2, 8] {
      // The bound is the expectation over draws: many seeds.
      let all = try (0..<40).flatMap { try linear.model.score(rows, draws: draws, seed: 100 + UInt64($0)) }
      weighted.append(all.reduce(0) { $0 + $1.logProb } / Double(all.count))
    }
    #expect(evidence < weighted[0] && weighted[0] < weighted[1] && weighted[1] < truth)
    // The mean-field gap in closed form: half the log of det(M) over the product of M's diagonal, negated.
    #expect(truth - evidence > 0.02)
    let objective = try EvidenceBound(linear.model.network)
    let byObjective = try mean(of: objective, rows: linear.model.code(rows), linear.model.parameters)
    #expect(abs(byObjective - evidence) < 0.3)
  }

  @Test func theEstimateAgreesWithTheLogLikelihoodWithinItsError() throws {
    let truth = try exact(rows)
    let scores = try linear.model.score(rows, draws: 2000, seed: 3)
    var far = 0
    for (score, exact) in zip(scores, truth) {
      #expect(abs(score.logProb - exact) < 6 * score.standardError + 1e-3)
      if abs(score.logProb - exact) > 2 * score.standardError { far += 1 }
      #expect(score.standardError > 0 && score.standardError < 0.5)
      #expect(score.effectiveDraws > 10 && score.effectiveDraws <= 2000)
    }
    #expect(far < 60, "\(far) of 300 beyond two standard errors")
  }

  @Test func aMissingCellIsMarginalised() throws {
    var holes = rows
    for row in 0..<holes.rows { holes[row, 2] = .nan }
    let marginal = try linear.marginal.marginal([0, 1])
    for (row, score) in try linear.model.score(holes, draws: 3000, seed: 4).enumerated() {
      let exact = try marginal.logProb([rows[row, 0], rows[row, 1]])
      #expect(abs(score.logProb - exact) < 6 * score.standardError + 5e-3)
    }
    // Nothing is there: the log-likelihood is zero.
    let nothing = Matrix<Double>(rows: 1, columns: 3, repeating: .nan)
    let score = try linear.model.score(nothing, draws: 100)[0]
    #expect(abs(score.logProb) < 6 * score.standardError + 0.3)
  }

  @Test func completionsFollowTheConditionalDistribution() throws {
    var holes = Matrix<Double>(rows: 1, columns: 3, values: [1.5, -2, .nan])
    let (draws, sizes) = try linear.model.complete(holes, draws: 4000, candidates: 200, seed: 5)
    #expect(sizes[0] > 2 && sizes[0] <= 200)
    let values = draws.map { $0[0, 2] }
    #expect(draws.allSatisfy { $0[0, 0] == 1.5 && $0[0, 1] == -2 })
    let conditional = try linear.marginal.conditional(on: [0, 1], values: [1.5, -2])
    let mean = values.reduce(0, +) / 4000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
    #expect(abs(mean - conditional.mean[0]) < 0.1)
    #expect(abs(variance - conditional.covariance[0]) < 0.3)
    holes[0, 2] = 1
    #expect(try linear.model.complete(holes, draws: 2, seed: 1).copies == [holes, holes])
  }

  @Test func predictionsAreTheConditionalDistribution() throws {
    let row = Matrix<Double>(rows: 1, columns: 3, values: [1.5, -2, 40])
    let found = try linear.model.predictNumbers(2, row, draws: 20_000, seed: 5)
    let conditional = try linear.marginal.conditional(on: [0, 1], values: [1.5, -2])
    let (weights, places, scales) = (found.weights.row(0), found.locations.row(0), found.scales.row(0))
    let mean = zip(weights, places).reduce(0) { $0 + $1.0 * $1.1 }
    let square = zip(weights, zip(places, scales)).reduce(0) { $0 + $1.0 * ($1.1.0 * $1.1.0 + $1.1.1 * $1.1.1) }
    #expect(abs(weights.reduce(0, +) - 1) < 1e-6 && found.effectiveSizes[0] > 100)
    #expect(abs(mean - conditional.mean[0]) < 0.1, "\(mean), \(conditional.mean[0])")
    #expect(abs(square - mean * mean - conditional.covariance[0]) < 0.3)
  }

  @Test func samplesHaveTheModelsMomentsWhateverThePieces() throws {
    let sample = try linear.model.sample(count: 20_000, seed: 6)
    let covariance = linear.marginal.covariance
    for i in 0..<3 {
      let mean = sample.column(i).reduce(0, +) / 20_000
      #expect(abs(mean - LinearModel.offset[i]) < 0.05)
      for j in 0...i {
        let found = zip(sample.column(i), sample.column(j)).reduce(0) {
          $0 + ($1.0 - LinearModel.offset[i]) * ($1.1 - LinearModel.offset[j])
        }
        #expect(abs(found / 20_000 - covariance[3 * i + j]) < 0.12)
      }
    }
    let pieces = try [0, 300].flatMap { start in
      try linear.model.sample(count: 300, seed: 6, firstRow: UInt64(start), workers: WorkerPool(workers: 2)).values
    }
    #expect(pieces == Array(sample.values.prefix(pieces.count)))
  }

  @Test func reconstructionIsTheDecodedCentre() throws {
    let codes = try linear.model.encode(rows)
    let back = try linear.model.reconstruct(rows)
    for row in 0..<rows.rows {
      for (d, weight) in LinearModel.weight.enumerated() {
        let expected =
          LinearModel.offset[d] + weight[0] * codes.latent[row, 0] + weight[1] * codes.latent[row, 1]
        #expect(abs(back[row, d] - expected) < 1e-9)
      }
    }
    #expect(codes.deviation.values.allSatisfy { $0 > 0.2 && $0 < 0.9 })
  }
}

/// The mean of an objective over rows, in inference.
func mean<Scalar: LatentScalar>(
  of objective: EvidenceBound<Scalar>, rows: Matrix<Scalar>, context: Matrix<Scalar>? = nil,
  _ parameters: Parameters<Scalar>, seed: UInt64 = 0
) throws -> Double {
  let tape = Tape<Scalar>()
  tape.random = RandomStream(seed: seed, purpose: .dropout)
  let values = try tape.matrix(rows: rows.rows, parameters: parameters) { tape in
    try objective.value(of: tape.input(rows), context: context.map { try tape.input($0) }, on: tape)
  }
  return values.values.reduce(0) { $0 + Double($1) } / Double(rows.rows)
}
