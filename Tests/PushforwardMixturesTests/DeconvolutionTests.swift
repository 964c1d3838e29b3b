import Foundation
import PushforwardCore
import PushforwardMixtures
import Testing

/// Mixtures of numbers that were measured with known errors (extreme deconvolution).
@Suite struct DeconvolutionTests {
  /// Two narrow normals in the plane, measured with errors that differ from cell to cell.
  private static func rows(_ count: Int, seed: UInt64, isNoisy: Bool = true) throws -> MixtureRows {
    let stream = RandomStream(seed: seed, purpose: .test)
    let e: Matrix<Double> = stream.normal(rows: count, columns: 4)
    let u: Matrix<Double> = stream.split(1).uniform(rows: count, columns: 3)
    var (numbers, errors) = (Matrix<Double>(rows: count, columns: 2), Matrix<Double>(rows: count, columns: 2))
    for row in 0..<count {
      let centre = u[row, 0] < 0.4 ? -1.0 : 1.0
      for column in 0..<2 {
        errors[row, column] = isNoisy ? 0.3 + 1.2 * u[row, 1 + column] : 0
        numbers[row, column] = centre + 0.3 * e[row, column] + errors[row, column] * e[row, 2 + column]
      }
    }
    return try MixtureRows(numbers: numbers, errors: errors)
  }

  private static func options(_ kind: CovarianceKind = .full) -> MixtureFitOptions {
    var options = MixtureFitOptions(components: 2, kind: kind)
    (options.maximumRounds, options.tolerance) = (400, 1e-9)
    return options
  }

  @Test(arguments: [CovarianceKind.full, .tied, .diagonal, .spherical])
  func findsWhatTheErrorsHide(kind: CovarianceKind) throws {
    let rows = try Self.rows(1500, seed: 1)
    let found = try GaussianMixture.fit(rows, options: Self.options(kind)).mixture
    let truth = try Self.rows(1500, seed: 2, isNoisy: false)
    let blind = try GaussianMixture.fit(
      MixtureRows(numbers: rows.numbers), options: Self.options(kind)
    ).mixture
    func mean(_ mixture: GaussianMixture) throws -> Double {
      try mixture.logProb(truth).reduce(0, +) / Double(truth.count)
    }
    // The entropy of the truth is close to that of two separate normals: 2 log(0.3 sqrt(2 pi e)) + H(0.4).
    let best = -(2 * (log(0.3) + 1.4189385) + 0.6730117)
    #expect(try mean(found) > best - 0.15)
    #expect(try mean(blind) < best - 0.5)
    let first = found.means[0] < found.means[2] ? 0 : 1
    #expect(abs(found.weights[first] - 0.4) < 0.06)
    for column in 0..<2 { #expect(abs(found.means[first * 2 + column] + 1) < 0.15) }
  }

  @Test func noErrorIsThePlainFit() throws {
    let rows = try Self.rows(300, seed: 3, isNoisy: false)
    let plain = try GaussianMixture.fit(MixtureRows(numbers: rows.numbers), options: Self.options())
    let found = try GaussianMixture.fit(rows, options: Self.options())
    #expect(plain.mixture.means == found.mixture.means && plain.mixture.covariances == found.mixture.covariances)
    #expect(plain.logLikelihood == found.logLikelihood)
  }

  @Test func oneErrorForAllWidensTheComponents() throws {
    // With one error for all rows, deconvolution is the plain fit less the error's variance.
    let base = try Self.rows(800, seed: 4)
    let errors = Matrix<Double>(rows: 800, columns: 2, repeating: 0.4)
    var options = Self.options()
    (options.prior, options.floor) = (nil, 1e-9)
    let found = try GaussianMixture.fit(MixtureRows(numbers: base.numbers, errors: errors), options: options).mixture
    let plain = try GaussianMixture.fit(MixtureRows(numbers: base.numbers), options: options).mixture
    let row = try MixtureRows(
      numbers: Matrix(rows: 1, columns: 2, values: [0.2, -0.4]),
      errors: Matrix(rows: 1, columns: 2, repeating: 0.4))
    let point = try MixtureRows(numbers: row.numbers)
    #expect(abs(try found.logProb(row)[0] - plain.logProb(point)[0]) < 2e-3)
  }

  @Test func theLikelihoodNeverFalls() throws {
    var options = Self.options()
    (options.prior, options.maximumRounds, options.tolerance) = (nil, 60, 0)
    let history = try GaussianMixture.fit(Self.rows(200, seed: 5), options: options).history
    for (before, after) in zip(history, history.dropFirst()) { #expect(after > before - 1e-9) }
  }

  @Test func scoresAreDensitiesOfWhatIsMeasured() throws {
    let mixture = try GaussianMixture(
      features: 1, weights: [0.3, 0.7], means: [-1, 2], kind: .full, covariances: [0.09, 1], levels: [],
      probabilities: [])
    // Trapezes over a wide grid: integrates to one whatever the error.
    let grid = (0..<4000).map { -20 + 0.01 * Double($0) }
    for error in [0.0, 0.5, 2] {
      let rows = try MixtureRows(
        numbers: Matrix(rows: grid.count, columns: 1, values: grid),
        errors: Matrix(rows: grid.count, columns: 1, repeating: error))
      let scores = try mixture.logProb(rows)
      #expect(abs(scores.reduce(0) { $0 + 0.01 * exp($1) } - 1) < 1e-9)
      let x = grid[2300]
      func normal(_ m: Double, _ v: Double) -> Double { exp(-(x - m) * (x - m) / (2 * v)) / (2 * .pi * v).squareRoot() }
      let wide = error * error
      #expect(abs(exp(scores[2300]) - 0.3 * normal(-1, 0.09 + wide) - 0.7 * normal(2, 1 + wide)) < 1e-12)
    }
  }

  @Test func errorsWeakenWhatIsForetold() throws {
    // x and y with correlation 0.8, unit variances: y | x + e has mean 0.8 x / (1 + s^2), variance 1 - 0.64 / (1 + s^2).
    let mixture = try GaussianMixture(
      features: 2, weights: [1], means: [0, 0], kind: .full, covariances: [1, 0.8, 0.8, 1], levels: [],
      probabilities: [])
    let rows = try MixtureRows(
      numbers: Matrix(rows: 2, columns: 2, values: [1, .nan, 1, 7]),
      errors: Matrix(rows: 2, columns: 2, values: [0.5, 0, 0.5, 0.2]))
    let found = try mixture.predicting(column: 1, rows)
    #expect(abs(found.means[0, 0] - 0.64) < 1e-12 && abs(found.means[1, 0] - 0.64) < 1e-12)
    #expect(abs(found.deviations[0, 0] - (1 - 0.512).squareRoot()) < 1e-12)
    #expect(abs(found.deviations[1, 0] - (1 - 0.512 + 0.04).squareRoot()) < 1e-12)
    let filled = try mixture.completing(rows, seed: 1)
    #expect(filled.numbers[0, 0] == 1 && !filled.numbers[0, 1].isNaN && filled.numbers[1, 1] == 7)
    let conditional = try mixture.conditional(on: rows.selecting([0]))
    #expect(abs(conditional.means[0] - 0.64) < 1e-12 && abs(conditional.covariances[0] - (1 - 0.512)) < 1e-12)
  }

  @Test func badErrorsAreRefused() {
    let numbers = Matrix<Double>(rows: 2, columns: 1)
    for bad in [-1.0, .nan, .infinity] {
      #expect(throws: MixtureError.self) {
        try MixtureRows(numbers: numbers, errors: Matrix(rows: 2, columns: 1, values: [0, bad]))
      }
    }
    #expect(throws: MixtureError.self) { try MixtureRows(numbers: numbers, errors: Matrix(rows: 1, columns: 1)) }
  }
}
