import Foundation
import Pushforward
import Testing

/// Latent spaces: there, back, and the round trip.
@Suite struct LatentCodingTests {
  @Test func rowsAreReconstructed() throws {
    let table = try LatentModelTests.mixed(300, seed: 8)
    let model = LatentModelTests.fitted
    let codes = try model.codes(table, workers: WorkerPool(workers: 2))
    #expect(codes.latent.rows == 300 && codes.latent.columns == 3 && model.latentNames == ["z1", "z2", "z3"])
    #expect(codes.deviations?.values.allSatisfy { $0 > 0 } ?? false)
    let again = try model.reconstruct(table)
    let right = try zip(again.texts("kind"), table.texts("kind")).count { $0 == $1 }
    #expect(right > 270)
    let differences = try zip(again.numbers("x"), table.numbers("x")).map { abs($0 - $1) }
    #expect(mean(differences) < 1500)
    #expect(try model.decoded(codes.latent, given: nil, workers: nil) == again)
  }

  @Test func aFlowsWayIsOneToOne() throws {
    let table = try Draws.correlated(200, seed: 3)
    let model = try #require(try Models.fit(table, options: quick(.nsf, epochs: 5)) as? DensityModel)
    let gap = try Table(numbers: [
      "a": table.numbers("a"), "b": table.numbers("b").enumerated().map { $0 == 3 ? .nan : $1 },
    ])
    let codes = try model.codes(gap, workers: nil)
    #expect(codes.deviations == nil && codes.latent.rows == 199 && !codes.keptRows.contains(3))
    let again = try model.reconstruct(gap)
    #expect(again.rowCount == 200 && again["a"]?.isMissing(row: 3) == true)
    for row in 0..<200 where row != 3 {
      for name in ["a", "b"] { #expect(abs(try again.numbers(name)[row] - table.numbers(name)[row]) < 1e-3) }
    }
    #expect(throws: EngineError.self) { try model.decoded(Matrix(rows: 1, columns: 3), given: nil, workers: nil) }
  }

  @Test func conditionsAreNeededOnTheWayBack() throws {
    let table = try LatentModelTests.mixed(300, seed: 8)
    let model = try LatentModelTests.fit(table, LatentModelTests.options(.cvae, given: ["kind"], epochs: 2))
    let codes = try model.codes(table, workers: nil)
    #expect(throws: EstimatorError.self) { try model.decoded(codes.latent, given: nil, workers: nil) }
    #expect(try model.reconstruct(table).rowCount == 300)
    let one = try Table([("kind", .categories(CategoryColumn(["red"])))])
    #expect(try model.decoded(codes.latent, given: one, workers: nil).rowCount == 300)
  }
}
