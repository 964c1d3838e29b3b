import Foundation
import Pushforward
import Testing

/// What `selfcheck` asks of models that are no flows.
@Suite struct ModelCheckTests {
  private static func table(_ rows: Int) throws -> Table {
    let e = Draws.normal(rows, 3, seed: 3)
    let kind = (0..<rows).map { e[$0, 0] < 0 ? "a" : "b" }
    return try Table([
      ("kind", .categories(CategoryColumn(kind))),
      ("x", .numbers(NumberColumn((0..<rows).map { (kind[$0] == "a" ? 2 : 0) + e[$0, 1] }))),
      ("y", .numbers(NumberColumn((0..<rows).map { e[$0, 1] + e[$0, 2] }))),
    ])
  }

  @Test(arguments: [ModelKind.gmm, .kde, .mixed, .hmm, .vae, .nsf])
  func soundModelsPass(kind: ModelKind) throws {
    var options = quick(kind, epochs: 2)
    (options.components, options.sequences.states) = (2, 2)
    if kind == .nsf { (options.columns, options.given) = (["x", "y"], ["kind"]) }
    let findings = try ModelCheck(Models.fit(Self.table(300), options: options)).findings()
    #expect(findings.count >= 3)
    for finding in findings { #expect(finding.isPassed, "\(finding.name): \(finding.error)") }
  }

  @Test func drawsThatAreNotTheModelsFail() throws {
    let options = FitOptions(model: .gmm)
    let model = try #require(try Models.fit(Self.table(400), options: options) as? MixtureModel)
    let findings = try ModelCheck(Shifted(model: model)).findings()
    #expect(findings.contains { $0.name.hasPrefix("x: draws") && !$0.isPassed })
  }
}

/// A mixture whose draws of `x` are off by half.
private struct Shifted: TableModel {
  static var family: ModelFamily { MixtureModel.family }
  let model: MixtureModel

  init(model: MixtureModel) { self.model = model }
  init(from archive: ModelArchive) throws { model = try MixtureModel(from: archive) }

  var schema: Schema { model.schema }
  var record: FitRecord { model.record }
  var columns: [String] { model.columns }
  var conditions: [(name: String, storage: Column.Storage)] { model.conditions }
  var requiredColumns: [(name: String, storage: Column.Storage)] { model.requiredColumns }
  var decimals: [String: Int] { model.decimals }
  var leftOut: [Encoder.LeftOut] { model.leftOut }
  var traits: ModelTraits { model.traits }

  static func fit(
    _ table: Table, options: FitOptions, shouldStop: () -> Bool, progress: (FitEvent) -> Void
  ) throws -> Shifted {
    try Shifted(model: MixtureModel.fit(table, options: options, shouldStop: shouldStop, progress: progress))
  }

  func score(_ table: Table, workers: WorkerPool?) throws -> RowScores { try model.score(table, workers: workers) }
  func store(in archive: inout ModelArchive) throws { try model.store(in: &archive) }
  func complete(_ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?) throws -> Table {
    try model.complete(table, seed: seed, firstRow: firstRow, draw: draw, workers: workers)
  }
  func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    try model.predict(table, target: target, options: options, workers: workers)
  }
  func sample(count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?) throws -> Table {
    let drawn = try model.sample(count: count, given: given, seed: seed, firstRow: firstRow, workers: workers)
    return try Table(
      drawn.columns.map { name, column in
        (name: name, column: name == "x" ? .numbers(try NumberColumn(drawn.numbers("x").map { $0 + 0.5 })) : column)
      })
  }
}
