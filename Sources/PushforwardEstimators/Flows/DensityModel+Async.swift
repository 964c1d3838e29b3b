import PushforwardTables
import PushforwardTraining

extension DensityModel {
  /// Fits a model on a thread of its own, so that the caller's executor stays free; cancelling the task ends the fit
  /// with the best model so far.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - options: What is fixed; everything else is chosen.
  ///   - progress: Told what happens, on the fit's thread.
  /// - Returns: The model.
  /// - Throws: as `fit(_:options:shouldStop:progress:)`.
  public static func fit(
    _ table: Table, options: FitOptions = FitOptions(), progress: @escaping @Sendable (FitEvent) -> Void
  ) async throws -> DensityModel {
    try await Background.run { isCancelled in
      try fit(table, options: options, shouldStop: isCancelled, progress: progress)
    }
  }
}
