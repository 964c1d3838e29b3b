import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a model is trained.
public struct TrainingSettings: Codable, Sendable, Equatable {
  /// Rows a step.
  public var batchSize = 256
  /// Passes over the training rows at most.
  public var maximumEpochs = 200
  /// AdamW's rate at its highest.
  public var learningRate = 1e-3
  /// Part of the planned steps over which the rate rises linearly from zero.
  public var warmUp = 0.02
  /// The rate falls along a cosine to this part of its highest.
  public var finalRate = 0.01
  /// L2 term on weight matrices (decoupled, as in AdamW); 0 for none.
  public var weightDecay = 1e-4
  /// Largest global norm of a gradient.
  public var clipNorm = 5.0
  /// Decay of the moving average of the weights, per step; 0 for none.
  ///
  /// The average is what is validated and returned.
  public var averageDecay = 0.995
  /// Stop after so many validations without improvement.
  public var patience = 20
  /// Stop after so many seconds; `nil` for no limit.
  ///
  /// A limit makes the result depend on the machine's speed.
  public var maximumSeconds: Double?
  /// Steps between validations at most; a validation also ends every epoch.
  public var validationInterval = 2000
  /// Seed of initial weights, shuffling and dropout.
  public var seed: UInt64 = 0
  /// Momentum of the running statistics of batch normalization.
  public var statisticMomentum = 0.05
  /// Whether layers that can start from data do so; `false` continues an earlier training.
  public var startsFromData = true

  /// The defaults above.
  public init() {}

  /// Throws `EngineError.invalidSetting` for a value outside its range.
  public func validate() throws {
    func require(_ holds: Bool, _ name: String, _ expected: String, _ found: Any) throws {
      if !holds { throw EngineError.invalidSetting(name: name, expected: expected, found: "\(found)") }
    }
    try require(batchSize > 0, "batch size", "at least 1", batchSize)
    try require(maximumEpochs > 0, "epochs", "at least 1", maximumEpochs)
    try require(learningRate > 0 && learningRate.isFinite, "learning rate", "a positive number", learningRate)
    try require((0...1).contains(warmUp), "warm-up", "0 to 1", warmUp)
    try require((0...1).contains(finalRate), "final rate", "0 to 1", finalRate)
    try require(weightDecay >= 0, "weight decay", "not negative", weightDecay)
    try require(clipNorm > 0, "clipping norm", "a positive number", clipNorm)
    try require((0..<1).contains(averageDecay), "average decay", "at least 0 and below 1", averageDecay)
    try require(patience > 0, "patience", "at least 1", patience)
    try require(maximumSeconds.map { $0 > 0 } ?? true, "maximum seconds", "a positive number", maximumSeconds ?? 0)
    try require(validationInterval > 0, "validation interval", "at least 1", validationInterval)
  }

  /// The rate of a step, given how much of the plan is done (0 to 1).
  public func rate(progress: Double) -> Double {
    if progress < warmUp { return learningRate * max(progress, 1e-4) / warmUp }
    let done = min(1, (progress - warmUp) / max(1 - warmUp, 1e-9))
    return learningRate * (finalRate + (1 - finalRate) * 0.5 * (1 + cos(.pi * done)))
  }
}
