/// Choices in fitting an encoder.
public struct EncoderOptions: Sendable, Equatable {
  /// The transform of a modelled column.
  public enum Transform: String, Sendable, CaseIterable {
    /// Shift and scale to mean 0 and variance 1, after a logarithm where that fits better.
    case standard
    /// Monotone Gaussianisation through a density fitted to the column alone.
    case marginal
  }

  /// Which columns with a recording step are spread over their cells in training.
  public enum Jitter: String, Sendable, CaseIterable {
    /// All that have a step.
    case stepped
    /// Whole numbers only.
    case wholeNumbers = "whole_numbers"
  }

  /// The transform of modelled columns.
  public var transform = Transform.marginal
  /// Which columns are jittered in training.
  public var jitter = Jitter.stepped
  /// Whether the standard transform may take the logarithm of positive, heavy-tailed columns; a schema's `log` decides
  /// for its column.
  public var allowsLog = true
  /// Whether decoded reals are rounded to their recording step, as whole numbers always are.
  public var roundsReals = true

  /// The defaults.
  public init() {}
}
