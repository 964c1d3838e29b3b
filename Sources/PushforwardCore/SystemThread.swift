#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A thread of the operating system, for work that blocks or runs long; to be joined or detached, once.
package final class SystemThread: @unchecked Sendable {
  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private let thread: pthread_t

  /// Starts a thread with a stack of 8 MiB; `nil` when the system has none left.
  package init?(_ body: @escaping @Sendable () -> Void) {
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, 8 << 20)
    defer { pthread_attr_destroy(&attributes) }
    let work = Unmanaged.passRetained(Work(body))
    let failure = pthread_create(
      &thread, &attributes,
      { context in
        #if canImport(Darwin)
          let pointer = context
        #else
          let pointer = context!
        #endif
        Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    #if canImport(Glibc)
      if failure == 0 {
        self.thread = thread
        return
      }
    #else
      if failure == 0, let thread {
        self.thread = thread
        return
      }
    #endif
    work.release()
    return nil
  }

  /// Waits until the body has returned.
  package func join() { pthread_join(thread, nil) }

  /// Lets the thread run on alone.
  package func detach() { pthread_detach(thread) }
}
