import Foundation
import Pushforward
import PushforwardEstimators
import PushforwardTables
import PushforwardTraining
import Testing

private func cache(_ table: Table, seed: UInt64 = 1) throws -> TableCache {
  try TableCache(
    TableBatches(table), name: "table", directory: FileManager.default.temporaryDirectory.path, seed: seed)
}

@Suite struct CacheFitTests {
  @Test func aCachedTableIsLearntAsWell() throws {
    // Sorted, so that neighbours are alike: what shuffling has to undo.
    let drawn = try Draws.mixture(4000, seed: 1)
    let order = (0..<4000).sorted { drawn["a"]!.numbers!.values[$0] < drawn["a"]!.numbers!.values[$1] }
    let sorted = drawn.selecting(rows: order)
    let fresh = try Draws.mixture(3000, seed: 2)
    let inMemory = try DensityModel.fit(drawn, options: quick(.nsf, epochs: 20))
    let cached = try DensityModel.fit(cache(sorted), options: quick(.nsf, epochs: 20))
    let (memory, disk) = (mean(try inMemory.score(fresh).logProb), mean(try cached.score(fresh).logProb))
    #expect(abs(memory - disk) < 0.06, "in memory \(memory), from the cache \(disk)")
    #expect(cached.record.heldOutRows > 300 && cached.record.heldOutRows < 500)
    #expect(cached.record.trainingRows + cached.record.heldOutRows == 4000)
  }

  @Test func sameBitsForAnyNumberOfWorkers() throws {
    let cached = try cache(Draws.mixture(3000, seed: 3))
    let prints = try [1, 2, 3].map { workers in
      var options = quick(.maf, epochs: 3)
      options.workers = workers
      return try DensityModel.fit(cached, options: options).record.fingerprint
    }
    #expect(Set(prints).count == 1)
  }

  @Test func smallWindowsBringEveryRowOnceAPass() throws {
    let table = try Draws.correlated(5000, seed: 4)
    let cached = try cache(table)
    let encoder = try Encoder(fitting: table, schema: Schema(inferring: table))
    let workers = WorkerPool(workers: 2)
    let source = try CachedSource(
      cached, encoder: encoder, weights: nil, lowestKey: 0.1, seed: 1, workers: workers, windowRows: 600)
    #expect(source.rowCount == (0..<5000).count { RowKey.value(seed: 1, row: $0) >= 0.1 })
    var firstRows: [[Float]] = []
    for epoch in 0..<2 {
      var seen: [Float] = []
      source.beginEpoch(epoch, workers: workers)
      var kept: [Int32] = []
      while seen.count < source.rowCount - 50 {
        let count = try source.advance(keeping: kept[...], workers: workers)
        let (x, rest) = (
          UnsafeMutablePointer<Float>.allocate(capacity: 2 * count), UnsafeMutablePointer<Float>.allocate(capacity: 1)
        )
        defer {
          x.deallocate()
          rest.deallocate()
        }
        // All but the last fifty are used; those stay for the next part.
        let rows = (0..<Int32(max(0, count - 50))).map { $0 }
        rows.withUnsafeBufferPointer { source.load($0, epoch: epoch, x: x, context: rest, weights: rest) }
        seen += (0..<rows.count).map { x[2 * $0] }
        kept = (Int32(count - 50)..<Int32(count)).map { $0 }
      }
      #expect(Set(seen).count == seen.count, "no row comes twice")
      firstRows.append(Array(seen.prefix(100)))
    }
    #expect(firstRows[0] != firstRows[1], "another order in every pass")
  }

  @Test func conditionsWeightsAndGapsComeThrough() throws {
    let table = try Draws.conditional(3000, seed: 5)
    let gaps = try Table([
      ("x", .numbers(NumberColumn(table.numbers("x").enumerated().map { $0 % 11 == 0 ? .nan : $1 }))),
      ("kind", table.column("kind")), ("y", table.column("y")),
      ("w", .numbers(NumberColumn((0..<3000).map { Double($0 % 3) }))),
    ])
    var options = quick(.nsf, epochs: 25)
    (options.columns, options.given, options.weights) = (["y"], ["x", "kind"], "w")
    let model = try Models.fit(cache(gaps), options: options)
    let fresh = try Draws.conditional(2000, seed: 6)
    let score = mean(try model.score(fresh, workers: nil).logProb)
    // The truth: -log(0.3) - log(2 pi e) / 2.
    #expect(abs(score - -0.215) < 0.12)
    #expect(model.record.leftOutNote?.contains("x (273)") == true)
    options.weights = "kind"
    #expect(throws: EstimatorError.self) { try Models.fit(cache(gaps), options: options) }
  }

  @Test func tablesThatAreNoNumbersGetAChainFromASample() throws {
    var table = try Draws.conditional(400, seed: 7)
    var options = quick(.auto, epochs: 2)
    var told: [String] = []
    let model = try Models.fit(
      cache(table), options: options,
      progress: { event in
        if case .stage(let line) = event { told.append(line) }
      })
    #expect(model.record.model == .mixed)
    #expect(told.contains { $0.contains("400 of 400 rows") })
    table = try Draws.correlated(400, seed: 8)
    options.model = .hmm
    #expect(throws: EstimatorError.self) { try Models.fit(cache(table), options: options) }
  }
}
