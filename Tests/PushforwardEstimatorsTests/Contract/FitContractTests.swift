import Foundation
import Pushforward
import Testing

/// What every model promises of its fit, its file and the order of rows.
@Suite struct FitContractTests {
  static let all = ContractCase.all

  @Test(arguments: all) func orderAndWorkersDoNotMatterToScores(one: ContractCase) throws {
    let model = try one.numbers()
    let table = ContractTables.numbers
    let order = RandomStream(seed: 9, purpose: .shuffle).permutation(count: table.rowCount).map { Int($0) }
    let scores = try model.alone(table)
    let shuffled = try model.alone(table.selecting(rows: order), workers: WorkerPool(workers: 3))
    // Kernel densities leave out what is below 1e-9, and what that is depends on the rows beside.
    for (place, row) in order.enumerated() {
      let gap = abs(shuffled[place] - scores[row])
      #expect(gap < 1e-6 * max(1, abs(scores[row])), "\(shuffled[place]), \(scores[row])")
    }
  }

  @Test(arguments: all) func sameSeedSameModel(one: ContractCase) throws {
    let first = try one.numbers()
    let second = try one.fit(ContractTables.numbers, ["a", "b"]) { $0.workers = 1 }
    #expect(first.record.fingerprint == second.record.fingerprint)
    let table = ContractTables.numbers.selecting(rows: 0..<24)
    #expect(try first.alone(table) == second.alone(table))
    #expect(try first.independentDraws(20, seed: 4) == second.independentDraws(20, seed: 4))
  }

  @Test(arguments: all) func filesGiveBackTheSameBits(one: ContractCase) throws {
    let models = try [one.numbers()] + (one.takesCategories ? [one.both()] : [])
    for (model, table) in zip(models, [ContractTables.numbers, ContractTables.both]) {
      let again = try Models.open(bytes: model.encoded())
      #expect(try again.encoded() == model.encoded())
      #expect(try again.alone(table) == model.alone(table))
      #expect(try again.independentDraws(20, seed: 4) == model.independentDraws(20, seed: 4))
      #expect(again.traits == model.traits && again.columns == model.columns)
    }
  }

  @Test(arguments: all) func drawsAreNumbered(one: ContractCase) throws {
    let model = try one.numbers()
    let whole = try model.sample(count: 40, given: model.aRun, seed: 7, firstRow: 0, workers: nil)
    let part = try model.sample(count: 15, given: model.aRun, seed: 7, firstRow: 20, workers: WorkerPool(workers: 2))
    #expect(try part.column("b").numbers!.values == Array(whole.column("b").numbers!.values[20..<35]))
    #expect(try model.sample(count: 0, given: model.aRun, seed: 7, firstRow: 0, workers: nil).rowCount == 0)
    #expect(try model.alone(ContractTables.numbers.selecting(rows: [])).isEmpty)
  }

  @Test(arguments: all.filter(\.hasExactWeights)) func weightTwoIsTheRowTwice(one: ContractCase) throws {
    let base = ContractTables.numbers
    // Whole sequences at a time.
    let weights = (0..<base.rowCount).map { Double($0 / 12 % 3) }
    let weighted = try Table(base.columns.map { (name: $0, column: $1) } + [("w", .numbers(NumberColumn(weights)))])
    var (rows, runs): ([Int], [String]) = ([], [])
    for run in 0..<base.rowCount / 12 {
      for copy in 0..<run % 3 {
        rows += run * 12..<run * 12 + 12
        runs += (0..<12).map { _ in "\(run), \(copy)" }
      }
    }
    let repeated = try Table(
      base.selecting(rows: rows).columns.filter { $0.key != "run" }.map { (name: $0.key, column: $0.value) }
        + [("run", .categories(CategoryColumn(runs)))])
    func settle(_ options: inout FitOptions) {
      options.heldOutFraction = 0
      options.maximumEpochs = 500
      // The scale of columns is chosen on rows, whatever their weights.
      options.encoder.transform = .standard
    }
    let once = try one.fit(weighted, ["a", "b"]) {
      settle(&$0)
      $0.weights = "w"
    }
    let twice = try one.fit(repeated, ["a", "b"]) { settle(&$0) }
    let (first, second) = (try once.alone(base), try twice.alone(base))
    let gap = zip(first, second).map { abs($0 - $1) }.max() ?? 0
    #expect(gap < 0.02, "\(gap)")
  }

  @Test(arguments: all.filter { !["stack", "auto", "cvae", "nsf-given"].contains($0.name) })
  func rowsWithoutWeightLeaveNoTrace(one: ContractCase) throws {
    let base = ContractTables.numbers
    let values = try base.column("a").numbers!.values
    // A sequence has one weight: here every row is one.
    let columns = base.columns.filter { $0.key != "run" }.map { (name: $0.key, column: $0.value) }
    let names = Column.categories(CategoryColumn(values.indices.map { String($0) }))
    let table = try Table(
      columns + [("run", names), ("w", .numbers(NumberColumn(values.map { $0 < 0.5 ? 0 : 1 })))])
    let model = try one.fit(table, ["a", "b"]) { $0.weights = "w" }
    let scores = try model.alone(table)
    let (seen, unseen) = (values.indices.filter { values[$0] > 0.5 }, values.indices.filter { values[$0] < -0.5 })
    #expect(mean(unseen.map { scores[$0] }) < mean(seen.map { scores[$0] }) - 2)
  }
}
