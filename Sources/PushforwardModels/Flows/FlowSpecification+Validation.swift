import PushforwardCore

/// Bounds on what a specification may ask for, so that one read from a file cannot exhaust memory or reach a trap.
extension FlowSpecification {
  /// Features, and features of a context, at most.
  public static var maximumFeatures: Int { 1 << 16 }
  /// Features of a full matrix (`LULinear`) at most: its size is their square.
  public static var maximumMatrixFeatures: Int { 1 << 12 }
  /// Units of a hidden layer at most.
  public static var maximumWidth: Int { 1 << 16 }

  /// Checks every size.
  ///
  /// - Throws: `EngineError.invalidSetting` or `.featureCount`.
  public func validate() throws {
    try require((1...Self.maximumFeatures).contains(features), "features", "1 to \(Self.maximumFeatures)", features)
    try require(
      (0...Self.maximumFeatures).contains(contextFeatures), "context features", "0 to \(Self.maximumFeatures)",
      contextFeatures)
    try embedding?.validateBounds()
    try bijection.validateBounds(features: features, depth: 0)
    try base.validate()
  }
}

private func require(_ holds: Bool, _ name: String, _ expected: String, _ found: Any) throws {
  if !holds { throw EngineError.invalidSetting(name: name, expected: expected, found: "\(found)") }
}

extension NetworkSettings {
  fileprivate func validateBounds() throws {
    try validate()
    try require(hidden.count <= 256, "hidden layers", "at most 256", hidden.count)
    for width in hidden {
      try require(
        width <= FlowSpecification.maximumWidth, "hidden width", "at most \(FlowSpecification.maximumWidth)", width)
    }
  }
}

extension Transformer {
  fileprivate func validateBounds() throws {
    switch self {
    case .additive: break
    case .affine(let bound):
      try require(bound > 0 && bound.isFinite, "log-scale bound", "a positive number", bound)
    case .afterAffine(let bound, let next):
      if case .afterAffine = next {
        try require(false, "transformer after an affine one", "a single transformer", "another pair")
      }
      try Transformer.affine(logScaleBound: bound).validateBounds()
      try next.validateBounds()
    case .linearSpline(let bins, let bound, let minimumBin):
      try Transformer.rationalQuadraticSpline(bins: bins, bound: bound, minimumBin: minimumBin, minimumSlope: 0.5)
        .validateBounds()
    case .quadraticSpline(let bins, let bound, let minimumBin, let minimumSlope):
      try Transformer.rationalQuadraticSpline(
        bins: bins, bound: bound, minimumBin: minimumBin, minimumSlope: minimumSlope
      ).validateBounds()
    case .rationalQuadraticSpline(let bins, let bound, let minimumBin, let minimumSlope):
      try require((1...64).contains(bins), "spline bins", "1 to 64", bins)
      try require(bound > 0 && bound.isFinite, "spline bound", "a positive number", bound)
      try require(
        minimumBin > 0 && minimumBin * Double(bins) < 1, "smallest spline bin", "positive, below 1 / bins", minimumBin)
      try require(minimumSlope > 0 && minimumSlope < 1, "smallest spline slope", "between 0 and 1", minimumSlope)
    }
  }
}

extension BijectionSpecification {
  fileprivate func validateBounds(features: Int, depth: Int) throws {
    try require(depth < 32, "nesting of bijections", "at most 32 levels", depth)
    switch self {
    case .autoregressive(let transformer, let network):
      try transformer.validateBounds()
      try network.validateBounds()
    case .coupling(let isTransformed, let transformer, let network):
      try require(isTransformed.count == features, "coupling mask", "\(features) entries", isTransformed.count)
      try transformer.validateBounds()
      try network.validateBounds()
    case .planar(let network), .radial(let network):
      try network?.validateBounds()
    case .luLinear:
      let most = FlowSpecification.maximumMatrixFeatures
      try require(features <= most, "features of an LU layer", "at most \(most)", features)
    case .composition(let parts):
      try require(parts.count <= 4096, "parts of a composition", "at most 4096", parts.count)
      for part in parts { try part.validateBounds(features: features, depth: depth + 1) }
    case .inverted(let inner):
      try inner.validateBounds(features: features, depth: depth + 1)
    default:
      // The others are checked where they are made; their sizes are those of the features.
      break
    }
  }
}
