extension GaussianMixture {
  /// What rows like none fitted to are drawn from: independent columns, twice as wide as those of all rows.
  ///
  /// - Parameter one: One component fitted to all rows.
  /// - Returns: One component of diagonal covariances.
  /// - Throws: `MixtureError`.
  package static func background(_ one: GaussianMixture) throws(MixtureError) -> GaussianMixture {
    var variances: [Double] = []
    for column in 0..<one.features { variances.append(4 * one.covariance(0, column, column)) }
    return try GaussianMixture(
      features: one.features, weights: [1], means: Array(one.means.prefix(one.features)), kind: .diagonal,
      covariances: variances, levels: one.levels,
      probabilities: zip(one.levels, one.probabilities).map { Array($1.prefix($0)) })
  }

  /// The weight of a background: half a row for each component (or state), a hundredth at most.
  package static func backgroundShare(components: Int, rows: Double) -> Double {
    min(0.01, 0.5 * Double(components) / (rows + Double(components)))
  }

  /// The mixture with one more component.
  ///
  /// Where few rows make a component, or columns depend on each other closely, a new row can lie a hundred standard deviations
  /// off; it then costs some nats, not thousands. Tied and spherical covariances have no room for another kind of component and
  /// stay as they are.
  ///
  /// - Parameters:
  ///   - background: One component of the same columns.
  ///   - share: Its weight, above 0 and below 1.
  /// - Returns: Full or diagonal covariances as before, and one component more.
  /// - Throws: `MixtureError`.
  package func withBackground(_ background: GaussianMixture, share: Double) throws(MixtureError) -> GaussianMixture {
    guard kind == .full || kind == .diagonal else { return self }
    var covariance = background.covarianceMatrix(0)
    if kind == .diagonal {
      let matrix = covariance
      covariance = (0..<features).map { matrix[$0 * features + $0] }
    }
    return try GaussianMixture(
      features: features, weights: weights.map { $0 * (1 - share) } + [share], means: means + background.means,
      kind: kind, covariances: covariances + covariance, levels: levels,
      probabilities: zip(probabilities, background.probabilities).map { $0 + $1 })
  }
}
