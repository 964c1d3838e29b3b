import PushforwardCore
import PushforwardLatent
import PushforwardModels

/// What a fit of a variational autoencoder may be told; everything left out is chosen.
public struct LatentOptions: Sendable {
  /// How columns of whole numbers are modelled; reals are always normal on their own scale, categories categorical.
  public enum Likelihood: String, Sendable, Codable, CaseIterable {
    /// Values by their own shares where there are few, the shades of pixels as `logistic`, all others as reals.
    case auto
    /// Whole numbers as reals, with a density.
    case gaussian
    /// Whole numbers with the masses of a logistic distribution's cells.
    case logistic
    /// Every value of a whole-number column a category of its own, up to 1024 values.
    case categorical
  }

  /// Features of the latent space.
  public var features: Int?
  /// The flow behind the encoder's normal distribution; `nil`: none.
  public var posterior: PosteriorFlow.Family?
  /// The flow that is the prior; `nil`: a normal distribution.
  public var prior: FlowFamily?
  /// How columns of whole numbers are modelled.
  public var likelihood = Likelihood.auto
  /// Divergence that costs nothing while training, nats a latent feature.
  public var freeBits = 0.0
  /// Epochs over which the divergence's weight rises to 1.
  public var warmUpEpochs: Double?
  /// Draws a row while training: 1 for the evidence bound, more for the importance-weighted one.
  public var trainingDraws = 1
  /// Draws a row for the estimate of a log-likelihood.
  public var scoringDraws = 100
  /// Share of the rows of which some cells are hidden while training, so that the encoder can answer for parts of rows.
  public var hiddenShare: Double?

  /// Everything is chosen.
  public init() {}

  /// Checks what does not depend on the table.
  ///
  /// - Throws: `EngineError.invalidSetting`.
  func validate() throws {
    func require(_ holds: Bool, _ name: String, _ expected: String, _ found: Any) throws {
      if !holds { throw EngineError.invalidSetting(name: name, expected: expected, found: "\(found)") }
    }
    try require((1...4096).contains(features ?? 1), "latent features", "1 to 4096", features ?? 1)
    try require(freeBits >= 0 && freeBits.isFinite, "free bits", "not negative", freeBits)
    let warmUp = warmUpEpochs ?? 0
    try require(warmUp >= 0 && warmUp.isFinite, "epochs of warm-up", "not negative", warmUp)
    try require((1...1000).contains(trainingDraws), "draws a row while training", "1 to 1000", trainingDraws)
    try require((2...1_000_000).contains(scoringDraws), "draws a row to score", "2 to 1000000", scoringDraws)
    let hidden = hiddenShare ?? 0
    try require((0...1).contains(hidden), "share of rows with hidden cells", "0 to 1", hidden)
  }
}
