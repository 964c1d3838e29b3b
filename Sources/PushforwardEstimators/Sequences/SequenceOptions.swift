import PushforwardModels

/// What a fit of a hidden Markov model may be told.
public struct SequenceOptions: Sendable {
  /// What the states emit.
  public enum Emission: String, Sendable, Codable, CaseIterable {
    /// One normal distribution a state, any covariance.
    case gaussian
    /// One normal distribution a state, independent columns.
    case diagonal
    /// Two or three normal distributions a state.
    case mixture
    /// A flow conditional on the state, on top of one normal distribution a state.
    case flow
  }

  /// The column that names the sequence of each row; `nil`: the whole table is one.
  public var column: String?
  /// Number of states; `nil`: held-out rows choose.
  public var states: Int?
  /// What the states emit in the numeric columns; `nil`: held-out rows choose.
  public var emission: Emission?
  /// The flow, where the states emit by one.
  public var flow = FlowFamily.nsf

  /// Everything is chosen.
  public init() {}
}
