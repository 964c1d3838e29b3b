import PushforwardCore
import PushforwardModels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A normal distribution whose mean is linear in the conditions and whose covariance is full: the baseline that every fit
/// is reported beside, and the model `gaussian`.
///
/// Held as the whitening map `z = M (c, x) + m` with `M` lower-triangular in the features of x (so z is standard normal
/// given c), which is also an autoregressive flow without hidden layers.
struct LinearGaussian: Codable, Sendable, Equatable {
  /// Width of the conditions.
  let contextFeatures: Int
  /// Features of x.
  let features: Int
  /// `features x (contextFeatures + features)`, row-major; row d uses the conditions and x up to d, diagonal positive.
  let whitening: [Double]
  /// m, one a feature.
  let offset: [Double]

  /// Fits by (weighted) least squares, in closed form.
  ///
  /// The covariance gets a ridge of 1e-8 of its mean diagonal, so that columns that determine each other stay finite.
  init(x: Matrix<Double>, context: Matrix<Double>?, weights: [Double]?) {
    let c = context?.columns ?? 0
    let n = c + x.columns
    contextFeatures = c
    features = x.columns
    func value(_ row: Int, _ column: Int) -> Double {
      column < c ? context!.values[row * c + column] : x.values[row * x.columns + column - c]
    }
    let total = weights?.reduce(0, +) ?? Double(x.rows)
    var mean = [Double](repeating: 0, count: n)
    for row in 0..<x.rows {
      let weight = (weights?[row] ?? 1) / total
      for column in 0..<n { mean[column] += weight * value(row, column) }
    }
    var covariance = [Double](repeating: 0, count: n * n)
    var centred = [Double](repeating: 0, count: n)
    for row in 0..<x.rows {
      let weight = (weights?[row] ?? 1) / total
      for column in 0..<n { centred[column] = value(row, column) - mean[column] }
      for i in 0..<n {
        let scaled = weight * centred[i]
        for j in 0...i { covariance[i * n + j] += scaled * centred[j] }
      }
    }
    let scale = (0..<n).map { covariance[$0 * n + $0] }.reduce(0, +) / Double(n)
    for i in 0..<n { covariance[i * n + i] += 1e-8 * max(scale, 1e-300) }
    let inverse = Self.inverseCholesky(covariance, n)
    whitening = (c..<n).flatMap { row in inverse[row * n..<(row + 1) * n] }
    offset = (c..<n).map { row in -(0...row).reduce(0) { $0 + inverse[row * n + $1] * mean[$1] } }
  }

  /// The inverse of the lower Cholesky factor of a positive definite matrix, of which the lower half is read.
  private static func inverseCholesky(_ matrix: [Double], _ n: Int) -> [Double] {
    var factor = matrix
    for i in 0..<n {
      for j in 0...i {
        var sum = factor[i * n + j]
        for k in 0..<j { sum -= factor[i * n + k] * factor[j * n + k] }
        factor[i * n + j] = i == j ? max(sum, 1e-300).squareRoot() : sum / factor[j * n + j]
      }
    }
    var inverse = [Double](repeating: 0, count: n * n)
    for column in 0..<n {
      for i in column..<n {
        var sum = i == column ? 1.0 : 0
        for k in column..<i { sum -= factor[i * n + k] * inverse[k * n + column] }
        inverse[i * n + column] = sum / factor[i * n + i]
      }
    }
    return inverse
  }

  /// `log p(x | c)` of each row, in nats.
  func logProb(x: Matrix<Double>, context: Matrix<Double>?) -> [Double] {
    let n = contextFeatures + features
    let constant =
      (0..<features).reduce(0) { $0 + log(whitening[$1 * n + contextFeatures + $1]) }
      - 0.5 * Double(features) * log(2 * Double.pi)
    return (0..<x.rows).map { row in
      var squares = 0.0
      for d in 0..<features {
        var z = offset[d]
        for k in 0..<contextFeatures { z += whitening[d * n + k] * context!.values[row * contextFeatures + k] }
        for k in 0...d { z += whitening[d * n + contextFeatures + k] * x.values[row * features + k] }
        squares += z * z
      }
      return constant - 0.5 * squares
    }
  }

  /// The same distribution as a flow: one affine autoregressive layer without hidden layers.
  func flow() throws -> Flow<Float> {
    let bound = 30.0
    let specification = FlowSpecification(
      family: ModelKind.gaussian.rawValue, features: features, contextFeatures: contextFeatures,
      bijection: .autoregressive(
        transformer: .affine(logScaleBound: bound), network: NetworkSettings(hidden: [], boundsInput: false)))
    var flow = try Flow<Float>(specification)
    let n = contextFeatures + features
    var weight = [Float](repeating: 0, count: 2 * features * n)
    var bias = [Float](repeating: 0, count: 2 * features)
    for d in 0..<features {
      // z = x exp(s) + shift: the diagonal is exp(s), everything else of the row is the shift.
      for k in 0..<contextFeatures + d { weight[2 * d * n + k] = Float(whitening[d * n + k]) }
      bias[2 * d] = Float(offset[d])
      let s = min(max(log(whitening[d * n + contextFeatures + d]), -25), 25)
      bias[2 * d + 1] = Float(s / (1 - abs(s) / bound))
    }
    try flow.parameters.set("flow.conditioner.output.weight", to: weight)
    try flow.parameters.set("flow.conditioner.output.bias", to: bias)
    return flow
  }
}
