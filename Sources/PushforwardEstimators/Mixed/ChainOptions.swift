/// What the fit of a typed chain may be told.
public struct ChainOptions: Sendable, Equatable {
  /// Chains to fit, each with the columns in another order: the table's, that from last to first, then random ones.
  ///
  /// Several are averaged in probability, with the weights that suit the held-out rows best.
  public var orders = 1

  /// One chain in the table's order.
  public init() {}
}
