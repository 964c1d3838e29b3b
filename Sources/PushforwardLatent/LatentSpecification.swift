import PushforwardCore
import PushforwardModels

/// What a variational autoencoder is made of, as data: all that is needed, with its parameters, to build it again.
public struct LatentSpecification: Codable, Sendable, Equatable {
  /// The modelled columns.
  public var columns: [ColumnLikelihood]
  /// Features of what is given with every row: input of encoder and decoder, and of the prior if that is a flow.
  ///
  /// 0 for a plain autoencoder.
  public var contextFeatures: Int
  /// Features of the latent space.
  public var latentFeatures: Int
  /// The encoder's hidden layers.
  public var encoder: NetworkSettings
  /// The decoder's hidden layers.
  public var decoder: NetworkSettings
  /// The distribution of the latent value; a standard normal when `nil`.
  public var prior: FlowSpecification?
  /// The flow behind the encoder's normal distribution, if any.
  public var posterior: PosteriorFlow?
  /// Scales of normal columns are at least this much of the column's own scale.
  public var scaleFloor: Double
  /// Whether the encoder is told which cells are missing (else it sees zeros, the columns' means).
  public var flagsMissing: Bool

  /// Two hidden layers of 256 each, a standard normal prior and a normal posterior by default.
  public init(
    columns: [ColumnLikelihood], contextFeatures: Int = 0, latentFeatures: Int? = nil,
    encoder: NetworkSettings = NetworkSettings(hidden: [256, 256]),
    decoder: NetworkSettings = NetworkSettings(hidden: [256, 256]), prior: FlowSpecification? = nil,
    posterior: PosteriorFlow? = nil, scaleFloor: Double = 0.01, flagsMissing: Bool = false
  ) {
    self.columns = columns
    self.contextFeatures = contextFeatures
    self.latentFeatures = latentFeatures ?? Self.defaultLatentFeatures(columns: columns.count)
    self.encoder = encoder
    self.decoder = decoder
    self.prior = prior
    self.posterior = posterior
    self.scaleFloor = scaleFloor
    self.flagsMissing = flagsMissing
  }

  /// Twice the square root of the number of columns, 2 to 32: 6 for ten columns, 16 for 64, 32 from 256.
  public static func defaultLatentFeatures(columns: Int) -> Int {
    min(32, max(2, Int((2 * Double(columns).squareRoot()).rounded())))
  }

  /// A prior given what is given: a normal distribution whose means and scales a small network computes.
  public static func conditionalNormalPrior(
    features: Int, contextFeatures: Int, network: NetworkSettings = NetworkSettings(hidden: [64])
  ) -> FlowSpecification {
    FlowSpecification(
      family: "normal", features: features, contextFeatures: contextFeatures,
      bijection: .coupling(
        isTransformed: [Bool](repeating: true, count: features), transformer: .affine, network: network))
  }

  /// Checks every size and that the parts fit.
  ///
  /// - Throws: `EngineError`.
  public func validate() throws {
    func require(_ holds: Bool, _ name: String, _ expected: String, _ found: Any) throws {
      if !holds { throw EngineError.invalidSetting(name: name, expected: expected, found: "\(found)") }
    }
    let limit = FlowSpecification.maximumFeatures
    try require((1...limit).contains(columns.count), "columns", "1 to \(limit)", columns.count)
    try require((1...4096).contains(latentFeatures), "latent features", "1 to 4096", latentFeatures)
    try require((0...limit).contains(contextFeatures), "context features", "0 to \(limit)", contextFeatures)
    try require(scaleFloor > 0 && scaleFloor.isFinite, "smallest scale", "above 0", scaleFloor)
    for (index, column) in columns.enumerated() { try column.validate(name: "likelihood of column \(index + 1)") }
    let outputs = columns.reduce(0) { $0 + $1.parameterCount }
    try require(outputs <= 1 << 20, "numbers a row that the decoder gives", "at most \(1 << 20)", outputs)
    for network in [encoder, decoder] {
      try network.validate()
      try require(network.hidden.count <= 256, "hidden layers", "at most 256", network.hidden.count)
      for width in network.hidden {
        try require(width <= FlowSpecification.maximumWidth, "hidden width", "at most \(limit)", width)
      }
    }
    try posterior?.validate()
    if let prior {
      if prior.features != latentFeatures {
        throw EngineError.featureCount(operation: "prior", expected: latentFeatures, found: prior.features)
      }
      if prior.contextFeatures != 0 && prior.contextFeatures != contextFeatures {
        throw EngineError.featureCount(
          operation: "prior, context", expected: contextFeatures, found: prior.contextFeatures)
      }
    }
  }
}
