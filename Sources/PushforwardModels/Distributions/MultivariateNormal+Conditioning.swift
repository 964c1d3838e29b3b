extension MultivariateNormal {
  /// The distribution of some of the coordinates, in the order given.
  ///
  /// - Parameter coordinates: Distinct, each in 0..<dimension, at least one.
  /// - Returns: The marginal, diagonal if this is.
  /// - Throws: `DistributionError.invalidParameter`, or `.notPositiveDefinite` where rounding makes it so.
  public func marginal(_ coordinates: [Int]) throws(DistributionError) -> MultivariateNormal {
    try check(coordinates)
    let part = coordinates.map { mean[$0] }
    switch scale {
    case .diagonal(let deviations):
      return try MultivariateNormal(mean: part, standardDeviations: coordinates.map { deviations[$0] })
    case .full:
      return try MultivariateNormal(mean: part, covariance: block(coordinates, coordinates))
    }
  }

  /// The distribution of the other coordinates, in their order, given values for some.
  ///
  /// mean₁ + Σ₁₂Σ₂₂⁻¹(x₂ − mean₂) with covariance Σ₁₁ − Σ₁₂Σ₂₂⁻¹Σ₂₁.
  /// - Parameters:
  ///   - coordinates: The known ones: distinct, each in 0..<dimension, not all; may be empty.
  ///   - values: Their finite values, in the same order.
  /// - Returns: The conditional, over dimension − coordinates.count coordinates.
  /// - Throws: `DistributionError.shapeMismatch`, `.invalidParameter`, or `.notPositiveDefinite` where rounding makes
  ///   it so.
  public func conditional(
    on coordinates: [Int], values: [Double]
  ) throws(DistributionError) -> MultivariateNormal {
    if coordinates.isEmpty && values.isEmpty { return self }
    try check(coordinates)
    if values.count != coordinates.count {
      throw .shapeMismatch(
        distribution: Self.name, parameter: "values", expected: coordinates.count, found: values.count)
    }
    for (index, value) in values.enumerated() { try Require.finite(value, "values[\(index)]", of: Self.name) }
    let known = Set(coordinates)
    let rest = (0..<dimension).filter { !known.contains($0) }
    try Require.that(!rest.isEmpty, coordinates, "coordinates", of: Self.name, is: "not all of the coordinates")
    guard case .full = scale else { return try marginal(rest) }

    // With Σ₂₂ = L·Lᵀ and rows wᵢ = L⁻¹Σ₂ᵢ: the mean gains wᵢ·L⁻¹(x₂ − mean₂), the covariance loses wᵢ·wⱼ.
    let factor = try Cholesky(block(coordinates, coordinates), dimension: coordinates.count, owner: Self.name)
    let offset = factor.solveLower(zip(coordinates, values).map { $1 - mean[$0] })
    let cross = rest.map { factor.solveLower(block(coordinates, [$0])) }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    var remaining = block(rest, rest)
    for row in rest.indices {
      for column in rest.indices { remaining[row * rest.count + column] -= dot(cross[row], cross[column]) }
    }
    return try MultivariateNormal(
      mean: zip(rest, cross).map { mean[$0] + dot($1, offset) }, covariance: remaining)
  }

  /// KL(self ‖ other) in nats, in closed form.
  ///
  /// - Throws: `DistributionError.shapeMismatch` for a different number of coordinates.
  public func klDivergence(to other: MultivariateNormal) throws(DistributionError) -> Double {
    try requireCount(other.mean, "other.mean")
    let distance = other.whitened(zip(mean, other.mean).map(-)).reduce(0) { $0 + $1 * $1 }
    // With the triangular M = L₂⁻¹L₁: ½Σ(Mᵢᵢ² − 1 − log Mᵢᵢ²) + ½Σ(Mᵢⱼ², i > j), all of one sign.
    var sum = distance
    for column in 0..<dimension {
      let image = other.whitened(factorColumn(column))
      sum += SpecialFunctions.deviance(1, image[column] * image[column])
      sum += image[(column + 1)...].reduce(0) { $0 + $1 * $1 }
    }
    return 0.5 * sum
  }

  private func factorColumn(_ column: Int) -> [Double] {
    switch scale {
    case .diagonal(let deviations): (0..<dimension).map { $0 == column ? deviations[$0] : 0 }
    case .full(let cholesky): (0..<dimension).map { cholesky.factor[$0 * dimension + column] }
    }
  }

  private func block(_ rows: [Int], _ columns: [Int]) -> [Double] {
    let whole = covariance
    return rows.flatMap { row in columns.map { whole[row * dimension + $0] } }
  }

  private func check(_ coordinates: [Int]) throws(DistributionError) {
    let isValid = coordinates.allSatisfy { mean.indices.contains($0) } && Set(coordinates).count == coordinates.count
    try Require.that(
      isValid && !coordinates.isEmpty, coordinates, "coordinates", of: Self.name,
      is: "distinct numbers from 0 to \(dimension - 1), at least one")
  }
}
