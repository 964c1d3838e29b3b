import Foundation
import Pushforward
import Testing

/// A kind of model under contract, and how a small one is made of a table.
struct ContractCase: Sendable, CustomTestStringConvertible {
  /// What it is called; the kind's name, and more where a kind comes in several forms.
  let name: String
  /// What is fitted; composites are made of others.
  let kind: ModelKind
  /// Changes the options of a quick fit.
  var adjust: @Sendable (inout FitOptions) -> Void = { _ in }

  var testDescription: String { name }

  /// Every kind of the registry, and forms that go other ways inside.
  static let all: [ContractCase] =
    ModelKind.allCases.filter { $0 != .cvae && $0 != .mixedFlow }.map { ContractCase(name: $0.rawValue, kind: $0) } + [
      ContractCase(name: "hmm-flow", kind: .hmm) { $0.sequences.emission = .flow },
      ContractCase(name: "hmm-mixture", kind: .hmm) { $0.sequences.emission = .mixture },
      ContractCase(name: "gmm-diagonal", kind: .gmm) { $0.covariance = .diagonal },
      // Given the run, and asked about one of them.
      ContractCase(name: "cvae", kind: .cvae) { $0.given = ["run"] },
      ContractCase(name: "nsf-given", kind: .nsf) { $0.given = ["run"] },
    ]

  /// The kinds that take categories; one of them needs one.
  static let ofCategories: [ContractCase] =
    all.filter(\.takesCategories) + [ContractCase(name: "mixed-flow", kind: .mixedFlow)]

  /// Whether the model takes categories.
  var takesCategories: Bool {
    [
      "mixed", "gmm", "gmm-diagonal", "kde", "hmm", "hmm-flow", "hmm-mixture", "auto", "mixture", "chain", "vae",
      "cvae",
    ]
    .contains(name)
  }
  /// Whether a fit is in closed form or by expectation and maximisation on whole rows, so that weights are repetitions.
  ///
  /// Not for kernel densities: a row that comes twice is its own neighbour when one of the two is left out to choose the
  /// bandwidths; one with weight 2 is not.
  var hasExactWeights: Bool { ["gaussian", "gmm", "gmm-diagonal", "hmm"].contains(name) }
  /// Whether the marginals of columns that stand before others are learned, and so only nearly the joint's.
  var hasLearnedMarginals: Bool { ["mixed", "auto", "vae", "cvae"].contains(name) }

  /// Options of a fit of a fraction of a second.
  func options(_ columns: [String]) -> FitOptions {
    var options = FitOptions(model: kind, columns: columns, seed: 3)
    options.transforms = 2
    options.hidden = [12, 12]
    options.batchSize = 64
    options.maximumEpochs = 12
    options.learningRate = 1e-2
    options.dropout = 0
    options.components = 2
    options.sequences.states = 2
    options.sequences.column = "run"
    options.workers = 2
    adjust(&options)
    return options
  }

  /// A model of some columns of a table, which has a column `run` besides.
  func fit(
    _ table: Table, _ columns: [String], _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> any TableModel {
    func part(_ kind: ModelKind, _ columns: [String], given: [String] = []) throws -> any TableModel {
      var options = ContractCase(name: kind.rawValue, kind: kind).options(columns)
      options.given = given
      change(&options)
      return try Models.fit(table, options: options)
    }
    switch kind {
    case .mixture:
      return try ModelMixture([part(.gmm, columns), part(.kde, columns)], weights: [0.6, 0.4])
    case .chain:
      guard columns.count > 1 else { return try ModelChain([part(.gmm, columns)]) }
      return try ModelChain([
        part(.gmm, Array(columns.dropFirst())), part(.kde, Array(columns.prefix(1)), given: Array(columns.dropFirst())),
      ])
    case .stack:
      guard let flow = try part(.nsf, columns) as? DensityModel else { throw ContractError.notAFlow }
      return try Models.stack(
        on: flow, table: table, options: ContractCase(name: "gmm", kind: .gmm).options([])
      ).model
    default:
      var options = options(columns)
      change(&options)
      return try Models.fit(table, options: options)
    }
  }

  enum ContractError: Error { case notAFlow }

  // MARK: Models made once

  /// Of two numbers.
  static let ofNumbers = made(all) { try $0.fit(ContractTables.numbers, ["a", "b"]) }
  /// Of a number and a category.
  static let ofBoth = made(ofCategories) { try $0.fit(ContractTables.both, ["a", "kind"]) }

  private static func made(
    _ cases: [ContractCase], _ make: (ContractCase) throws -> any TableModel
  ) -> [String: Result<any TableModel, any Error>] {
    Dictionary(uniqueKeysWithValues: cases.map { one in (one.name, Result { try make(one) }) })
  }

  /// The model of two numbers.
  func numbers() throws -> any TableModel { try #require(Self.ofNumbers[name]).get() }
  /// The model of a number and a category.
  func both() throws -> any TableModel { try #require(Self.ofBoth[name]).get() }
}

/// Tables for contracts, and grids over them.
enum ContractTables {
  static let rows = 240

  /// A sequence of 12 rows each.
  static func runs(_ rows: Int) -> (name: String, column: Column) {
    ("run", .categories(CategoryColumn((0..<rows).map { "run \($0 / 12)" })))
  }

  /// Two groups in the plane.
  static let numbers: Table = {
    let (e, u) = (Draws.normal(rows, 2, seed: 1), Draws.uniform(rows, 1, seed: 2))
    let isFirst = (0..<rows).map { u[$0, 0] < 0.4 }
    return try! Table([
      ("a", .numbers(NumberColumn((0..<rows).map { (isFirst[$0] ? -1 : 2) + 0.7 * e[$0, 0] }))),
      ("b", .numbers(NumberColumn((0..<rows).map { (isFirst[$0] ? 1 : -1) + 0.8 * e[$0, 1] + 0.3 * e[$0, 0] }))),
      runs(rows),
    ])
  }()

  /// The groups' names in place of the second number, wrong in some rows.
  static let both: Table = {
    let (e, u) = (Draws.normal(rows, 1, seed: 1), Draws.uniform(rows, 2, seed: 2))
    let isFirst = (0..<rows).map { u[$0, 0] < 0.4 }
    return try! Table([
      ("a", .numbers(NumberColumn((0..<rows).map { (isFirst[$0] ? -1 : 2) + 0.7 * e[$0, 0] }))),
      (
        "kind",
        .categories(CategoryColumn((0..<rows).map { (isFirst[$0] == (u[$0, 1] > 0.1)) ? "first" : "second" }))
      ),
      runs(rows),
    ])
  }()

  /// Places along an axis, the midpoints of equal steps.
  static func places(_ count: Int, _ bound: Double) -> [Double] {
    (0..<count).map { bound * (2 * (Double($0) + 0.5) / Double(count) - 1) }
  }

  /// Cells of a square, and the area of one.
  static func square(_ count: Int = 140, bound: Double = 9) throws -> (table: Table, area: Double) {
    let axis = places(count, bound)
    let table = try Table([
      ("a", .numbers(NumberColumn(axis.flatMap { x in axis.map { _ in x } }))),
      ("b", .numbers(NumberColumn(axis.flatMap { _ in axis }))),
    ])
    return (table, (2 * bound / Double(count)) * (2 * bound / Double(count)))
  }

  /// Cells of a line for each kind (`nil`: missing), and the length of one.
  static func lines(_ kinds: [String?], _ count: Int = 1200, bound: Double = 12) throws -> (table: Table, step: Double)
  {
    let axis = places(count, bound)
    let table = try Table([
      ("a", .numbers(NumberColumn(kinds.flatMap { _ in axis }))),
      ("kind", .categories(CategoryColumn(kinds.flatMap { kind in axis.map { _ in kind } }))),
    ])
    return (table, 2 * bound / Double(count))
  }
}

extension TableModel {
  /// log p of rows that have nothing to do with each other: each is a sequence of its own to a model of sequences.
  func alone(_ table: Table, workers: WorkerPool? = nil) throws -> [Double] {
    guard traits.isSequential else { return try score(given(in: table), workers: workers).logProb }
    let names = (0..<table.rowCount).map { String($0) }
    let columns = table.columns.filter { $0.key != "run" }.map { (name: $0.key, column: $0.value) }
    return try score(Table([("run", .categories(CategoryColumn(names)))] + columns), workers: workers).logProb
  }

  /// A run, for models that are given one.
  var aRun: Table? {
    given.contains("run") ? try! Table([("run", .categories(CategoryColumn(["run 0"])))]) : nil
  }

  /// A table with the run beside the rows that have none, for models that are given one.
  func given(in table: Table) throws -> Table {
    guard given.contains("run"), table["run"] == nil else { return table }
    let runs = CategoryColumn([String](repeating: "run 0", count: table.rowCount))
    return try Table(table.columns.map { (name: $0.key, column: $0.value) } + [("run", .categories(runs))])
  }

  /// Draws that have nothing to do with each other.
  func independentDraws(_ count: Int, seed: UInt64) throws -> Table {
    guard let sequences = self as? SequenceModel else {
      return try sample(count: count, given: aRun, seed: seed, firstRow: 0, workers: WorkerPool(workers: 2))
    }
    return try sequences.sampleSequences(count: count, length: 1, seed: seed)
  }
}
