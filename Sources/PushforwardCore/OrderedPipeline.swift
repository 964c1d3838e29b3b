#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A long job in pieces: reads them one by one, works on several at once, and writes the results one by one in their order.
///
/// Every worker takes whatever can be done next: writing first (it frees room), then reading, if pieces to work on are
/// running out, then work. So no stage waits for another as long as there is anything to do, and no more pieces are in
/// memory than about twice the number of workers.
package enum OrderedPipeline {
  /// Runs a job to its end.
  ///
  /// When a stage fails, the pieces before the failed one are still written, none after it, and its error is thrown.
  ///
  /// - Parameters:
  ///   - workers: Threads, the calling one among them; they do not change what is written.
  ///   - read: The next piece, `nil` at the end; called by one thread at a time.
  ///   - work: Called by several threads at once.
  ///   - write: Called by one thread at a time, in the order of reading.
  /// - Throws: What a stage throws.
  package static func run<Piece: Sendable, Output: Sendable>(
    workers: Int = WorkerPool.processorCount, read: @escaping () throws -> Piece?,
    work: @escaping @Sendable (Piece) throws -> Output, write: @escaping (Output) throws -> Void
  ) throws {
    let job = PipelineJob(workers: max(1, workers), read: read, work: work, write: write)
    // Where the system gives no more threads, those there are do all of it.
    let helpers = (1..<max(1, workers)).compactMap { _ in SystemThread { job.takePart() } }
    job.takePart()
    for helper in helpers { helper.join() }
    if let failure = job.failure { throw failure }
  }
}

/// What the threads of a pipeline share.
///
/// Sendable because everything that changes, and the two stages that are for one thread at a time, are guarded by `lock`.
private final class PipelineJob<Piece: Sendable, Output: Sendable>: @unchecked Sendable {
  private enum Step {
    case read
    case work(Int, Piece)
    case write(Result<Output, any Error>)
  }

  private let read: () throws -> Piece?
  private let work: @Sendable (Piece) throws -> Output
  private let write: (Output) throws -> Void
  private let workers: Int

  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var isReading = false
  private var isWriting = false
  /// Nothing more will be read.
  private var isAtEnd = false
  /// Pieces read so far, and results written so far.
  private var readCount = 0
  private var writtenCount = 0
  /// Pieces that nobody works on yet, in order.
  private var waiting: [(index: Int, piece: Piece)] = []
  private var finished: [Int: Result<Output, any Error>] = [:]
  /// Why the job has ended early.
  private(set) var failure: (any Error)?

  init(
    workers: Int, read: @escaping () throws -> Piece?, work: @escaping @Sendable (Piece) throws -> Output,
    write: @escaping (Output) throws -> Void
  ) {
    (self.workers, self.read, self.work, self.write) = (workers, read, work, write)
    lock = .allocate(capacity: 1)
    changed = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(lock)
    lock.deallocate()
    changed.deallocate()
  }

  /// Takes steps until the job is done.
  func takePart() {
    pthread_mutex_lock(lock)
    while failure == nil, !(isAtEnd && writtenCount == readCount) {
      guard let step = nextStep() else {
        pthread_cond_wait(changed, lock)
        continue
      }
      pthread_mutex_unlock(lock)
      let note = take(step)
      pthread_mutex_lock(lock)
      note()
      pthread_cond_broadcast(changed)
    }
    pthread_mutex_unlock(lock)
  }

  /// The most urgent step that can be taken now; marks it as taken.
  private func nextStep() -> Step? {
    if !isWriting, let result = finished.removeValue(forKey: writtenCount) {
      isWriting = true
      return .write(result)
    }
    if !isReading, !isAtEnd, waiting.count < workers, readCount - writtenCount < 2 * workers + 2 {
      isReading = true
      return .read
    }
    if waiting.isEmpty { return nil }
    let next = waiting.removeFirst()
    return .work(next.index, next.piece)
  }

  /// Takes a step, the lock being free; what it returns notes the result and needs the lock.
  private func take(_ step: Step) -> () -> Void {
    switch step {
    case .read:
      let result = Result { try read() }
      return { [self] in
        isReading = false
        switch result {
        case .success(let piece?): waiting.append((readCount, piece))
        case .success(nil):
          isAtEnd = true
          return
        case .failure(let error):
          finished[readCount] = .failure(error)
          isAtEnd = true
        }
        readCount += 1
      }
    case .work(let index, let piece):
      let result = Result { try work(piece) }
      return { [self] in
        finished[index] = result
        if case .failure = result { isAtEnd = true }
      }
    case .write(let result):
      let outcome = result.flatMap { output in Result { try write(output) } }
      return { [self] in
        isWriting = false
        writtenCount += 1
        if case .failure(let error) = outcome { failure = error }
      }
    }
  }
}
