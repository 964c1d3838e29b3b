import Foundation
import Pushforward
import Testing

/// What a model draws is what it scores, however it is asked.
@Suite struct AgreementTests {
  @Test(arguments: [ModelKind.nsf, .maf, .nsfCoupling, .gaussian])
  func drawnRowsEncodeToStandardNormals(kind: ModelKind) throws {
    let model = try DensityModel.fit(Draws.mixture(600, seed: 1), options: quick(kind, epochs: 12))
    let z = try model.encode(model.sample(count: 3000, seed: 2))
    // Exceeded once in a thousand: 1.95 / sqrt(3000).
    for column in 0..<2 {
      let distance = distanceFromNormal(z.column(column).map(Double.init))
      #expect(distance < 0.036, "\(kind.rawValue), feature \(column): \(distance)")
    }
    let products = (0..<z.rows).map { Double(z[$0, 0] * z[$0, 1]) }
    #expect(abs(mean(products)) < 0.07)
  }

  @Test func densitiesIntegrateToOneAndDrawsHaveTheirMeanLogDensity() throws {
    let x = Draws.normal(500, 1, seed: 3).values.map { $0 < 0 ? 0.5 * $0 : $0 + 1 }
    let model = try DensityModel.fit(Table(numbers: ["x": x]), options: quick(.nsf, epochs: 15))
    let step = 0.002
    let grid = (0..<20_000).map { -15 + step * Double($0) }
    let logProb = try model.score(Table(numbers: ["x": grid])).logProb
    let mass = logProb.reduce(0) { $0 + exp($1) } * step
    #expect(abs(mass - 1) < 2e-3, "mass \(mass)")
    let entropy = -logProb.reduce(0) { $0 + ($1 > -700 ? exp($1) * $1 : 0) } * step
    let drawn = try model.evaluate(model.sample(count: 10_000, seed: 4)).model
    #expect(abs(drawn.mean + entropy) < 4 * drawn.standardError + 2e-3, "\(drawn.mean), entropy \(entropy)")
  }

  @Test func sameFitForAnyNumberOfWorkers() throws {
    let table = try Draws.conditional(500, seed: 5)
    var models: [DensityModel] = []
    for workers in [1, 2, 5, 2] {
      var options = quick(.nsf, epochs: 3)
      (options.columns, options.given, options.workers) = (["y"], ["x", "kind"], workers)
      options.batchSize = 300
      options.dropout = 0.1
      models.append(try DensityModel.fit(table, options: options))
    }
    #expect(Set(models.map(\.record.fingerprint)).count == 1)
    let scores = try models.map { try $0.score(table, workers: WorkerPool(workers: 3)).logProb }
    #expect(scores.allSatisfy { $0 == scores[0] })
    #expect(try models[0].score(table).logProb == scores[0])
  }

  @Test func aDrawDependsOnSeedAndNumberAlone() throws {
    let model = try DensityModel.fit(Draws.mixture(200, seed: 6), options: quick(.maf, epochs: 2))
    let long = try model.sample(count: 300, seed: 7)
    #expect(try model.sample(count: 10, seed: 7) == long.selecting(rows: 0..<10))
    #expect(try model.sample(count: 50, seed: 7, firstRow: 130) == long.selecting(rows: 130..<180))
    #expect(try model.sample(count: 300, seed: 7, workers: WorkerPool(workers: 3)) == long)
    #expect(try model.sample(count: 10, seed: 8) != long.selecting(rows: 0..<10))
    let none = try model.sample(count: 0, seed: 7)
    #expect(none.rowCount == 0 && none.names == ["a", "b"])
  }

  @Test func columnsMatchByName() throws {
    let table = try Draws.mixture(300, seed: 8)
    let model = try DensityModel.fit(table, options: quick(.nsf, epochs: 3))
    let extra = try Table(
      [("other", .categories(CategoryColumn([String?](repeating: "text", count: 300))))]
        + ["b", "a"].map { (name: $0, column: try table.column($0)) })
    #expect(try model.score(extra).logProb == model.score(table).logProb)
    #expect(throws: TableError.unknownColumn(name: "b", available: ["a"])) {
      try model.score(table.selecting(columns: ["a"]))
    }
  }

  @Test func rowsWithMissingCellsAreReported() throws {
    let full = try Draws.mixture(300, seed: 9)
    var (a, b) = (try full.numbers("a"), try full.numbers("b"))
    (a[3], b[7], b[8]) = (.nan, .nan, .nan)
    let table = try Table(numbers: ["a": a, "b": b])
    let model = try DensityModel.fit(table, options: quick(.maf, epochs: 3))
    #expect(model.record.trainingRows + model.record.heldOutRows == 297)
    #expect(model.record.leftOutNote?.contains("3") == true)
    let scores = try model.score(table)
    #expect(scores.logProb.indices.filter { scores.logProb[$0].isNaN } == [3, 7, 8])
    #expect(scores.scoredRows.count == 297)
    #expect(scores.leftOutNote?.contains("a") == true && scores.leftOutNote?.contains("b") == true)
    #expect(try model.score(full).logProb[5] == scores.logProb[5])
  }

  @Test func aFitInATaskIsCancelledWithIt() async throws {
    let table = try Draws.mixture(300, seed: 10)
    let task = Task {
      try await DensityModel.fit(table, options: quick(.maf, epochs: 1_000_000)) { _ in }
    }
    try await Task.sleep(for: .milliseconds(100))
    task.cancel()
    #expect(try await task.value.record.stopReason == .interrupted)
  }
}
