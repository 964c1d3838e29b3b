import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Ctrl-C while a model is trained: the first asks training to stop with the best model, the second kills.
enum Interruption {
  private static let flag = Atomic<Bool>(false)

  /// Whether Ctrl-C was pressed since `catchFirst`.
  static var wasRequested: Bool { flag.load(ordering: .relaxed) }

  /// From here on the first Ctrl-C only raises the flag, and with that the handler is gone: the second acts as usual.
  static func catchFirst() {
    flag.store(false, ordering: .relaxed)
    var action = sigaction()
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = { _ in Interruption.flag.store(true, ordering: .relaxed) }
    #elseif canImport(Musl)
      action.__sa_handler.sa_handler = { _ in Interruption.flag.store(true, ordering: .relaxed) }
    #else
      action.__sigaction_handler.sa_handler = { _ in Interruption.flag.store(true, ordering: .relaxed) }
    #endif
    action.sa_flags = Int32(bitPattern: UInt32(truncatingIfNeeded: SA_RESETHAND)) | SA_RESTART
    sigaction(SIGINT, &action, nil)
    // A parent may have started this program with the signal blocked.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// A closed pipe is reported by the write that meets it instead of killing the program.
  static func ignoreClosedPipes() { signal(SIGPIPE, SIG_IGN) }
}
