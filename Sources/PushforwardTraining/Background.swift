import PushforwardCore
import Synchronization

/// Long work on a thread of its own, for callers that are tasks.
package enum Background {
  private final class Flag: Sendable {
    let raised = Atomic(false)
  }

  /// Runs `body` on a new thread; the closure it gets says whether the calling task was cancelled.
  ///
  /// - Throws: What `body` throws; `EngineError.noThread`.
  package static func run<Result: Sendable>(
    _ body: @escaping @Sendable (_ isCancelled: () -> Bool) throws -> Result
  ) async throws -> Result {
    let flag = Flag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let thread = SystemThread {
          continuation.resume(
            with: Swift.Result { try body { flag.raised.load(ordering: .relaxed) } })
        }
        if let thread { thread.detach() } else { continuation.resume(throwing: EngineError.noThread) }
      }
    } onCancel: {
      flag.raised.store(true, ordering: .relaxed)
    }
  }
}
