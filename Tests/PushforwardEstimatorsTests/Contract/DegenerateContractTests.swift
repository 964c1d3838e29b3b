import Foundation
import Pushforward
import Testing

/// Poor tables: every model is fitted, or says in one line why it cannot be; nothing it answers is no number.
@Suite struct DegenerateContractTests {
  static let tables: [String: Table] = {
    func table(_ columns: [String: [Double]]) -> Table {
      try! Table(
        columns.sorted { $0.key < $1.key }.map { ($0, .numbers(try! NumberColumn($1))) }
          + [ContractTables.runs(columns.values.first?.count ?? 0)])
    }
    let e = Draws.normal(60, 2, seed: 4)
    let normal = (0..<60).map { e[$0, 0] }
    return [
      "one row": table(["a": [1.5], "b": [-2]]),
      "two identical rows": table(["a": [1.5, 1.5], "b": [-2, -2]]),
      "three rows": table(["a": [1, 2, 4], "b": [0.5, -1, 3]]),
      "many identical rows": table(["a": [Double](repeating: 3, count: 40), "b": [Double](repeating: 7, count: 40)]),
      "one column": table(["a": normal]),
      "a constant column": table(["a": normal, "b": [Double](repeating: 7, count: 60)]),
      "a column twice": table(["a": normal, "b": normal]),
      "one point far out": table(["a": normal.dropLast() + [1e6], "b": (0..<60).map { e[$0, 1] }]),
      "two values": table(["a": (0..<60).map { Double($0 % 2) }, "b": (0..<60).map { e[$0, 1] }]),
    ]
  }()

  @Test(arguments: ContractCase.all, tables.keys.sorted())
  func answersAreNumbersOrALine(one: ContractCase, name: String) throws {
    let table = try #require(Self.tables[name])
    let columns = table.names.filter { $0 != "run" }
    let model: any TableModel
    do {
      model = try one.fit(table, columns) {
        $0.components = 5
        $0.sequences.states = 4
        $0.maximumEpochs = 3
      }
    } catch {
      let line = "\(error)"
      #expect(error is EstimatorError || error is TableError || error is TrainingError, "\(line)")
      #expect(!line.isEmpty && !line.contains("\n"))
      return
    }
    let scores = try model.alone(table)
    #expect(scores.allSatisfy { $0.isFinite }, "\(scores.first { !$0.isFinite } ?? 0)")
    #expect(!model.record.heldOut.isNaN || [.mixture, .chain].contains(one.kind))
    let drawn = try model.independentDraws(20, seed: 1)
    for column in model.columns {
      #expect(try drawn.column(column).numbers?.values.allSatisfy(\.isFinite) ?? true, "\(column)")
    }
    let again = try Models.open(bytes: model.encoded())
    #expect(try again.alone(table) == scores)
    if model.traits.completes && columns.count > 1 {
      let holes = try table.selecting(columns: ["a", "run"])
      let filled = try model.complete(holes, seed: 1, firstRow: 0, draw: 0, workers: nil)
      #expect(try filled.column("b").numbers?.values.allSatisfy(\.isFinite) ?? true)
    }
  }

  /// A component on one point, a state that is never visited, a level that comes once.
  @Test func degenerateComponentsEndInUsableModels() throws {
    let table = try Table([
      ("a", .numbers(NumberColumn((0..<40).map { $0 < 20 ? 3 : 5 }))),
      ("b", .numbers(NumberColumn((0..<40).map { $0 < 20 ? 7 : -1 }))), ContractTables.runs(40),
    ])
    for kind in [ModelKind.gmm, .hmm] {
      var options = FitOptions(model: kind, columns: ["a", "b"], seed: 1)
      (options.components, options.sequences.states, options.sequences.column) = (6, 6, "run")
      let model = try Models.fit(table, options: options)
      #expect(try model.alone(table).allSatisfy(\.isFinite))
      let choice = model.record.choice ?? ""
      #expect(choice.contains("none of the rows") || kind == .gmm, "\(choice)")
    }
    let rare = (0..<60).map { $0 == 30 ? "rare" : $0 % 2 == 0 ? "even" : "odd" }
    let levels = try Table([
      ("kind", .categories(CategoryColumn(rare))), ("x", .numbers(NumberColumn((0..<60).map { Double($0 * $0 % 37) }))),
      ContractTables.runs(60),
    ])
    for one in ContractCase.all where one.takesCategories {
      let model = try one.fit(levels, ["kind", "x"]) {
        $0.components = 8
        $0.sequences.states = 8
        $0.maximumEpochs = 3
      }
      #expect(try model.alone(levels).allSatisfy(\.isFinite), "\(one.name)")
      let empty = try Table([
        ("kind", .categories(CategoryColumn(["rare"]))), ("x", .numbers(NumberColumn([1e4]))),
      ])
      #expect(try model.alone(empty).allSatisfy { !$0.isNaN }, "\(one.name)")
    }
  }
}
