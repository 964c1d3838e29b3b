#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A weighted mixture of distributions, all densities or all masses.
///
/// `MixtureDistribution<Normal>` holds one kind; `MixtureDistribution<AnyDistribution>` any kinds.
public struct MixtureDistribution<Component: UnivariateDistribution>: UnivariateDistribution {
  /// The probability of each component; they sum to one.
  public let weights: [Double]
  /// The components.
  public let components: [Component]
  private let logWeights: [Double]
  private let active: [Int]  // The components that have any weight.

  /// Creates the mixture.
  ///
  /// - Parameters:
  ///   - weights: One a component, not negative, in any unit: they are divided by their sum.
  ///   - components: At least one, all of the same measure.
  /// - Throws: `DistributionError.shapeMismatch` for different counts, `.invalidParameter` for a bad weight or measure.
  public init(weights: [Double], components: [Component]) throws(DistributionError) {
    if weights.count != components.count {
      throw .shapeMismatch(
        distribution: Self.kind, parameter: "weights", expected: components.count, found: weights.count)
    }
    self.weights = try Require.normalised(weights, "weights", of: Self.kind)
    self.components = components
    logWeights = self.weights.map { log($0) }
    active = self.weights.indices.filter { [weights = self.weights] in weights[$0] > 0 }
    for (index, component) in components.enumerated() {
      try Require.that(
        component.measure == components[0].measure, component.measure.rawValue, "measure of components[\(index)]",
        of: Self.kind, is: "\(components[0].measure.rawValue), as of the first")
    }
  }

  /// `mixture`.
  public static var kind: String { "mixture" }
  /// That of the components.
  public var measure: Measure { components[0].measure }
  /// The smallest interval that holds the supports of all components with weight.
  public var support: ClosedRange<Double> {
    let supports = active.map { components[$0].support }
    let low = supports.reduce(Double.infinity) { min($0, $1.lowerBound) }
    return low...supports.reduce(low) { max($0, $1.upperBound) }
  }
  /// log Σ wᵢ pᵢ(x), in nats.
  public func logProb(_ x: Double) -> Double {
    var sum = LogSum()
    for index in active { sum.add(logWeights[index] + components[index].logProb(x)) }
    return sum.value
  }
  /// The weighted tails.
  public func tails(at x: Double) -> TailProbability {
    if x.isNaN { return .invalid }
    var plain = (lower: 0.0, upper: 0.0)
    var logarithm = (lower: LogSum(), upper: LogSum())
    for index in active {
      let tails = components[index].tails(at: x)
      plain.lower += weights[index] * tails.lower
      plain.upper += weights[index] * tails.upper
      logarithm.lower.add(logWeights[index] + tails.logLower)
      logarithm.upper.add(logWeights[index] + tails.logUpper)
    }
    return TailProbability(
      lower: min(1, plain.lower), upper: min(1, plain.upper), logLower: min(0, logarithm.lower.value),
      logUpper: min(0, logarithm.upper.value))
  }
  /// The quantile, by search between the least and the greatest of the components'.
  public func quantile(at p: TailProbability) -> Double {
    if !p.isValid { return .nan }
    let quantiles = active.map { components[$0].quantile(at: p) }
    let low = quantiles.reduce(Double.infinity, min)
    let high = quantiles.reduce(low, max)
    if low == high { return low }
    if measure == .mass { return discreteQuantile(p, near: low) }
    return continuousQuantile(p, in: low...high, from: low + 0.5 * (high - low))
  }
  /// One draw, from a component drawn by weight.
  public func sample<Generator: RandomNumberGenerator>(using generator: inout Generator) -> Double {
    var rest = generator.uniform()
    var chosen = components[0]
    for (weight, component) in zip(weights, components) where weight > 0 {
      chosen = component
      rest -= weight
      if rest < 0 { break }
    }
    return chosen.sample(using: &generator)
  }
  /// The greatest of the components' points below x.
  public func point(below x: Double) -> Double {
    active.map { components[$0].point(below: x) }.reduce(-.infinity, max)
  }
  /// The least of the components' points above x.
  public func point(above x: Double) -> Double {
    active.map { components[$0].point(above: x) }.reduce(.infinity, min)
  }
  /// Σ wᵢ meanᵢ.
  public var mean: Double { active.reduce(0) { $0 + weights[$1] * components[$1].mean } }
  /// Σ wᵢ (varianceᵢ + (meanᵢ − mean)²).
  public var variance: Double {
    let mean = mean
    return active.reduce(0) {
      let offset = components[$1].mean - mean
      return $0 + weights[$1] * (components[$1].variance + offset * offset)
    }
  }
  /// In nats, by quadrature or summation (no closed form exists), to about 1e-10.
  public var entropy: Double { expectation { -logProb($0) } }
  /// The breaks of all components.
  public var integrationBreaks: [Double] {
    Set(active.flatMap { components[$0].integrationBreaks }).sorted()
  }
  /// The mixture with every component erased.
  public var erased: AnyDistribution {
    AnyDistribution(
      wrapping: MixtureDistribution<AnyDistribution>(
        weights: weights, components: components.map(\.erased), logWeights: logWeights, active: active))
  }

  // Lets `erased` carry checked weights over into another instantiation.
  fileprivate init(weights: [Double], components: [Component], logWeights: [Double], active: [Int]) {
    self.weights = weights
    self.components = components
    self.logWeights = logWeights
    self.active = active
  }
}

extension MixtureDistribution: ContinuousDistribution where Component: ContinuousDistribution {}
extension MixtureDistribution: DiscreteDistribution where Component: DiscreteDistribution {}

extension MixtureDistribution: Codable {
  private enum CodingKeys: String, CodingKey { case weights, components }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      weights: values.decode([Double].self, forKey: .weights),
      components: values.decode([Component].self, forKey: .components))
  }
}
