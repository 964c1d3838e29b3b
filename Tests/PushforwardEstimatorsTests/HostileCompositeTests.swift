import Foundation
import PushforwardEstimators
import PushforwardInterchange
import PushforwardTables
import Testing

/// As `HostileModelTests`, for mixtures, kernel densities and composites.
@Suite struct HostileCompositeTests {
  static func fit(_ kind: ModelKind) throws -> any TableModel {
    var options = FitOptions(model: kind, columns: ["x", "n", "day"], given: ["kind"], seed: 1)
    options.components = 2
    return try Models.fit(HostileModelTests.table, options: options)
  }

  static func make(_ name: String) throws -> any TableModel {
    switch name {
    case "gmm": return try fit(.gmm)
    case "kde": return try fit(.kde)
    case "mixture":
      return try Models.mixture(of: [fit(.gmm), fit(.kde)], on: HostileModelTests.table, gated: true).model
    case "stack":
      return try Models.stack(
        on: HostileModelTests.fit(.gaussian), table: HostileModelTests.table, options: FitOptions(model: .gmm)
      ).model
    default:
      let kinds = try Models.fit(HostileModelTests.table, options: FitOptions(model: .gmm, columns: ["kind"]))
      return try Models.chain(of: [kinds, fit(.gmm)])
    }
  }

  @Test(arguments: ["gmm", "kde", "mixture", "chain", "stack"])
  func liesAreRefusedOrHarmless(name: String) throws {
    let table = HostileModelTests.table
    let file = try SafeTensors(bytes: Self.make(name).encoded())
    let keys = file.metadata.keys.filter { $0.hasSuffix("model") }.sorted()
    var random = HostileModelTests.Random(state: 11)
    var loaded = 0
    for round in 0..<60 {
      let key = keys[round % keys.count]
      let text = try #require(file.metadata[key])
      let description = try JSONSerialization.jsonObject(with: Data(text.utf8))
      var leaves = 0
      _ = HostileModelTests.replacing(description, at: -1, count: &leaves, by: { $0 })
      let target = Int(random.next() % UInt64(max(leaves, 1)))
      let choice = Int(random.next() % UInt64(HostileModelTests.lies.count))
      var count = 0
      let changed = HostileModelTests.replacing(description, at: target, count: &count) { _ in
        HostileModelTests.lies[choice]
      }
      let lie = try JSONSerialization.data(withJSONObject: changed, options: [.sortedKeys])
      var metadata = file.metadata
      metadata[key] = String(decoding: lie, as: UTF8.self)
      let bytes = try HostileModelTests.repacked(file, metadata: metadata)
      guard let model = try? Models.open(bytes: bytes) else { continue }
      loaded += 1
      _ = try? model.score(table, workers: nil)
      _ = try? model.evaluate(table)
      let given = try table.selecting(columns: ["kind"]).selecting(rows: 0..<1)
      _ = try? model.sample(count: 3, given: given, seed: 0, firstRow: 0, workers: nil)
      _ = try? model.sample(count: 3, given: nil, seed: 0, firstRow: 0, workers: nil)
      let part = try table.selecting(columns: ["x", "kind"]).selecting(rows: 0..<3)
      _ = try? model.complete(part, seed: 0, firstRow: 0, draw: 0, workers: nil)
      for target in ["n", "kind"] {
        _ = try? model.predict(
          part, target: target, options: PredictionOptions(draws: 2), workers: nil)
      }
    }
    #expect(loaded > 0)
  }
}
