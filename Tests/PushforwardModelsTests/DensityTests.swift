import Foundation
import PushforwardCore
import PushforwardModels
import Testing

/// A flow with random parameters, for tests of its density.
struct DensityCase: Sendable, CustomTestStringConvertible {
  let name: String
  let specification: FlowSpecification
  /// Base values beyond these have a negligible probability.
  var base: ClosedRange<Double> = -7...7

  var testDescription: String { "\(name), \(specification.features) features" }

  func flow(seed: UInt64 = 31) throws -> Flow<Double> {
    let network = try FlowNetwork<Double>(specification)
    return Flow(network: network, parameters: randomParameters(network.layout, seed: seed, spread: 0.6))
  }

  /// One flow over every base but the normal.
  private static func overOtherBases(_ flow: FlowSpecification) -> [DensityCase] {
    let bases: [(String, BaseSpecification, ClosedRange<Double>)] = [
      ("logistic", .logistic, -20...20), ("Laplace", .laplace, -20...20),
      ("Student's t", .studentT(degreesOfFreedom: 12), -25...25), ("uniform", .uniform, 1e-9...1 - 1e-9),
      ("mixture", .distribution(Bases.mixture), -7...7),
    ]
    return bases.map { name, base, range in
      var specification = flow
      specification.base = base
      if base == .uniform {
        specification.bijection = .composition([flow.bijection, .sigmoid(lower: [0], upper: [1])])
      }
      return DensityCase(name: "over a \(name)", specification: specification, base: range)
    }
  }

  /// Every family over the standard normal, and one flow over every other base.
  static func all(features: Int) -> [DensityCase] {
    let size = FlowFamily.Size(
      transforms: 3, network: NetworkSettings(hidden: [8, 8], activation: .tanh), bins: 4, bound: 3)
    let families = FlowFamily.allCases.map {
      DensityCase(name: $0.rawValue, specification: $0.specification(features: features, size: size))
    }
    var normalized = size
    normalized.batchNormalization = true
    let others = [
      DensityCase(
        name: "realnvp, batch normalization",
        specification: FlowFamily.realNVP.specification(features: features, size: normalized)),
      DensityCase(
        name: "on an interval",
        specification: FlowSpecification(
          features: features,
          bijection: .composition([
            .logit(lower: [-1], upper: [2], alpha: 0), .autoregressive(transformer: .additive, network: size.network),
          ])
        )),
    ]
    return families + others + overOtherBases(FlowFamily.realNVP.specification(features: features, size: size))
  }
}

@Suite struct Densities {
  /// A box that holds all but a negligible part of the flow's mass: the images of a grid of base points.
  private func box(_ item: DensityCase, _ flow: Flow<Double>) throws -> [ClosedRange<Double>] {
    let n = flow.specification.features
    let (low, high, count) = (item.base.lowerBound, item.base.upperBound, n == 1 ? 1000 : 150)
    let steps = (0...count).map { low + (high - low) * Double($0) / Double(count) }
    let points = n == 1 ? steps.map { [$0] } : steps.flatMap { a in steps.map { [a, $0] } }
    let x = try flow.decode(Matrix(points))
    return (0..<n).map { column in
      let values = x.column(column)
      return values.min()!...values.max()!
    }
  }

  @Test(arguments: DensityCase.all(features: 1)) func oneDimensionIntegratesToOne(_ item: DensityCase) throws {
    let flow = try item.flow()
    let range = try box(item, flow)[0]
    let count = 40_000
    let step = (range.upperBound - range.lowerBound) / Double(count)
    let x = Matrix(rows: count, columns: 1, values: (0..<count).map { range.lowerBound + (Double($0) + 0.5) * step })
    let density = try flow.logProb(x).map { exp($0) }
    let total = density.reduce(0, +) * step
    #expect(abs(total - 1) < 1e-6, "total \(total)")

    // Samples against the distribution function that the scores add up to (Kolmogorov and Smirnov).
    let draws = 20_000
    let sample = try flow.sample(count: draws, seed: 32).values.sorted()
    var (cumulative, cell, worst) = (0.0, 0, 0.0)
    for (rank, value) in sample.enumerated() {
      while cell < count && range.lowerBound + Double(cell + 1) * step <= value {
        cumulative += density[cell] * step
        cell += 1
      }
      let inside = cell < count ? density[cell] * (value - range.lowerBound - Double(cell) * step) : 0
      worst = max(worst, abs(cumulative + inside - (Double(rank) + 0.5) / Double(draws)))
    }
    // Exceeded once in a thousand seeds.
    #expect(worst < 1.95 / Double(draws).squareRoot(), "distance \(worst)")
  }

  @Test(arguments: DensityCase.all(features: 2)) func twoDimensionsIntegrateToOne(_ item: DensityCase) throws {
    let flow = try item.flow()
    let box = try box(item, flow)
    let (side, blocks) = (800, 8)
    let steps = box.map { ($0.upperBound - $0.lowerBound) / Double(side) }
    // Mass of each of blocks x blocks cells.
    var mass = [Double](repeating: 0, count: blocks * blocks)
    for row in 0..<side {
      let first = box[0].lowerBound + (Double(row) + 0.5) * steps[0]
      let x = Matrix((0..<side).map { [first, box[1].lowerBound + (Double($0) + 0.5) * steps[1]] })
      for (column, logProb) in try flow.logProb(x).enumerated() {
        mass[row * blocks / side * blocks + column * blocks / side] += exp(logProb) * steps[0] * steps[1]
      }
    }
    let total = mass.reduce(0, +)
    #expect(abs(total - 1) < 2e-4, "total \(total)")

    let draws = 40_000
    let sample = try flow.sample(count: draws, seed: 33)
    var counts = [Double](repeating: 0, count: blocks * blocks)
    for row in 0..<draws {
      let cell = (0..<2).map { column in
        let place = (sample[row, column] - box[column].lowerBound) / (steps[column] * Double(side / blocks))
        return min(max(Int(place), 0), blocks - 1)
      }
      counts[cell[0] * blocks + cell[1]] += 1
    }
    for cell in mass.indices {
      let expected = mass[cell] * Double(draws)
      let deviations = (counts[cell] - expected) / max(expected * (1 - mass[cell]), 1).squareRoot()
      #expect(abs(deviations) < 5, "cell \(cell): \(counts[cell]) draws, \(expected) expected")
    }
  }

  @Test(arguments: DensityCase.all(features: 2)) func scoresAreThoseOfTheBaseAndTheLogDet(_ item: DensityCase) throws {
    // A draw's score from the other direction: log p(x) = log base(z) - log |det dx/dz|.
    let flow = try item.flow()
    let stream = RandomStream(seed: 34, purpose: .test)
    let z: Matrix<Double> =
      item.specification.base == .uniform ? stream.uniform(rows: 70, columns: 2) : stream.normal(rows: 70, columns: 2)
    let base = try Bases.distribution(item.specification.base)
    let subject = Subject(bijection: flow.network.bijection, parameters: flow.parameters)
    let (x, logAbsDet) = try subject.apply(.inverse, z, context: nil)
    let expected = (0..<70).map { row in
      z.row(row).reduce(-logAbsDet[row]) { $0 + base.logProb($1) }
    }
    #expect(relativeError(try flow.logProb(x), expected) < 1e-7)
    #expect(relativeError(try flow.encode(x).values, z.values) < 1e-7)
  }
}
