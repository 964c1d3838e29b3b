import CKernels
import Testing

/// Counts of the items that a pool has run, one slot an item; no slot is shared by two items.
private final class Tally {
  let counts: UnsafeMutablePointer<Int32>
  let size: Int
  init(_ size: Int) {
    self.size = size
    counts = .allocate(capacity: size)
    counts.initialize(repeating: 0, count: size)
  }
  deinit { counts.deallocate() }

  func run(_ pool: OpaquePointer, items: Int) {
    pf_pool_run(pool, items, { context, item, _ in context!.assumingMemoryBound(to: Int32.self)[item] += 1 }, counts)
  }
}

@Suite struct PoolTests {
  @Test("every item runs exactly once", arguments: [1, 2, 5]) func everyItemOnce(workers: Int) throws {
    let pool = try #require(pf_pool_create(workers))
    defer { pf_pool_destroy(pool) }
    #expect(pf_pool_workers(pool) == workers)
    let tally = Tally(64)
    var expected = [Int32](repeating: 0, count: 64)
    for run in 0..<5000 {
      let items = run * 7 % 65
      tally.run(pool, items: items)
      for item in 0..<items { expected[item] += 1 }
    }
    #expect((0..<64).allSatisfy { tally.counts[$0] == expected[$0] })
  }

  @Test("workers are numbered below the pool's size, and two are never the same at once") func workerNumbers() throws {
    let workers = 5
    let pool = try #require(pf_pool_create(workers))
    defer { pf_pool_destroy(pool) }
    // One slot a worker, 64 bytes apart, counted without atomics: two threads with one number would lose counts.
    let slots = UnsafeMutablePointer<Int>.allocate(capacity: workers * 8)
    defer { slots.deallocate() }
    slots.initialize(repeating: 0, count: workers * 8)
    for _ in 0..<200 {
      pf_pool_run(
        pool, 500, { context, _, worker in context!.assumingMemoryBound(to: Int.self)[worker * 8] += 1 }, slots)
    }
    #expect((0..<workers).reduce(0) { $0 + slots[$1 * 8] } == 200 * 500)
  }

  @Test("pools come and go, one inside the other's life") func createAndDestroy() throws {
    for round in 0..<200 {
      let outer = try #require(pf_pool_create(1 + round % 4))
      let inner = try #require(pf_pool_create(3))
      let tally = Tally(9)
      if round % 3 != 0 { tally.run(inner, items: 9) }
      pf_pool_destroy(inner)
      tally.run(outer, items: 9)
      pf_pool_destroy(outer)
      #expect((0..<9).allSatisfy { tally.counts[$0] == (round % 3 != 0 ? 2 : 1) })
    }
    pf_pool_destroy(nil)
  }

  @Test("a body may run another pool") func nested() throws {
    let outer = try #require(pf_pool_create(2))
    defer { pf_pool_destroy(outer) }
    let tally = Tally(8)
    pf_pool_run(
      outer, 8,
      { context, item, _ in
        guard let inner = pf_pool_create(2) else { return }
        let counts = context!.assumingMemoryBound(to: Int32.self)
        let inside = Tally(10)
        inside.run(inner, items: 10)
        counts[item] = (0..<10).reduce(0) { $0 + inside.counts[$1] }
        pf_pool_destroy(inner)
      }, tally.counts)
    #expect((0..<8).allSatisfy { tally.counts[$0] == 10 })
  }

  @Test func processorCountIsPositive() { #expect(pf_processor_count() >= 1) }
}
