/// What a component's covariance matrix may be.
public enum CovarianceKind: String, Sendable, Codable, CaseIterable {
  /// Any matrix, one a component.
  case full
  /// Any matrix, the same for all components.
  case tied
  /// Independent columns, each with its own variance.
  case diagonal
  /// Independent columns with one variance (in the units of the rows).
  case spherical
}
