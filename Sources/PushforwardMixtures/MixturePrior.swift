import PushforwardCore

/// Pseudo-rows that keep every component usable: maximum a posteriori instead of maximum likelihood.
///
/// Added to the log-likelihood are `dirichlet`·Σ log πₖ, the same for the categories' probabilities around the columns'
/// own shares, and for each component −(a/2)(log|Σₖ| + tr(Σₖ⁻¹T)) − (κ/2)(μₖ − m)ᵀΣₖ⁻¹(μₖ − m), with m the columns'
/// means and T their covariance over components^(2/d): an inverse-Wishart and normal prior of the form of Fraley &
/// Raftery (2007), "Bayesian regularization for normal mixture estimation", far weaker than theirs.
public struct MixturePrior: Sendable, Equatable, Codable {
  /// Pseudo-rows a component with the covariance of the whole table, shrunk (a); above 0.
  public var covarianceRows: Double
  /// Pseudo-rows a component at the table's mean (κ).
  public var meanRows: Double
  /// Pseudo-rows of each component.
  public var dirichlet: Double
  /// Pseudo-rows of each component spread over the levels of a category column as the table's own.
  public var categoryRows: Double

  /// A prior; by default one that is worth about one row a component.
  public init(
    covarianceRows: Double = 1, meanRows: Double = 0.01, dirichlet: Double = 1, categoryRows: Double = 1
  ) {
    self.covarianceRows = covarianceRows
    self.meanRows = meanRows
    self.dirichlet = dirichlet
    self.categoryRows = categoryRows
  }
}

/// What the prior is centred on: one component fitted to all rows, in standardised columns.
struct PriorCentre: Sendable {
  /// Covariance of the table (`d x d`), shrunk; never singular.
  let scale: [Double]
  /// Share of each level of each category column, none zero.
  let shares: [[Double]]
  let rowWeight: Double
}
