import PushforwardCore

extension GaussianMixture {
  /// The distribution of some of the columns.
  ///
  /// - Parameters:
  ///   - columns: Numeric columns to keep, distinct, in the order wanted.
  ///   - categories: Category columns to keep, likewise.
  /// - Returns: A mixture over these columns.
  /// - Throws: `MixtureError.value` for a column that there is not, or twice.
  public func marginal(columns: [Int], categories: [Int] = []) throws(MixtureError) -> GaussianMixture {
    try Self.require(columns, below: features, "columns")
    try Self.require(categories, below: levels.count, "categories")
    return part(weights: weights, columns: columns, categories: categories) { k in
      (columns.map { means[k * features + $0] }, columns.flatMap { row in columns.map { covariance(k, row, $0) } })
    }
  }

  /// The distribution of all other columns given values of some: again a mixture, in closed form.
  ///
  /// - Parameter row: One row whose present cells are what is given; its missing cells are what is asked for.
  /// - Returns: A mixture over the missing numeric and category columns, in their order, each component weighted by its
  ///   posterior probability.
  /// - Throws: `MixtureError` when the row's columns are not those of the mixture, or it is not one row.
  public func conditional(on row: MixtureRows) throws(MixtureError) -> GaussianMixture {
    if row.count != 1 { throw .size(what: "rows to condition on", expected: 1, found: row.count) }
    let posterior = try responsibilities(row).values
    let missing = (0..<features).filter { row.numbers.values[$0].isNaN }
    let observed = (0..<features).filter { !row.numbers.values[$0].isNaN }
    let errors = row.errors.map { errors in observed.map { errors.values[$0] * errors.values[$0] } } ?? []
    let factors = PatternFactors(self, observed: observed, missing: missing, errors: errors, completing: true)
    let (o, m) = (observed.count, missing.count)
    return part(
      weights: posterior, columns: missing, categories: levels.indices.filter { row.codes[$0] < 0 }
    ) { k in
      let mean = missing.indices.map { position -> Double in
        var sum = means[k * features + missing[position]]
        for j in 0..<o {
          sum +=
            factors.regressions[(k * m + position) * o + j]
            * (row.numbers.values[observed[j]] - means[k * features + observed[j]])
        }
        return sum
      }
      return (mean, Array(factors.conditionals[k * m * m..<(k + 1) * m * m]))
    }
  }

  /// A mixture over a choice of columns, each component's mean and full covariance over them given.
  private func part(
    weights: [Double], columns: [Int], categories: [Int], _ component: (Int) -> (mean: [Double], covariance: [Double])
  ) -> GaussianMixture {
    let width = columns.count
    var means: [Double] = []
    var covariances: [Double] = []
    for k in 0..<components {
      let (mean, matrix) = component(k)
      means += mean
      switch kind {
      case .full: covariances += matrix
      case .tied: if k == 0 { covariances = matrix }
      case .diagonal: covariances += (0..<width).map { matrix[$0 * width + $0] }
      case .spherical: if width > 0 { covariances.append(matrix[0]) }
      }
    }
    return GaussianMixture(
      unchecked: width, weights: weights, means: means, kind: kind, covariances: covariances,
      levels: categories.map { levels[$0] }, probabilities: categories.map { probabilities[$0] })
  }

  private static func require(_ chosen: [Int], below count: Int, _ what: String) throws(MixtureError) {
    if !chosen.allSatisfy({ (0..<count).contains($0) }) || Set(chosen).count != chosen.count {
      throw .value(what: what, expected: "distinct numbers from 0 to \(count - 1)", found: "\(chosen)")
    }
  }
}
