import PushforwardCore
import Synchronization
import Testing

@Suite struct OrderedPipelineTests {
  private struct Failure: Error, Equatable { var place: String }

  /// A source of `count` numbers that fails instead of giving out number `failing`.
  private static func numbers(_ count: Int, failing: Int? = nil) -> () throws -> Int? {
    var next = 0
    return {
      if next == failing { throw Failure(place: "read") }
      if next == count { return nil }
      defer { next += 1 }
      return next
    }
  }

  /// Work that takes longer for some pieces than for others.
  private static func slow(_ piece: Int) -> Int {
    var x = UInt64(piece) + 1
    for _ in 0..<(piece % 7) * 2000 { x = x &* 6_364_136_223_846_793_005 &+ 1 }
    return x == 0 ? -1 : piece
  }

  @Test(
    arguments: [1, 2, 3, 8],
    [0, 1, 2, 500]) func resultsComeInOrder(workers: Int, count: Int) throws
  {
    var written: [Int] = []
    try OrderedPipeline.run(
      workers: workers, read: Self.numbers(count), work: { Self.slow($0) }, write: { written.append($0) })
    #expect(written == Array(0..<count))
  }

  @Test(arguments: [1, 2, 5])
  func readingAndWritingAreForOneThread(workers: Int) throws {
    let inside = Atomic(0)
    func alone<T>(_ body: () throws -> T) rethrows -> T {
      #expect(inside.add(1, ordering: .relaxed).newValue == 1)
      defer { inside.subtract(1, ordering: .relaxed) }
      return try body()
    }
    let read = Self.numbers(200)
    var total = 0
    try OrderedPipeline.run(
      workers: workers, read: { try alone { try read() } }, work: { Self.slow($0) }, write: { total += $0 })
    #expect(total == 199 * 100)
    total = 0
    try OrderedPipeline.run(
      workers: workers, read: Self.numbers(200), work: { Self.slow($0) }, write: { piece in alone { total += piece } })
    #expect(total == 199 * 100)
  }

  @Test(arguments: [1, 2, 4]) func fewPiecesAreInMemory(workers: Int) throws {
    let open = Atomic(0)
    let read = Self.numbers(300)
    var most = 0
    try OrderedPipeline.run(
      workers: workers,
      read: {
        let piece = try read()
        if piece != nil { most = max(most, open.add(1, ordering: .relaxed).newValue) }
        return piece
      }, work: { Self.slow($0) }, write: { _ in open.subtract(1, ordering: .relaxed) })
    #expect(most <= 2 * workers + 2)
  }

  @Test(arguments: [1, 2, 4])
  func failuresEndTheJobInOrder(workers: Int) {
    var written: [Int] = []
    #expect(throws: Failure(place: "read")) {
      try OrderedPipeline.run(
        workers: workers, read: Self.numbers(100, failing: 30), work: { Self.slow($0) }, write: { written.append($0) })
    }
    #expect(written == Array(0..<30))
    written = []
    #expect(throws: Failure(place: "work")) {
      try OrderedPipeline.run(
        workers: workers, read: Self.numbers(100, failing: 50),
        work: { piece in
          if piece >= 40 { throw Failure(place: "work") }
          return Self.slow(piece)
        }, write: { written.append($0) })
    }
    #expect(written == Array(0..<40))
    written = []
    #expect(throws: Failure(place: "write")) {
      try OrderedPipeline.run(
        workers: workers, read: Self.numbers(.max), work: { Self.slow($0) },
        write: { piece in
          if piece == 20 { throw Failure(place: "write") }
          written.append(piece)
        })
    }
    #expect(written == Array(0..<20))
  }
}
