import PushforwardCore
import PushforwardMixtures
import Testing

struct GaussianMixtureTests {
  /// Rows of two overlapping groups with a category that tells of the group, cells missing at a rate.
  static func mixedRows(_ count: Int, missing: Double, seed: UInt64 = 3, weights: [Double]? = nil) throws -> MixtureRows
  {
    let truth = try GaussianMixture(
      features: 3, weights: [0.4, 0.6], means: [0, 0, 5, 2, 2, 9], kind: .full,
      covariances: [1, 0.5, 0, 0.5, 1, 0.2, 0, 0.2, 2, 0.5, -0.3, 0.1, -0.3, 0.8, 0, 0.1, 0, 1], levels: [3, 2],
      probabilities: [[0.7, 0.2, 0.1, 0.1, 0.3, 0.6], [0.5, 0.5, 0.9, 0.1]])
    let rows = truth.sample(count: count, seed: seed)
    var generator = PhiloxGenerator(seed: seed, stream: 9)
    var numbers = rows.numbers
    for place in numbers.values.indices where Double.random(in: 0..<1, using: &generator) < missing {
      numbers.values[place] = .nan
    }
    let codes = rows.codes.map { Double.random(in: 0..<1, using: &generator) < missing ? -1 : $0 }
    return try MixtureRows(numbers: numbers, codes: codes, levels: rows.levels, weights: weights)
  }

  @Test(arguments: 0..<4)
  func sameAsScikitLearnFromTheSameStart(index: Int) throws {
    let reference = try MixtureReference.load()
    let known = reference.cases[index]
    let d = reference.dimension
    let variances = known.startVariances
    let start = try GaussianMixture(
      features: d, weights: [1, 1, 1], means: known.startMeans, kind: known.kind,
      covariances: {
        switch known.kind {
        case .full: return (0..<3 * d * d).map { $0 / d % d == $0 % d ? variances[$0 % d] : 0 }
        case .tied: return (0..<d * d).map { $0 / d == $0 % d ? variances[$0 % d] : 0 }
        case .diagonal: return (0..<3).flatMap { _ in variances }
        case .spherical: return [variances[0], variances[0], variances[0]]
        }
      }())
    // A common scale for all columns, where the kind knows only one.
    let rows = try MixtureRows(numbers: reference.matrix)
    let fit = try GaussianMixture.fit(
      rows,
      options: MixtureFitOptions(
        components: 3, kind: known.kind, prior: nil, floor: 0, maximumRounds: known.rounds, tolerance: -.infinity),
      start: start)
    #expect(fit.rounds == known.rounds)
    #expect(distance(fit.mixture.weights, known.weights) < 1e-7)
    #expect(distance(fit.mixture.means, known.means) < 1e-7)
    #expect(fit.mixture.kind == known.kind)
    #expect(distance(fit.mixture.covariances, known.covariances) < 1e-7)
    #expect(abs(fit.logLikelihood - known.meanLogProb) < 1e-9)
    #expect(distance(try fit.mixture.logProb(rows), known.logProb) < 1e-7)
    let first = rows.selecting(Array(0..<20))
    #expect(distance(try fit.mixture.responsibilities(first).values, known.responsibilities) < 1e-7)
    let bic = fit.mixture.bic(logLikelihood: fit.logLikelihood * Double(rows.count), rows: Double(rows.count))
    #expect(abs(bic - known.bic) < 1e-5)
  }

  @Test func gapsAreMarginalised() throws {
    let reference = try MixtureReference.load()
    let known = reference.cases[0]
    let mixture = try GaussianMixture(
      features: 3, weights: known.weights, means: known.means, kind: .full, covariances: known.covariances)
    for gap in reference.gaps {
      var numbers = reference.matrix.selectingRows(0..<10)
      for row in 0..<10 {
        for column in 0..<3 where !gap.present.contains(column) { numbers[row, column] = .nan }
      }
      #expect(distance(try mixture.logProb(MixtureRows(numbers: numbers)), gap.logProb) < 1e-9)
    }
  }

  @Test(arguments: CovarianceKind.allCases, [true, false])
  func objectiveNeverFalls(kind: CovarianceKind, hasPrior: Bool) throws {
    let rows = try Self.mixedRows(300, missing: 0.25)
    let fit = try GaussianMixture.fit(
      rows,
      options: MixtureFitOptions(
        components: 4, kind: kind, prior: hasPrior ? MixturePrior() : nil, floor: 0, maximumRounds: 60, tolerance: 0))
    for (before, after) in zip(fit.history, fit.history.dropFirst()) { #expect(after >= before - 1e-10) }
    // Where it ends, every way leads down: gaps are not approximated.
    #expect(fit.history.count > 10)
  }

  @Test(arguments: CovarianceKind.allCases)
  func likelihoodIsStationaryWithGaps(kind: CovarianceKind) throws {
    let rows = try Self.mixedRows(200, missing: 0.3)
    let fit = try GaussianMixture.fit(
      rows,
      options: MixtureFitOptions(
        components: 2, kind: kind, prior: nil, floor: 0, maximumRounds: 4000, tolerance: 1e-14))
    let best = fit.mixture
    func total(_ mixture: GaussianMixture) throws -> Double { try mixture.logProb(rows).reduce(0, +) }
    func changed(_ part: WritableKeyPath<Parts, [Double]>, _ place: Int, _ step: Double) throws -> GaussianMixture {
      var parts = Parts(best)
      parts[keyPath: part][place] += step
      if part == \.covariances && (kind == .full || kind == .tied) {
        let (row, column) = (place / 3 % 3, place % 3)
        if row != column { parts.covariances[place - row * 3 - column + column * 3 + row] += step }
      }
      return try parts.mixture(kind, best)
    }
    for place in best.means.indices {
      let slope = try (total(changed(\.means, place, 1e-4)) - total(changed(\.means, place, -1e-4))) / 2e-4
      #expect(abs(slope) < 0.02)
    }
    for place in best.covariances.indices {
      let slope = try (total(changed(\.covariances, place, 1e-5)) - total(changed(\.covariances, place, -1e-5))) / 2e-5
      #expect(abs(slope) < 0.05)
    }
  }

  struct Parts {
    var means, covariances: [Double]
    init(_ mixture: GaussianMixture) { (means, covariances) = (mixture.means, mixture.covariances) }
    func mixture(_ kind: CovarianceKind, _ like: GaussianMixture) throws -> GaussianMixture {
      try GaussianMixture(
        features: like.features, weights: like.weights, means: means, kind: kind, covariances: covariances,
        levels: like.levels, probabilities: like.probabilities)
    }
  }

  @Test func weightsEqualRepetition() throws {
    let weights = (0..<200).map { Double($0 % 3) }
    let weighted = try Self.mixedRows(200, missing: 0.1, weights: weights)
    let repeated = weighted.selecting((0..<200).flatMap { [Int](repeating: $0, count: $0 % 3) })
    let plain = try MixtureRows(numbers: repeated.numbers, codes: repeated.codes, levels: repeated.levels)
    let options = MixtureFitOptions(components: 2, maximumRounds: 30, tolerance: -.infinity)
    let start = try GaussianMixture.fit(weighted, options: MixtureFitOptions(components: 2, maximumRounds: 1)).mixture
    let a = try GaussianMixture.fit(weighted, options: options, start: start)
    let b = try GaussianMixture.fit(plain, options: options, start: start)
    #expect(distance(a.mixture.means, b.mixture.means) < 1e-9)
    #expect(abs(a.logLikelihood - b.logLikelihood) < 1e-10)
  }

  @Test func sameBitsForAnyNumberOfWorkers() throws {
    let rows = try Self.mixedRows(5000, missing: 0.02)
    let options = MixtureFitOptions(components: 5, maximumRounds: 10)
    let alone = try GaussianMixture.fit(rows, options: options)
    let several = try GaussianMixture.fit(rows, options: options, workers: WorkerPool(workers: 3))
    #expect(alone.mixture == several.mixture)
    let scores = try several.mixture.logProb(rows, workers: WorkerPool(workers: 2))
    #expect(try alone.mixture.logProb(rows) == scores)
  }

  @Test func conditionalIsJointOverMarginal() throws {
    let rows = try Self.mixedRows(400, missing: 0)
    for kind in CovarianceKind.allCases {
      let mixture = try GaussianMixture.fit(rows, options: MixtureFitOptions(components: 3, kind: kind)).mixture
      var numbers = rows.numbers.selectingRows([7])
      var codes = Array(rows.codes[14..<16])
      let whole = try mixture.logProb(rows.selecting([7]))[0]
      let (asked, level) = (numbers[0, 1], codes[0])
      numbers[0, 1] = .nan
      codes[0] = -1
      let given = try MixtureRows(numbers: numbers, codes: codes, levels: rows.levels)
      let conditional = try mixture.conditional(on: given)
      #expect(conditional.features == 1 && conditional.levels == [3])
      let part = try conditional.logProb(
        MixtureRows(numbers: Matrix([[asked]]), codes: [level], levels: [3]))[0]
      let marginal = try mixture.logProb(given)[0]
      #expect(abs(part + marginal - whole) < 1e-10)
    }
  }

  @Test func drawsFollowTheConditional() throws {
    let mixture = try GaussianMixture.fit(
      Self.mixedRows(500, missing: 0), options: MixtureFitOptions(components: 2)
    ).mixture
    let count = 20_000
    let numbers = Matrix<Double>(rows: count, columns: 3, values: (0..<count).flatMap { _ in [0.5, .nan, .nan] })
    let rows = try MixtureRows(
      numbers: numbers, codes: [Int32](repeating: -1, count: 2 * count), levels: mixture.levels)
    let drawn = try mixture.completing(rows, seed: 5)
    let expected = try mixture.expecting(rows.selecting([0])).numbers
    for column in 1..<3 {
      let values = drawn.numbers.column(column)
      #expect(abs(values.reduce(0, +) / Double(count) - expected[0, column]) < 0.05)
    }
    let conditional = try mixture.conditional(on: rows.selecting([0]))
    let share = (0..<conditional.components).reduce(0.0) {
      $0 + conditional.weights[$1] * conditional.probabilities[0][$1 * 3]
    }
    let drawnShare = Double((0..<count).count { drawn.codes[2 * $0] == 0 }) / Double(count)
    #expect(abs(share - drawnShare) < 0.015)
    let again = try mixture.completing(rows.selecting([0, 1]), seed: 5)
    #expect(again.numbers.values == Array(drawn.numbers.values[0..<6]))
  }

  @Test func samplesAndScoresAgree() throws {
    let rows = try Self.mixedRows(600, missing: 0)
    let mixture = try GaussianMixture.fit(rows, options: MixtureFitOptions(components: 2)).mixture
    let drawn = mixture.sample(count: 20_000, seed: 1)
    let again = try GaussianMixture.fit(drawn, options: MixtureFitOptions(components: 2, prior: nil), start: mixture)
    let own = try mixture.logProb(drawn).reduce(0, +) / 20_000
    #expect(again.logLikelihood - own < 0.002)
    #expect(mixture.sample(count: 3, seed: 1, firstRow: 2).numbers.row(0) == drawn.numbers.row(2))
  }
}
