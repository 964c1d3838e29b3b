import CKernels

/// Numbered pieces of work that are dealt out again and again: unlike a closure's, handing them over allocates nothing.
package protocol PooledWork: AnyObject {
  /// Does one piece; the same whichever worker does it.
  func work(item: Int, worker: Int)
}

/// Threads that deal numbered pieces of work among themselves; the calling thread is one of them.
///
/// Which worker gets which item is not fixed, so results must not depend on it: reduce per item, in item order.
public final class WorkerPool: @unchecked Sendable {
  private let pool: OpaquePointer
  /// Number of workers, the caller included.
  public let workers: Int

  /// Starts `workers - 1` threads; by default one worker for each processor this process may use.
  public init(workers: Int = WorkerPool.processorCount) {
    let wanted = max(1, workers)
    guard let made = pf_pool_create(wanted) ?? pf_pool_create(1) else {
      preconditionFailure("WorkerPool: out of memory")
    }
    pool = made
    self.workers = pf_pool_workers(made)
  }

  deinit { pf_pool_destroy(pool) }

  /// Logical processors this process may use, affinity and container quota respected.
  public static var processorCount: Int { pf_processor_count() }

  /// Runs `body(item, worker)` for every item in `0..<items` and returns when all are done.
  ///
  /// One run at a time: do not call `run` on the same pool from inside `body` or from two threads.
  public func run(items: Int, _ body: (_ item: Int, _ worker: Int) -> Void) {
    if items <= 0 { return }
    if items == 1 || workers == 1 {
      for item in 0..<items { body(item, 0) }
      return
    }
    withoutActuallyEscaping(body) { escapable in
      withUnsafePointer(to: escapable) { pointer in
        pf_pool_run(
          pool, items,
          { context, item, worker in
            context!.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(item, worker)
          }, UnsafeMutableRawPointer(mutating: pointer))
      }
    }
  }

  /// The same for `source.work`, without allocating.
  package func run(items: Int, _ source: any PooledWork) {
    if items <= 0 { return }
    if items == 1 || workers == 1 {
      for item in 0..<items { source.work(item: item, worker: 0) }
      return
    }
    withUnsafePointer(to: source) { pointer in
      pf_pool_run(
        pool, items,
        { context, item, worker in
          context!.assumingMemoryBound(to: (any PooledWork).self).pointee.work(item: item, worker: worker)
        }, UnsafeMutableRawPointer(mutating: pointer))
    }
  }
}
