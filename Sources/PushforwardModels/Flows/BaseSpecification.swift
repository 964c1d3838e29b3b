import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The distribution in base space: independent features, each of one distribution.
public enum BaseSpecification: Codable, Sendable, Equatable {
  /// Standard normals.
  case standardNormal
  /// Standard logistics: tails like `e^-|z|`.
  case logistic
  /// Standard Laplace distributions: density `e^-|z| / 2`.
  case laplace
  /// Student's t distributions, location 0, scale 1: tails like a power of `|z|`.
  case studentT(degreesOfFreedom: Double)
  /// Uniform on `0...1`: for flows that end in a sigmoid. Outside, the log-density is negative infinity.
  case uniform
  /// Any distribution with a density, the same for every feature.
  ///
  /// Evaluated in Double, its derivative by central differences: exact to about nine digits, and slow beside the others.
  case distribution(AnyDistribution)

  /// Checks the parameters.
  ///
  /// - Throws: `EngineError.invalidSetting`.
  public func validate() throws {
    switch self {
    case .studentT(let degrees) where !(degrees > 0 && degrees.isFinite):
      throw EngineError.invalidSetting(
        name: "degrees of freedom of the base", expected: "a positive number", found: "\(degrees)")
    case .distribution(let distribution) where distribution.measure != .density:
      throw EngineError.invalidSetting(
        name: "base distribution", expected: "one with a density", found: "\(type(of: distribution.base).kind)")
    default: break
    }
  }

  /// Adds the log-density of the rows (nats, summed over features) to `total`.
  func accumulateLogProb<Scalar: TileScalar>(_ z: Variable, into total: Variable, on tape: Tape<Scalar>) {
    let features = Double(z.features)
    switch self {
    case .standardNormal:
      tape.accumulateStandardNormalLogDensity(z, into: total)
    case .logistic:
      // log s(z) + log s(-z), s the sigmoid.
      tape.accumulate(tape.sumFeatures(tape.apply(.logSigmoid, z)), into: total)
      tape.accumulate(tape.sumFeatures(tape.apply(.logSigmoid, tape.apply(.negate, z))), into: total)
    case .laplace:
      tape.accumulate(tape.sumFeatures(tape.apply(.absolute, z)), into: total, scale: -1)
      tape.addConstant(-log(2) * features, to: total)
    case .studentT(let degrees):
      // log(1 + z^2 / v) = softplus(2 log |z| - log v): z^2 would overflow.
      let floor = tape.makeValue(features: z.features)
      Scalar.fill(
        tape.pointer(floor), Scalar.leastNormalMagnitude.squareRoot(), tape.elementCount(features: z.features))
      let size = tape.apply(.maximum, tape.apply(.absolute, z), floor)
      let growth = tape.apply(.softplus, tape.affine(tape.log(size), scale: 2, shift: -log(degrees)))
      tape.accumulate(tape.sumFeatures(growth), into: total, scale: -(degrees + 1) / 2)
      // `validate` has made sure of the parameter.
      let peak = (try? StudentT(degreesOfFreedom: degrees))?.logProb(0) ?? .nan
      tape.addConstant(peak * features, to: total)
    case .uniform:
      tape.record(UniformDensityOperation(), z, outputFeatures: 0, accumulator: total)
    case .distribution(let distribution):
      tape.record(DistributionDensityOperation(distribution), z, outputFeatures: 0, accumulator: total)
    }
  }

  /// Draws `tape.rows` rows, numbered from `firstRow`: a uniform number a feature, through the quantile function.
  func sample<Scalar: TileScalar>(
    features: Int, stream: RandomStream, firstRow: UInt64, on tape: Tape<Scalar>
  ) -> Variable {
    let z = tape.makeValue(features: features)
    let (out, count) = (tape.pointer(z), tape.elementCount(features: features))
    if case .standardNormal = self {
      Scalar.normal(stream.seed, stream.purpose.rawValue, firstRow, out, features, tape.tiles, tape.lanes)
      return z
    }
    if let quantile {
      // In Double, so that the tails are not cut where Float's uniform numbers end.
      let uniform = AlignedBuffer<Double>(count: count)
      Double.uniform(
        stream.seed, stream.purpose.rawValue, firstRow, uniform.pointer, features, tape.tiles, tape.lanes)
      for index in 0..<count { out[index] = Scalar(quantile(uniform.pointer[index])) }
    } else {
      Scalar.uniform(stream.seed, stream.purpose.rawValue, firstRow, out, features, tape.tiles, tape.lanes)
    }
    return z
  }

  /// The quantile function, `nil` where it is the identity (or has a kernel of its own).
  private var quantile: ((Double) -> Double)? {
    switch self {
    case .standardNormal, .uniform: nil
    case .logistic: { log($0) - log1p(-$0) }
    case .laplace: { $0 < 0.5 ? log(2 * $0) : -log(2 * (1 - $0)) }
    case .studentT(let degrees):
      (try? StudentT(degreesOfFreedom: degrees)).map { distribution in { distribution.quantile($0) } }
    case .distribution(let distribution): { distribution.quantile($0) }
    }
  }
}

/// Adds 0 where all features lie in `0...1`, negative infinity elsewhere; its derivative is zero.
private final class UniformDensityOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let (z, total) = (context.input(node, 0), context.accumulator(node)!)
    let (features, lanes) = (context.inputFeatures(node, 0), context.lanes)
    for index in 0..<features * lanes * context.tiles where !(z[index] >= 0 && z[index] <= 1) {
      let lane = index / (features * lanes) * lanes + index % lanes
      total[lane] = z[index].isNaN ? .nan : -.infinity
    }
  }
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    _ = context.inputGradient(node, 0)
  }
}

/// Adds the log-density of one distribution, summed over features.
private final class DistributionDensityOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  private let distribution: any UnivariateDistribution

  init(_ distribution: AnyDistribution) { self.distribution = distribution.base }

  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let (z, total) = (context.input(node, 0), context.accumulator(node)!)
    let (features, lanes) = (context.inputFeatures(node, 0), context.lanes)
    for row in 0..<lanes * context.tiles {
      let first = row / lanes * features * lanes + row % lanes
      var sum = 0.0
      for feature in 0..<features { sum += distribution.logProb(Double(z[first + feature * lanes])) }
      total[row] += Scalar(sum)
    }
  }

  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dz = context.inputGradient(node, 0) else { return }
    let (z, dTotal) = (context.input(node, 0), context.accumulatorGradient(node))
    let (features, lanes) = (context.inputFeatures(node, 0), context.lanes)
    for index in 0..<features * lanes * context.tiles {
      let weight = dTotal[index / (features * lanes) * lanes + index % lanes]
      if weight != 0 { dz[index] += weight * Scalar(slope(Double(z[index]))) }
    }
  }

  /// Fourth-order central difference; zero where the density is.
  private func slope(_ x: Double) -> Double {
    let h = 1e-3 * max(1e-3, min(abs(x), 1))
    let near = distribution.logProb(x + h) - distribution.logProb(x - h)
    let far = distribution.logProb(x + 2 * h) - distribution.logProb(x - 2 * h)
    let slope = (8 * near - far) / (12 * h)
    return slope.isFinite ? slope : 0
  }
}
