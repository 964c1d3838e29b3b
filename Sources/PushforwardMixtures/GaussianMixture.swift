import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A mixture whose components are normal in the numbers and independent in the categories.
///
/// p(x, c) = Σₖ πₖ N(x; μₖ, Σₖ) Πⱼ θₖⱼ(cⱼ): a Gaussian mixture where there are no categories, a latent class model where
/// there is nothing else. Missing cells are marginalised exactly. Densities are in the units of the rows, masses for
/// categories; logarithms in nats.
public struct GaussianMixture: Sendable, Equatable {
  /// Number of components.
  public var components: Int { weights.count }
  /// Number of numeric columns.
  public let features: Int
  /// Probability of each component; they sum to one.
  public let weights: [Double]
  /// Means, row-major `components x features`.
  public let means: [Double]
  /// What the covariances are.
  public let kind: CovarianceKind
  /// Numbers of the covariances, row-major: `components x features x features` (full), `features x features` (tied),
  /// `components x features` (diagonal) or `components` (spherical).
  public let covariances: [Double]
  /// Number of levels of each category column.
  public let levels: [Int]
  /// For each category column, row-major `components x levels`: the probability of each level.
  public let probabilities: [[Double]]

  /// A mixture of given parameters.
  ///
  /// - Parameters:
  ///   - features: Number of numeric columns.
  ///   - weights: One a component, not negative; divided by their sum.
  ///   - means: `components x features`, finite.
  ///   - kind: What the covariances are.
  ///   - covariances: See the property; symmetric, diagonals positive.
  ///   - levels: Number of levels of each category column.
  ///   - probabilities: For each category column `components x levels`, not negative; each row is divided by its sum.
  /// - Throws: `MixtureError.size` or `.value`.
  public init(
    features: Int, weights: [Double], means: [Double], kind: CovarianceKind, covariances: [Double],
    levels: [Int] = [], probabilities: [[Double]] = []
  ) throws(MixtureError) {
    let count = weights.count
    if count < 1 { throw .size(what: "components", expected: 1, found: 0) }
    if means.count != count * features {
      throw .size(what: "means", expected: count * features, found: means.count)
    }
    let size = Self.covarianceCount(kind, components: count, features: features)
    if covariances.count != size { throw .size(what: "covariances", expected: size, found: covariances.count) }
    if probabilities.count != levels.count {
      throw .size(what: "category tables", expected: levels.count, found: probabilities.count)
    }
    for (column, table) in probabilities.enumerated() where table.count != count * levels[column] {
      throw .size(what: "category table \(column)", expected: count * levels[column], found: table.count)
    }
    self.weights = try Self.normalised(weights, "weights")
    if let bad = means.first(where: { !$0.isFinite }) {
      throw .value(what: "means", expected: "finite numbers", found: "\(bad)")
    }
    self.features = features
    self.means = means
    self.kind = kind
    self.covariances = covariances
    self.levels = levels
    var tables: [[Double]] = []
    for (column, table) in probabilities.enumerated() {
      let width = levels[column]
      var rows: [Double] = []
      for component in 0..<count {
        rows += try Self.normalised(
          Array(table[component * width..<(component + 1) * width]), "probabilities of category \(column)")
      }
      tables.append(rows)
    }
    self.probabilities = tables
    for component in 0..<count {
      for feature in 0..<features {
        let variance = self.covariance(component, feature, feature)
        if !(variance > 0 && variance.isFinite) {
          throw .value(
            what: "variance of column \(feature) in component \(component)", expected: "a positive number",
            found: "\(variance)")
        }
      }
    }
    if let bad = covariances.first(where: { !$0.isFinite }) {
      throw .value(what: "covariances", expected: "finite numbers", found: "\(bad)")
    }
  }

  /// How many numbers the covariances have.
  static func covarianceCount(_ kind: CovarianceKind, components: Int, features: Int) -> Int {
    switch kind {
    case .full: components * features * features
    case .tied: features * features
    case .diagonal: components * features
    case .spherical: features > 0 ? components : 0
    }
  }

  private static func normalised(_ values: [Double], _ what: String) throws(MixtureError) -> [Double] {
    if let bad = values.first(where: { !($0 >= 0 && $0.isFinite) }) {
      throw .value(what: what, expected: "finite numbers, not negative", found: "\(bad)")
    }
    let sum = values.reduce(0, +)
    if !(sum > 0) { throw .value(what: "sum of \(what)", expected: "positive", found: "\(sum)") }
    // Already normalised, but for rounding: kept, so that a file gives back the same bits.
    return abs(sum - 1) <= Double(values.count) * 0x1p-52 ? values : values.map { $0 / sum }
  }

  /// One entry of a component's covariance matrix.
  public func covariance(_ component: Int, _ row: Int, _ column: Int) -> Double {
    switch kind {
    case .full: covariances[(component * features + row) * features + column]
    case .tied: covariances[row * features + column]
    case .diagonal: row == column ? covariances[component * features + row] : 0
    case .spherical: row == column ? covariances[component] : 0
    }
  }

  /// A component's covariance matrix, row-major.
  public func covarianceMatrix(_ component: Int) -> [Double] {
    (0..<features).flatMap { row in (0..<features).map { covariance(component, row, $0) } }
  }

  /// A component's mean.
  public func mean(_ component: Int) -> [Double] {
    Array(means[component * features..<(component + 1) * features])
  }

  /// Numbers that a fit chooses: what BIC counts.
  public var freeParameters: Int {
    let triangle = features * (features + 1) / 2
    let covariance =
      switch kind {
      case .full: components * triangle
      case .tied: triangle
      case .diagonal: components * features
      case .spherical: features > 0 ? components : 0
      }
    return components - 1 + components * features + covariance
      + components * levels.reduce(0) { $0 + $1 - 1 }
  }

  /// The Bayesian information criterion, −2·log-likelihood + parameters·log(rows): smaller is better.
  ///
  /// - Parameters:
  ///   - logLikelihood: Sum over the rows, in nats.
  ///   - rows: Number of rows, or the sum of their weights.
  /// - Returns: The criterion, in nats times two.
  public func bic(logLikelihood: Double, rows: Double) -> Double {
    -2 * logLikelihood + Double(freeParameters) * log(rows)
  }

  /// The same mixture with every column shifted and scaled: x becomes shift + scale·x.
  ///
  /// A spherical mixture becomes diagonal unless all scales are equal.
  package func mapped(scale: [Double], shift: [Double]) -> GaussianMixture {
    let d = features
    var means = self.means
    for place in means.indices { means[place] = shift[place % d] + scale[place % d] * means[place] }
    var kind = self.kind
    var covariances = self.covariances
    switch kind {
    case .full, .tied:
      for place in covariances.indices {
        covariances[place] *= scale[place / d % d] * scale[place % d]
      }
    case .diagonal:
      for place in covariances.indices { covariances[place] *= scale[place % d] * scale[place % d] }
    case .spherical:
      if let first = scale.first, scale.allSatisfy({ $0 == first }) {
        for place in covariances.indices { covariances[place] *= first * first }
      } else {
        kind = .diagonal
        covariances = self.covariances.flatMap { variance in scale.map { variance * $0 * $0 } }
      }
    }
    return GaussianMixture(
      unchecked: d, weights: weights, means: means, kind: kind, covariances: covariances, levels: levels,
      probabilities: probabilities)
  }

  init(
    unchecked features: Int, weights: [Double], means: [Double], kind: CovarianceKind, covariances: [Double],
    levels: [Int], probabilities: [[Double]]
  ) {
    self.features = features
    self.weights = weights
    self.means = means
    self.kind = kind
    self.covariances = covariances
    self.levels = levels
    self.probabilities = probabilities
  }
}
