import Foundation
import PushforwardCore
import PushforwardModels
import Testing

/// Base distributions as `Distributions/` has them.
enum Bases {
  static let mixture: AnyDistribution = {
    do {
      let parts = [try Normal(mean: -1.5, standardDeviation: 0.5), try Normal(mean: 1, standardDeviation: 0.8)]
      return try MixtureDistribution(weights: [0.3, 0.7], components: parts).erased
    } catch {
      preconditionFailure("\(error)")
    }
  }()

  static let all: [BaseSpecification] = [
    .standardNormal, .logistic, .laplace, .studentT(degreesOfFreedom: 3), .studentT(degreesOfFreedom: 0.7), .uniform,
    .distribution(mixture),
  ]

  static func distribution(_ base: BaseSpecification) throws -> AnyDistribution {
    switch base {
    case .standardNormal: try Normal(mean: 0, standardDeviation: 1).erased
    case .logistic: try Logistic(location: 0, scale: 1).erased
    case .laplace: try Laplace(location: 0, scale: 1).erased
    case .studentT(let degrees): try StudentT(degreesOfFreedom: degrees).erased
    case .uniform: try Uniform(lower: 0, upper: 1).erased
    case .distribution(let distribution): distribution
    }
  }
}

@Suite struct BaseDistributions {
  /// The flow that is its base.
  private func flow<Scalar: TileScalar>(_ base: BaseSpecification, as type: Scalar.Type) throws -> Flow<Scalar> {
    try Flow(FlowSpecification(features: 2, bijection: .composition([]), base: base))
  }

  private func points(_ base: BaseSpecification) -> Matrix<Double> {
    let stream = RandomStream(seed: 51, purpose: .test)
    if base == .uniform { return stream.uniform(rows: 70, columns: 2) }
    var z: Matrix<Double> = stream.normal(rows: 70, columns: 2)
    // Far out, and the middle.
    for (row, value) in [0, 30, -30, 1e3, -1e-9, 1e6].enumerated() { z[row, row % 2] = value }
    return z
  }

  @Test(arguments: Bases.all) func densityIsThatOfTheDistribution(_ base: BaseSpecification) throws {
    let (z, distribution) = (points(base), try Bases.distribution(base))
    let expected = (0..<z.rows).map { row in z.row(row).reduce(0) { $0 + distribution.logProb($1) } }
    #expect(relativeError(try flow(base, as: Double.self).logProb(z), expected) < 1e-12)
    #expect(relativeError(try flow(base, as: Float.self).logProb(z.converted()), expected) < 3e-6)
  }

  @Test(arguments: Bases.all) func derivativeAgreesWithDifferences(_ base: BaseSpecification) throws {
    let (z, distribution) = (points(base), try Bases.distribution(base))
    let tape = Tape<Double>(recordsGradients: true)
    tape.begin(rows: z.rows, parameters: nil)
    let input = try tape.input(z, needsGradient: true)
    let total = tape.affine(input, scale: 1)
    let network = try flow(base, as: Double.self).network
    tape.backward(from: try network.logProb(total, on: tape).logProb)
    let found = tape.gradientMatrix(input)
    for index in z.values.indices where abs(z.values[index]) > 1e-3 {
      let (x, h) = (z.values[index], 1e-5 * max(1, abs(z.values[index])))
      let numeric = (distribution.logProb(x + h) - distribution.logProb(x - h)) / (2 * h)
      #expect(abs(found.values[index] - numeric) < 1e-6 * max(1, abs(numeric)), "\(base) at \(x)")
    }
  }

  @Test(arguments: Bases.all) func drawsFollowTheDistribution(_ base: BaseSpecification) throws {
    let distribution = try Bases.distribution(base)
    let count = 20_000
    for sample in [
      try flow(base, as: Double.self).sample(count: count, seed: 52),
      try flow(base, as: Float.self).sample(count: count, seed: 52).converted(),
    ] {
      for column in 0..<2 {
        let levels = sample.column(column).map { distribution.cdf($0) }.sorted()
        let worst = levels.enumerated().map { abs($1 - (Double($0) + 0.5) / Double(count)) }.max()!
        #expect(worst < 1.95 / Double(count).squareRoot(), "\(base), column \(column)")
      }
    }
    // A row is the same in a sample of any size, and one drawn alone.
    let flow = try flow(base, as: Double.self)
    let whole = try flow.sample(count: 300, seed: 53)
    #expect(try flow.sample(count: 100, seed: 53, firstRow: 130) == whole.selectingRows(130..<230))
    #expect(try flow.sample(count: 1, seed: 53, firstRow: 77) == whole.selectingRows([77]))
  }

  @Test func outsideTheUniformTheDensityIsZero() throws {
    let rows = Matrix([[0.5, 1.5], [-0.1, 0.5], [0.5, 0.5], [0, 1], [.nan, 0.5]])
    let found = try flow(.uniform, as: Double.self).logProb(rows)
    #expect(found[0] == -.infinity && found[1] == -.infinity && found[2] == 0 && found[3] == 0 && found[4].isNaN)
  }

  @Test func unusableBasesThrow() throws {
    let coin = try Bernoulli(probability: 0.5).erased
    for base in [
      BaseSpecification.studentT(degreesOfFreedom: 0), .studentT(degreesOfFreedom: .nan), .distribution(coin),
    ] {
      #expect(throws: EngineError.self) { try flow(base, as: Double.self) }
    }
  }

  @Test(arguments: Bases.all) func surviveJSON(_ base: BaseSpecification) throws {
    #expect(try JSONDecoder().decode(BaseSpecification.self, from: JSONEncoder().encode(base)) == base)
  }
}
