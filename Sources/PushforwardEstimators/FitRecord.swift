import PushforwardEvaluation
import PushforwardTraining

/// How a model came about; stored with it.
public struct FitRecord: Codable, Sendable, Equatable {
  /// The model fitted.
  public var model: ModelKind
  /// Why this model, where the choice was left to the fit.
  public var choice: String?
  /// Rows of the table.
  public var tableRows: Int
  /// Rows trained on.
  public var trainingRows: Int
  /// Rows held out.
  public var heldOutRows: Int
  /// Rows left out for missing cells, in words; `nil` when there were none.
  public var leftOutNote: String?
  /// Sizes and settings; `nil` for models in closed form.
  public var plan: FitPlan?
  /// Numbers trained.
  public var parameterCount: Int
  /// Why training ended; `nil` for models in closed form.
  public var stopReason: StopReason?
  /// Epochs trained, and the epoch of the best weights.
  public var epochs: Double
  /// Epoch of the best held-out likelihood.
  public var bestEpoch: Double
  /// Recoveries from non-finite steps, in words.
  public var recoveries: [String]
  /// Mean log-likelihood of the held-out rows, nats a row in data units; of the training rows when none were held out.
  public var heldOut: Double
  /// Standard error of `heldOut`.
  public var heldOutStandardError: Double
  /// The same rows under independent columns.
  public var heldOutIndependent: Double
  /// The same rows under one full-covariance normal distribution.
  public var heldOutGaussian: Double
  /// Seconds the fit took.
  public var seconds: Double
  /// Hash of the trained numbers, 16 hexadecimal digits.
  public var fingerprint: String
  /// Seed.
  public var seed: UInt64
  /// The scores of the held-out rows, for tail probabilities; `nil` in files that do not have them.
  public var heldOutScores: ScoreDistribution?

  private enum CodingKeys: String, CodingKey {
    case model, choice, plan, epochs, recoveries, seconds, fingerprint, seed
    case tableRows = "table_rows"
    case trainingRows = "training_rows"
    case heldOutRows = "held_out_rows"
    case leftOutNote = "left_out_note"
    case parameterCount = "parameter_count"
    case stopReason = "stop_reason"
    case bestEpoch = "best_epoch"
    case heldOut = "held_out_log_likelihood"
    case heldOutStandardError = "held_out_standard_error"
    case heldOutIndependent = "held_out_independent"
    case heldOutGaussian = "held_out_gaussian"
    case heldOutScores = "held_out_scores"
  }
}
