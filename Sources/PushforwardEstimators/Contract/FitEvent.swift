import PushforwardTables
import PushforwardTraining

/// What a fit tells while it runs.
public enum FitEvent: Sendable {
  /// What the columns are, which are modelled, what was left out.
  case prepared(encoder: Encoder, trainingRows: Int, heldOutRows: Int, leftOutNote: String?)
  /// What was chosen.
  case planned(model: ModelKind, plan: FitPlan, parameterCount: Int)
  /// A line for a person: what the fit has read, chosen or found.
  case stage(String)
  /// Training begins, with this many epochs at most.
  case training(epochs: Int)
  /// After each validation; log-likelihoods on the encoder's scale plus the mean log-determinant, so in data units.
  case progress(TrainingProgress)
}
