import Foundation
import PushforwardCore
import PushforwardLatent
import PushforwardModels

/// A linear autoencoder whose likelihood is known: x = W z + b + noise, so x is normal with covariance W W' + s^2 I.
///
/// The encoder is the best that a diagonal normal posterior can be.
struct LinearModel {
  static let weight: [[Double]] = [[1.0, 0.6], [0.2, 1.1], [0.8, 0.3]]
  static let offset = [0.5, -1.0, 0.0]
  static let noise = 1.0

  let model: VariationalAutoencoder<Double>
  let marginal: MultivariateNormal

  init() throws {
    let plain = NetworkSettings(hidden: [], boundsInput: false)
    let specification = LatentSpecification(
      columns: [ColumnLikelihood](repeating: .gaussian(center: 0, scale: 1), count: 3), latentFeatures: 2,
      encoder: plain, decoder: plain)
    var model = try VariationalAutoencoder<Double>(specification)
    let scale = log(expm1(Self.noise - 0.01))
    // The decoder gives mean and scale of each column in turn.
    try model.parameters.set(
      "decoder.output.weight", to: Self.weight.flatMap { $0 + [0, 0] })
    try model.parameters.set("decoder.output.bias", to: Self.offset.flatMap { [$0, scale] })
    // Precision of z given x: M = I + W'W / s^2. The posterior's mean is M^-1 W' (x - b) / s^2.
    let variance = Self.noise * Self.noise
    var precision = [[1.0, 0.0], [0.0, 1.0]]
    for row in Self.weight {
      for i in 0..<2 { for j in 0..<2 { precision[i][j] += row[i] * row[j] / variance } }
    }
    let determinant = precision[0][0] * precision[1][1] - precision[0][1] * precision[1][0]
    let inverse = [
      [precision[1][1] / determinant, -precision[0][1] / determinant],
      [-precision[1][0] / determinant, precision[0][0] / determinant],
    ]
    var encoder: [Double] = []
    var bias: [Double] = []
    for i in 0..<2 {
      var row = [0.0, 0, 0]
      for d in 0..<3 {
        row[d] = (inverse[i][0] * Self.weight[d][0] + inverse[i][1] * Self.weight[d][1]) / variance
      }
      encoder += row
      bias.append(-zip(row, Self.offset).reduce(0) { $0 + $1.0 * $1.1 })
    }
    encoder += [Double](repeating: 0, count: 6)
    for i in 0..<2 { bias.append(7 * atanh(-0.5 * log(precision[i][i]) / 7)) }
    try model.parameters.set("encoder.output.weight", to: encoder)
    try model.parameters.set("encoder.output.bias", to: bias)
    self.model = model
    var covariance = [Double](repeating: 0, count: 9)
    for i in 0..<3 {
      covariance[4 * i] = variance
      for j in 0..<3 {
        covariance[3 * i + j] += Self.weight[i][0] * Self.weight[j][0] + Self.weight[i][1] * Self.weight[j][1]
      }
    }
    marginal = try MultivariateNormal(mean: Self.offset, covariance: covariance)
  }
}
