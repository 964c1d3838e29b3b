import PushforwardCore
import PushforwardModels
import Testing

/// A line of the conformance suite's registry.
struct BijectionCase: Sendable, CustomTestStringConvertible {
  let name: String
  let features: Int
  let contextFeatures: Int
  /// Where x may lie (every feature).
  let dataDomain: ClosedRange<Double>
  /// Where z may lie.
  let baseDomain: ClosedRange<Double>
  /// Largest relative error of a round trip in Double; in Float, `floatFactor` times Float's resolution.
  let tolerance: Double
  let floatFactor: Double
  let specification: BijectionSpecification

  init(
    _ name: String, features: Int, contextFeatures: Int = 0, dataDomain: ClosedRange<Double> = reals,
    baseDomain: ClosedRange<Double> = reals, tolerance: Double = 1e-9, floatFactor: Double = 2000,
    _ specification: BijectionSpecification
  ) {
    self.name = name
    self.features = features
    self.contextFeatures = contextFeatures
    self.dataDomain = dataDomain
    self.baseDomain = baseDomain
    self.tolerance = tolerance
    self.floatFactor = floatFactor
    self.specification = specification
  }

  var testDescription: String {
    "\(name), \(features) features" + (contextFeatures > 0 ? ", context \(contextFeatures)" : "")
  }

  static let reals = -Double.infinity...Double.infinity

  func domain(_ direction: Direction) -> ClosedRange<Double> { direction == .forward ? dataDomain : baseDomain }

  /// The bijection with random parameters.
  func subject(seed: UInt64 = 1) throws -> Subject<Double> {
    var layout = ParameterLayout()
    let bijection = try specification.make(
      features: features, contextFeatures: contextFeatures, as: Double.self, layout: &layout, name: "case")
    return Subject(bijection: bijection, parameters: randomParameters(layout, seed: seed))
  }

  /// The same in Float.
  func floatSubject(seed: UInt64 = 1) throws -> Subject<Float> {
    var layout = ParameterLayout()
    let bijection = try specification.make(
      features: features, contextFeatures: contextFeatures, as: Float.self, layout: &layout, name: "case")
    return Subject(bijection: bijection, parameters: try subject(seed: seed).parameters.converted())
  }

  func rows(_ count: Int, _ direction: Direction, seed: UInt64 = 2) -> Matrix<Double> {
    randomRows(count, features, in: domain(direction), seed: seed)
  }

  func context(_ count: Int, seed: UInt64 = 3) -> Matrix<Double>? {
    contextFeatures > 0 ? randomRows(count, contextFeatures, in: Self.reals, seed: seed, scale: 1) : nil
  }
}

/// Every bijection, at several sizes.
enum Registry {
  static let cases: [BijectionCase] = [1, 2, 5].flatMap { features in
    plain(features) + conditioned(features, context: 0) + conditioned(features, context: 2)
  }

  private static let small = NetworkSettings(hidden: [9, 7], activation: .tanh)

  /// Bijections that read no context.
  private static func plain(_ n: Int) -> [BijectionCase] {
    let rotated = (0..<n).map { ($0 + 1) % n }
    let lower = (0..<n).map { -1 - 0.1 * Double($0) }
    let upper = (0..<n).map { 2 + 0.2 * Double($0) }
    return [
      BijectionCase("permutation", features: n, .permutation(order: rotated)),
      BijectionCase("reversal", features: n, .reversal),
      BijectionCase("LU", features: n, .luLinear(order: nil)),
      BijectionCase("LU, permuted", features: n, .luLinear(order: rotated)),
      BijectionCase("LU, inverted", features: n, .inverted(.luLinear(order: nil))),
      BijectionCase("element-wise affine", features: n, .elementwiseAffine),
      BijectionCase("ActNorm", features: n, .actNorm),
      BijectionCase("batch normalization", features: n, .batchNormalization(epsilon: 1e-5)),
      BijectionCase("batch normalization, inverted", features: n, .inverted(.batchNormalization(epsilon: 1e-3))),
      BijectionCase("logit, unit interval", features: n, dataDomain: 0...1, .logit(lower: [0], upper: [1], alpha: 0)),
      BijectionCase(
        "logit, squeezed", features: n, dataDomain: -1...2, .logit(lower: lower, upper: upper, alpha: 0.05)),
      BijectionCase(
        "sigmoid", features: n, baseDomain: -1...2, .sigmoid(lower: lower, upper: upper, alpha: 0)),
    ]
  }

  /// Bijections with a conditioner.
  private static func conditioned(_ n: Int, context: Int) -> [BijectionCase] {
    func make(_ name: String, _ specification: BijectionSpecification, tolerance: Double = 1e-9) -> BijectionCase {
      BijectionCase(name, features: n, contextFeatures: context, tolerance: tolerance, specification)
    }
    let spline = Transformer.spline(bins: 5, bound: 3)
    let residual = NetworkSettings(hidden: [8, 8, 8], activation: .silu, residual: true)
    var result = [
      make("autoregressive affine", .autoregressive(transformer: .affine, network: small)),
      make("autoregressive additive", .autoregressive(transformer: .additive, network: small)),
      make("autoregressive spline", .autoregressive(transformer: spline, network: small)),
      make(
        "autoregressive quadratic spline",
        .autoregressive(
          transformer: .quadraticSpline(bins: 5, bound: 3, minimumBin: 1e-3, minimumSlope: 1e-3), network: small)),
      make(
        "autoregressive affine, then spline",
        .autoregressive(transformer: .afterAffine(logScaleBound: 3, spline), network: small)),
      make(
        "autoregressive linear spline",
        .autoregressive(transformer: .linearSpline(bins: 6, bound: 3, minimumBin: 1e-3), network: small)),
      make("autoregressive affine, residual", .autoregressive(transformer: .affine, network: residual)),
      make(
        "autoregressive spline, residual tanh",
        .autoregressive(
          transformer: spline, network: NetworkSettings(hidden: [6, 6, 6], activation: .tanh, residual: true))),
      make(
        "autoregressive affine, no hidden layer",
        .autoregressive(transformer: .affine, network: NetworkSettings(hidden: []))),
      make("autoregressive affine, inverted", .inverted(.autoregressive(transformer: .affine, network: small))),
    ]
    for activation in [Activation.relu, .elu, .softplus, .silu] {
      result.append(
        make(
          "autoregressive affine, \(activation)",
          .autoregressive(transformer: .affine, network: NetworkSettings(hidden: [9, 7], activation: activation))))
    }
    let mask = (0..<n).map { n == 1 || $0 % 2 == 1 }
    for transformer in [Transformer.affine, .additive, spline, .afterAffine(logScaleBound: 3, spline)] {
      result.append(
        make(
          "coupling \(transformer)",
          .coupling(isTransformed: mask, transformer: transformer, network: small)))
    }
    let shallow = NetworkSettings(hidden: [6], activation: .tanh)
    result += [
      make("planar", .planar(network: shallow), tolerance: 1e-7),
      make("radial", .radial(network: shallow), tolerance: 1e-8),
      make("planar, inverted", .inverted(.planar(network: shallow)), tolerance: 1e-7),
      make("radial, inverted", .inverted(.radial(network: shallow)), tolerance: 1e-8),
      make(
        "three planar layers", .composition([.planar(network: nil), .planar(network: shallow), .planar(network: nil)]),
        tolerance: 1e-6),
    ]
    result.append(
      make(
        "composition",
        .composition([
          .actNorm, .autoregressive(transformer: spline, network: small), .luLinear(order: nil),
          .coupling(isTransformed: mask, transformer: .affine, network: residual), .reversal,
          .batchNormalization(epsilon: 1e-5),
        ]), tolerance: 1e-8))
    result.append(
      make(
        "composition of inverted layers",
        .composition([
          .inverted(.autoregressive(transformer: .affine, network: small)), .reversal,
          .inverted(.composition([.elementwiseAffine, .luLinear(order: nil)])),
        ]), tolerance: 1e-8))
    return result
  }
}
