#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The Bernoulli distribution: 1 with the given probability, otherwise 0.
///
/// SciPy: `bernoulli(p=probability)`.
public struct Bernoulli: DiscreteDistribution {
  /// P(X = 1), in [0, 1].
  public let probability: Double

  /// Creates the distribution.
  ///
  /// - Throws: `DistributionError.invalidParameter` unless the probability is in [0, 1].
  public init(probability: Double) throws(DistributionError) {
    try Require.probability(probability, "probability", of: Self.kind)
    self.probability = probability
  }

  /// `bernoulli`.
  public static var kind: String { "bernoulli" }
  /// [0, 1].
  public var support: ClosedRange<Double> { 0...1 }
  /// Log-mass, in nats.
  public func logProb(_ x: Double) -> Double {
    if x.isNaN { return x }
    return x == 1 ? log(probability) : (x == 0 ? log1p(-probability) : -.infinity)
  }
  /// Both tails at x.
  public func tails(at x: Double) -> TailProbability {
    if x.isNaN { return .invalid }
    return x < 0 ? .zero : (x >= 1 ? .one : TailProbability(upper: probability))
  }
  /// The probability.
  public var mean: Double { probability }
  /// probability·(1 − probability).
  public var variance: Double { probability * (1 - probability) }
}

extension Bernoulli: Codable {
  private enum CodingKeys: String, CodingKey { case probability }

  /// Decodes and checks the parameters.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(probability: values.decode(Double.self, forKey: .probability))
  }
}
