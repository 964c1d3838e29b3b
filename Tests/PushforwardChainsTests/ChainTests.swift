import Foundation
import PushforwardChains
import PushforwardCore
import PushforwardTraining
import Testing

/// A chain of three columns: a category, a number with an atom and cells, a number without.
@Suite struct ChainTests {
  private static let columns = [
    ChainColumn(name: "kind", atoms: 3, hasContinuous: false),
    ChainColumn(name: "spiked", atoms: 1, hasContinuous: true, positions: [0]),
    ChainColumn(name: "smooth", atoms: 0, hasContinuous: true),
  ]

  private static func settings() -> ChainFitSettings {
    var settings = ChainFitSettings.suggested(rows: 600, columns: 3)
    (settings.network.hidden, settings.network.blocks, settings.network.dropout) = (48, 1, 0.05)
    settings.network.components = 6
    settings.network.pieces = 8
    settings.training.maximumEpochs = 60
    settings.training.batchSize = 64
    settings.training.learningRate = 5e-3
    settings.training.seed = 1
    return settings
  }

  /// `smooth` is normal around the code of `kind` minus one, `spiked` follows `smooth`, or is the atom for one kind.
  private static func rows(_ count: Int, seed: UInt64, order: [Int]? = nil) throws -> ChainRows {
    let u = RandomStream(seed: seed, purpose: .test).split(1).uniform(rows: count, columns: 1) as Matrix<Double>
    let e = RandomStream(seed: seed, purpose: .test).normal(rows: count, columns: 2) as Matrix<Double>
    var (kinds, spiked, smooth): ([Int32], [Int32], [Float]) = ([], [], [])
    var places: [Float] = []
    for row in 0..<count {
      let kind = Int32(u[row, 0] * 3)
      let z = Double(kind) - 1 + 0.3 * e[row, 0]
      kinds.append(kind)
      smooth.append(Float(z))
      spiked.append(kind == 2 ? 0 : 1)
      places.append(Float(0.8 * z + 0.4 * e[row, 1]))
    }
    return try ChainRows([
      ChainCells(codes: kinds), ChainCells(codes: spiked, low: places, high: places),
      ChainCells(codes: [Int32](repeating: 0, count: count), low: smooth, high: smooth),
    ])
  }

  private static let fitted: Result<Chain, any Error> = Result {
    let settings = Self.settings()
    return try Chain.fit(
      rows(600, seed: 1), heldOut: rows(200, seed: 2),
      specification: ChainSpecification(columns: columns, settings: settings.network), training: settings.training,
      workers: WorkerPool(workers: 2)
    ).chain
  }

  private func chain() throws -> Chain { try Self.fitted.get() }

  /// One row with the given cells, many times over, column `index` running through `cells`.
  private func variants(_ row: ChainRows, _ index: Int, _ cells: ChainCells) throws -> ChainRows {
    var result = row.selecting([Int](repeating: 0, count: cells.codes.count))
    result.columns[index] = cells
    return result
  }

  @Test func massesAndDensitiesMakeOne() throws {
    let chain = try chain()
    let row = try Self.rows(1, seed: 5)
    let kinds = try variants(row, 0, ChainCells(codes: [0, 1, 2]))
    let masses = try chain.columnLogProb(kinds).column(0).map { exp(Double($0)) }
    #expect(abs(masses.reduce(0, +) - 1) < 1e-5)

    let grid = (0..<4001).map { Float($0 - 2000) / 200 }
    let points = try variants(
      row, 1, ChainCells(codes: [Int32](repeating: 1, count: grid.count), low: grid, high: grid))
    let density = try chain.columnLogProb(points).column(1).map { exp(Double($0)) }
    let atom = try variants(row, 1, ChainCells(codes: [0], low: [0 as Float], high: [0]))
    let mass = exp(Double(try chain.columnLogProb(atom)[0, 1]))
    #expect(abs(density.reduce(0, +) / 200 + mass - 1) < 1e-3)
  }

  @Test func aCellIsTheIntegralOfThePointsInIt() throws {
    let chain = try chain()
    let row = try Self.rows(1, seed: 6)
    for (low, high) in [(-0.5 as Float, 0.25 as Float), (0.1, 0.1001), (-8, 8), (2, 6)] {
      let grid = (0..<2001).map { low + (high - low) * Float($0) / 2000 }
      let points = try variants(
        row, 2, ChainCells(codes: [Int32](repeating: 0, count: grid.count), low: grid, high: grid))
      let density = try chain.columnLogProb(points).column(2).map { exp(Double($0)) }
      let ends = (density[0] + density[2000]) / 2
      let integral = (density.reduce(0, +) - ends) * Double(high - low) / 2000
      let cell = try variants(row, 2, ChainCells(codes: [0], low: [low], high: [high]))
      let mass = Double(try chain.columnLogProb(cell)[0, 2])
      #expect(abs(mass - log(integral)) < 2e-3, "\(low) to \(high)")
    }
  }

  @Test func earlierColumnsDoNotSeeLaterOnes() throws {
    let chain = try chain()
    let rows = try Self.rows(40, seed: 7)
    let before = try chain.columnLogProb(rows)
    var changed = rows
    changed.columns[2] = try Self.rows(40, seed: 8).columns[2]
    let after = try chain.columnLogProb(changed)
    for column in 0..<2 { #expect(before.column(column) == after.column(column)) }
    #expect(before.column(2) != after.column(2))
  }

  @Test func aFitFindsTheDependence() throws {
    let chain = try chain()
    let rows = try Self.rows(2000, seed: 9)
    let mean = try chain.logProb(rows).reduce(0, +) / 2000
    // log(1/3) for the kind; the numbers, minus the entropies of normals: spiked given the kind (unless it is the atom),
    // smooth given both.
    let entropy = { (deviation: Double) in 0.5 * log(2 * Double.pi * M_E) + log(deviation) }
    let spiked = (0.64 * 0.09 + 0.16).squareRoot()
    let smooth = (0.09 - (0.8 * 0.09) * (0.8 * 0.09) / (spiked * spiked)).squareRoot()
    let truth = -log(3.0) - 2.0 / 3 * (entropy(spiked) + entropy(smooth)) - entropy(0.3) / 3
    #expect(mean < truth + 0.08)
    #expect(mean > truth - 0.3, "\(mean) beside \(truth)")
  }

  @Test func drawsAndScoresAgree() throws {
    let chain = try chain()
    let drawn = try chain.sample(count: 6000, seed: 3, workers: WorkerPool(workers: 2))
    #expect(drawn.columns.allSatisfy { !$0.codes.contains(ChainCells.missing) })
    let shares = (0..<3).map { code in Double(drawn.columns[0].codes.count { $0 == Int32(code) }) / 6000 }
    let row = try Self.rows(1, seed: 5)
    let masses = try chain.columnLogProb(variants(row, 0, ChainCells(codes: [0, 1, 2]))).column(0).map {
      exp(Double($0))
    }
    for (share, mass) in zip(shares, masses) { #expect(abs(share - mass) < 0.03) }
    let own = try chain.logProb(drawn).reduce(0, +) / 6000
    let other = try chain.logProb(Self.rows(6000, seed: 4)).reduce(0, +) / 6000
    #expect(abs(own - other) < 0.35)
  }

  @Test func sameBitsForAnyNumberOfThreads() throws {
    let chain = try chain()
    let rows = try Self.rows(700, seed: 11)
    #expect(try chain.logProb(rows) == chain.logProb(rows, workers: WorkerPool(workers: 3)))
    let drawn = try chain.sample(count: 700, seed: 3)
    #expect(try drawn == chain.sample(count: 700, seed: 3, workers: WorkerPool(workers: 3)))
    let tail = try chain.sample(count: 100, seed: 3, firstRow: 600)
    #expect(tail == drawn.selecting(Array(600..<700)))
    let settings = Self.settings()
    func fit(_ workers: Int) throws -> [Float] {
      var training = settings.training
      training.maximumEpochs = 2
      let parameters = try Chain.fit(
        rows, heldOut: nil,
        specification: ChainSpecification(columns: Self.columns, settings: settings.network), training: training,
        workers: WorkerPool(workers: workers)
      ).chain.parameters
      return Chain.layout(of: try ChainSpecification(columns: Self.columns, settings: settings.network)).slices.flatMap
      {
        parameters[$0]
      }
    }
    #expect(try fit(1) == fit(3))
  }

  @Test func presentCellsStayAndMissingOnesAreDrawn() throws {
    let chain = try chain()
    var rows = try Self.rows(300, seed: 12)
    let kept = rows.columns[2]
    for row in 0..<300 { rows.columns[0].codes[row] = ChainCells.missing }
    let drawn = try chain.complete(rows, seed: 1)
    #expect(drawn.columns[2] == kept && drawn.columns[1] == rows.columns[1])
    // The number tells the kind nearly always.
    let right = (0..<300).count { Double(drawn.columns[0].codes[$0]) == (Double(kept.low[$0]) + 1).rounded() }
    #expect(right > 225, "\(right) of 300")
  }

  @Test func wrongCellsAreNamed() throws {
    let chain = try chain()
    var rows = try Self.rows(3, seed: 1)
    rows.columns[0].codes[1] = 3
    #expect(throws: ChainError.code(column: "kind", row: 1, expected: "from 0 to 2, or -1", found: 3)) {
      try chain.logProb(rows)
    }
    rows = try Self.rows(3, seed: 1)
    rows.columns[2].low[0] = .nan
    #expect(throws: ChainError.self) { try chain.logProb(rows) }
  }
}
