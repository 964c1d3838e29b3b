import Foundation
import Pushforward
import Testing

/// Variational autoencoders of tables.
@Suite struct LatentModelTests {
  /// A real, a category, a whole number and a flag that depend on each other, with gaps on request.
  static func mixed(_ rows: Int, seed: UInt64, gaps: Double = 0) throws -> Table {
    let (e, u) = (Draws.normal(rows, 2, seed: seed), Draws.uniform(rows, 6, seed: seed))
    let group = (0..<rows).map { Int(3 * u[$0, 0]) }
    let x = (0..<rows).map { 1000 * (5 * Double(group[$0]) + e[$0, 0]) }
    let count = (0..<rows).map { (Double(group[$0]) + 3 * u[$0, 1]).rounded() }
    func gap(_ row: Int, _ column: Int) -> Bool { u[row, 2 + column] < gaps }
    return try Table([
      ("x", .numbers(NumberColumn((0..<rows).map { gap($0, 0) ? .nan : x[$0] }))),
      (
        "kind",
        .categories(CategoryColumn((0..<rows).map { gap($0, 1) ? nil : ["red", "green", "blue"][group[$0]] }))
      ),
      (
        "count",
        .numbers(NumberColumn((0..<rows).map { gap($0, 2) ? .nan : count[$0] }, recording: .init(decimals: 0)))
      ),
      ("flag", .categories(CategoryColumn((0..<rows).map { gap($0, 3) ? nil : e[$0, 0] > 0 ? "yes" : "no" }))),
    ])
  }

  static func options(
    _ kind: ModelKind = .vae, given: [String] = [], epochs: Int = 30, seed: UInt64 = 3
  ) -> FitOptions {
    var options = FitOptions(model: kind, given: given, seed: seed)
    options.hidden = [32]
    options.dropout = 0
    options.batchSize = 64
    options.maximumEpochs = epochs
    options.learningRate = 5e-3
    options.latent.features = 3
    options.latent.scoringDraws = 50
    options.workers = 2
    return options
  }

  static func fit(_ table: Table, _ options: FitOptions = options()) throws -> LatentModel {
    try #require(try Models.fit(table, options: options) as? LatentModel)
  }

  static let fitted: LatentModel = try! fit(mixed(1500, seed: 1, gaps: 0.1))

  @Test func aFitBeatsIndependentColumns() throws {
    let model = Self.fitted
    #expect(model.columns == ["x", "kind", "count", "flag"] && model.given.isEmpty)
    #expect(model.record.model == .vae && model.traits.likelihood == .estimate)
    #expect(model.record.heldOut > model.record.heldOutIndependent + 0.5)
    let fresh = try Self.mixed(400, seed: 2)
    let scores = try model.score(fresh, workers: nil)
    let errors = try #require(scores.standardErrors)
    #expect(scores.logProb.allSatisfy(\.isFinite) && errors.allSatisfy { $0 > 0 && $0 < 1 })
    // The bound lies below the estimate.
    let bounds = try #require(scores.evidenceBounds)
    #expect(try abs((model.evaluate(fresh).evidenceBound?.mean ?? .nan) - mean(bounds)) < 1e-9)
    #expect(mean(bounds) < mean(scores.logProb) && mean(bounds) > mean(scores.logProb) - 1.5)
  }

  @Test func scoresDoNotDependOnPlaceNorWorkers() throws {
    let table = try Self.mixed(300, seed: 4, gaps: 0.2)
    let whole = try Self.fitted.score(table, workers: WorkerPool(workers: 3)).logProb
    let order = RandomStream(seed: 9, purpose: .shuffle).permutation(count: 300).map { Int($0) }
    let shuffled = try Self.fitted.score(table.selecting(rows: order), workers: nil).logProb
    for (place, row) in order.enumerated() { #expect(abs(shuffled[place] - whole[row]) < 1e-4) }
    let twice = try Self.fitted.score(table.selecting(rows: [5, 5]), workers: nil).logProb
    #expect(twice[0] == twice[1])
  }

  @Test func drawsLookLikeTheTable() throws {
    let model = Self.fitted
    let drawn = try model.sample(count: 3000, given: nil, seed: 1, firstRow: 0, workers: WorkerPool(workers: 2))
    #expect(drawn.names == model.columns)
    let x = try #require(drawn["x"]?.numbers?.values)
    let kinds = try drawn.texts("kind")
    for (level, center) in [("red", 0.0), ("green", 5000), ("blue", 10_000)] {
      let own = x.indices.filter { kinds[$0] == level }
      let share = Double(own.count) / 3000
      #expect(share > 0.25 && share < 0.42)
      #expect(abs(mean(own.map { x[$0] }) - center) < 900)
    }
    let counts = try #require(drawn["count"]?.numbers?.values)
    #expect(counts.allSatisfy { $0 == $0.rounded() && $0 >= 0 && $0 <= 5 })
    let later = try model.sample(count: 100, given: nil, seed: 1, firstRow: 2000, workers: nil)
    let same = drawn.selecting(rows: 2000..<2100)
    for name in later.names {
      let (one, two) = (try later.column(name).categories, try same.column(name).categories)
      #expect((0..<100).allSatisfy { one[$0] == two[$0] }, "\(name)")
    }
  }

  @Test func missingCellsAreDrawnGivenTheOthers() throws {
    let model = Self.fitted
    let table = try Table([
      ("kind", .categories(CategoryColumn([String?](repeating: "blue", count: 200)))),
      ("x", .numbers(NumberColumn([Double](repeating: .nan, count: 200)))),
    ])
    let filled = try model.complete(table, seed: 1, firstRow: 0, draw: 0, workers: nil)
    #expect(filled.names == model.columns && filled.columns.values.allSatisfy { $0.missingCount == 0 })
    #expect(try filled.texts("kind").allSatisfy { $0 == "blue" })
    let center = mean(try filled.numbers("x"))
    #expect(abs(center - 10_000) < 1200, "\(center)")
    let again = try model.complete(table.selecting(rows: 50..<200), seed: 1, firstRow: 50, draw: 0, workers: nil)
    #expect(again == filled.selecting(rows: 50..<200))
    #expect(try model.complete(table, seed: 1, firstRow: 0, draw: 1, workers: nil) != filled)
  }

  @Test func predictionsHaveDensities() throws {
    let model = Self.fitted
    let table = try Self.mixed(60, seed: 5)
    let whole = try model.score(table, workers: nil).logProb
    for name in model.columns {
      let found = try model.predict(table, target: name, options: PredictionOptions(levels: [0.1, 0.9]), workers: nil)
      // The ratio of two estimates of other draws.
      let others = try model.score(table.leavingOut(column: name), workers: nil).logProb
      let logProb = try #require(found.logProb)
      let gaps = logProb.indices.map { logProb[$0] - (whole[$0] - others[$0]) }
      #expect(abs(mean(gaps)) < 0.15, "\(name): \(mean(gaps))")
      #expect(try #require(found.effectiveSizes).allSatisfy { $0 >= 1 && $0 <= 200.001 })
      #expect(found.method == .draws(200))
      if let cdf = found.cdf { #expect(cdf.allSatisfy { $0 >= 0 && $0 <= 1 } && abs(mean(cdf) - 0.5) < 0.15) }
    }
    // In x it is a density; of counts and levels the masses sum to one.
    let base = table.selecting(rows: 0..<1)
    func masses(_ name: String, _ cells: [Column]) throws -> Double {
      try cells.reduce(0) { sum, cell in
        let row = try Table(model.columns.map { ($0, $0 == name ? cell : try base.column($0)) })
        return try sum + exp(model.predict(row, target: name, options: PredictionOptions(), workers: nil).logProb![0])
      }
    }
    let places = (0..<400).map { -8000 + 70 * (Double($0) + 0.5) }
    #expect(try abs(masses("x", places.map { .numbers(try NumberColumn([$0])) }) * 70 - 1) < 0.02)
    #expect(try abs(masses("count", (0..<6).map { .numbers(try NumberColumn([Double($0)])) }) - 1) < 1e-6)
    #expect(
      try abs(masses("kind", ["red", "green", "blue"].map { .categories(CategoryColumn([$0])) }) - 1) < 1e-6)
  }

  @Test func shadesOfPixelsArePredictedByMasses() throws {
    var options = Self.options(epochs: 8)
    options.latent.likelihood = .logistic
    let model = try Self.fit(Self.mixed(400, seed: 1), options)
    let base = try Self.mixed(1, seed: 6)
    func prediction(_ count: Double) throws -> ColumnPrediction {
      let row = try Table(
        base.columns.map { ($0.key, $0.key == "count" ? .numbers(try NumberColumn([count])) : $0.value) })
      return try model.predict(
        row, target: "count", options: PredictionOptions(levels: [0.01, 0.5, 0.99]), workers: nil)
    }
    // No end is one where cells pile up, so the lattice goes on.
    let places = (-20..<30).map(Double.init)
    let all = try places.map { try prediction($0) }
    let masses = all.map { exp($0.logProb![0]) }
    #expect(abs(masses.reduce(0, +) - 1) < 0.01, "\(masses)")
    guard case .numbers(_, let quantiles) = all[0].answer else { throw NoNumbers() }
    for (level, value) in zip([0.01, 0.5, 0.99], quantiles[0]) {
      let index = try #require(places.firstIndex(of: value), "\(value)")
      let below = masses[..<index].reduce(0, +)
      #expect(below < level + 1e-4 && below + masses[index] > level - 0.01, "\(level), \(value)")
    }
  }

  struct NoNumbers: Error {}

  @Test(arguments: [("iaf", ""), ("planar", "maf"), ("", "nsf")])
  func filesGiveBackTheSameBits(posterior: String, prior: String) throws {
    let table = try Self.mixed(200, seed: 1, gaps: 0.1)
    var options = Self.options(epochs: 2)
    options.latent.posterior = PosteriorFlow.Family(rawValue: posterior)
    options.latent.prior = FlowFamily(rawValue: prior)
    options.transforms = 2
    let model = try Self.fit(table, options)
    let again = try Models.open(bytes: model.encoded())
    #expect(try again.score(table, workers: nil).logProb == model.score(table, workers: nil).logProb)
    #expect(
      try again.sample(count: 20, given: nil, seed: 1, firstRow: 0, workers: nil)
        == model.sample(count: 20, given: nil, seed: 1, firstRow: 0, workers: nil))
    #expect(try again.encoded() == model.encoded())
    // Same seed, same bits, whatever the threads.
    options.workers = 1
    #expect(try Self.fit(table, options).record.fingerprint == model.record.fingerprint)
  }

  @Test func aConditionalModelFollowsWhatIsGiven() throws {
    let table = try Self.mixed(1200, seed: 1)
    let model = try Self.fit(table, Self.options(.cvae, given: ["kind"], epochs: 20))
    #expect(model.given == ["kind"] && model.columns == ["x", "count", "flag"])
    for (level, center) in [("red", 0.0), ("blue", 10_000)] {
      let given = try Table([("kind", .categories(CategoryColumn([level])))])
      let drawn = try model.sample(count: 400, given: given, seed: 2, firstRow: 0, workers: nil)
      #expect(abs(mean(try drawn.numbers("x")) - center) < 400)
    }
    #expect(throws: EstimatorError.self) { try model.sample(count: 1, given: nil, seed: 0, firstRow: 0, workers: nil) }
    #expect(throws: TableError.self) {
      try model.sample(
        count: 1, given: Table([("kind", .categories(CategoryColumn(["grey"])))]), seed: 0, firstRow: 0, workers: nil)
    }
    // A row without its condition has no score.
    let gap = try Table(
      table.selecting(rows: 0..<2).columns.map { name, column in
        (name, name == "kind" ? .categories(CategoryColumn([nil, "red"])) : column)
      })
    let scores = try model.score(gap, workers: nil)
    #expect(scores.scoredRows == [1] && scores.logProb[0].isNaN && scores.leftOutNote != nil)
    // A digit as a condition is a name as much as a number.
    let byCount = try Self.fit(table, Self.options(.cvae, given: ["count"], epochs: 1))
    #expect(byCount.autoencoder.specification.contextFeatures == 7)
  }

  @Test func aWeightIsARepetition() throws {
    // Held-out rows and batches differ, so the fits agree only as fits do.
    let table = try Self.mixed(600, seed: 1)
    let isBlue = try table.texts("kind").map { $0 == "blue" }
    var weighted = Self.options(epochs: 20)
    weighted.weights = "w"
    let heavy = try Table(
      table.columns.map { ($0, $1) } + [("w", .numbers(NumberColumn(isBlue.map { $0 ? 3 : 1 })))])
    let repeated = table.selecting(rows: (0..<600).flatMap { isBlue[$0] ? [$0, $0, $0] : [$0] })
    func share(_ model: LatentModel) throws -> Double {
      let drawn = try model.sample(count: 3000, given: nil, seed: 1, firstRow: 0, workers: nil)
      return try Double(drawn.texts("kind").count { $0 == "blue" }) / 3000
    }
    let (a, b) = (try share(Self.fit(heavy, weighted)), try share(Self.fit(repeated, Self.options(epochs: 12))))
    #expect(abs(a - 0.6) < 0.08 && abs(b - 0.6) < 0.08, "\(a), \(b)")
  }

  @Test func poorTablesAreFitted() throws {
    let two = try Table(numbers: ["a": [1, 2], "b": [5, 3]])
    let spike = try Table(numbers: [
      "a": [Double](repeating: 7, count: 40) + [8.5], "b": (0...40).map { Double($0) / 7 },
    ])
    for table in [two, two.selecting(rows: [0, 0, 0, 1]), spike, try two.selecting(columns: ["a"])] {
      let model = try Self.fit(table, Self.options(epochs: 3))
      #expect(try model.score(table, workers: nil).logProb.allSatisfy { $0.isFinite })
      #expect(try model.sample(count: 5, given: nil, seed: 0, firstRow: 0, workers: nil).rowCount == 5)
    }
  }

  /// Repeated values must not buy likelihood without end.
  @Test func noLikelihoodIsBoughtByASpike() throws {
    let e = Draws.normal(500, 1, seed: 1)
    let table = try Table(numbers: [
      "a": (0..<500).map { $0 % 2 == 0 ? 0.25 : e[$0, 0] }, "b": (0..<500).map { e[$0, 0] },
    ])
    let model = try Self.fit(table, Self.options(epochs: 30))
    #expect(try model.score(table, workers: nil).logProb.allSatisfy { $0 < 15 })
  }

  @Test func likelihoodsOfWholeNumbers() throws {
    let table = try Self.mixed(300, seed: 1)
    for likelihood in LatentOptions.Likelihood.allCases {
      var options = Self.options(epochs: 3)
      options.latent.likelihood = likelihood
      let model = try Self.fit(table, options)
      let score = try model.score(table, workers: nil).logProb
      #expect(score.allSatisfy { $0.isFinite })
      let column = model.autoencoder.specification.columns[2]
      switch likelihood {
      case .auto, .categorical: #expect(column == .categorical(levels: 6))
      case .gaussian: #expect(!column.isDiscrete)
      case .logistic: if case .discretized = column {} else { Issue.record("\(column)") }
      }
      let drawn = try model.sample(count: 50, given: nil, seed: 0, firstRow: 0, workers: nil)
      #expect(try drawn.numbers("count").allSatisfy { $0 == $0.rounded() })
    }
  }

  @Test func shadesOfPixelsShareTheirEnds() throws {
    let u = Draws.uniform(300, 20, seed: 1)
    let table = try Table(
      (0..<20).map { c in
        let top = c == 0 ? 3.0 : 17
        let shades = (0..<300).map { (u[$0, c] * top).rounded(.down) }
        return ("p\(c)", .numbers(try NumberColumn(shades, recording: .init(decimals: 0))))
      })
    let model = try Self.fit(table, Self.options(epochs: 1))
    for column in model.autoencoder.specification.columns {
      guard case .discretized(0, 16, 1, _, _) = column else {
        Issue.record("\(column)")
        return
      }
    }
  }

  /// A linear decoder of constant noise makes the columns normal, with a likelihood in closed form.
  @Test func estimatesAgreeWithAClosedForm() throws {
    let table = try Draws.correlated(500, seed: 1)
    var options = Self.options(epochs: 25)
    options.hidden = []
    options.latent.features = 2
    options.latent.scoringDraws = 2000
    options.encoder.transform = .standard
    var model = try Self.fit(table, options)
    let weight: [Float] = [0.9, 0, 0, 0, 0.6, 0.5, 0, 0]
    let raw: Float = 0.2
    try model.autoencoder.parameters.set("decoder.output.weight", to: weight)
    try model.autoencoder.parameters.set("decoder.output.bias", to: [0.1, raw, -0.1, raw])
    let specification = model.autoencoder.specification
    let coded = try model.codedRows(table)
    var noise: [Double] = []
    var codes = coded.cells
    for (index, column) in specification.columns.enumerated() {
      guard case .gaussian(let center, let scale) = column else {
        Issue.record("\(column)")
        return
      }
      for row in 0..<500 { codes[row, index] = (codes[row, index] - center) / scale }
      noise.append(pow(log(1 + exp(Double(raw))) + specification.scaleFloor, 2))
    }
    let exact = try MultivariateNormal(
      mean: [0.1, -0.1], covariance: [0.81 + noise[0], 0.54, 0.54, 0.36 + 0.25 + noise[1]])
    let scores = try model.score(table, workers: WorkerPool(workers: 2))
    var far = 0
    for row in 0..<500 {
      var truth = try exact.logProb(codes.row(row)) + coded.logDet[row]
      for column in specification.columns { if case .gaussian(_, let scale) = column { truth -= log(scale) } }
      let error = scores.standardErrors?[row] ?? .nan
      #expect(abs(scores.logProb[row] - truth) < 6 * error + 2e-3)
      if abs(scores.logProb[row] - truth) > 2 * error { far += 1 }
    }
    #expect(far < 100, "\(far) of 500 beyond two standard errors")
    // The distribution of one column given the other.
    let a = coded.cells[7, 0]
    let conditional = try exact.conditional(on: [0], values: [codes[7, 0]])
    let one = table.selecting(rows: [Int](repeating: 7, count: 3000)).leavingOut(column: "b")
    let filled = try model.codedRows(
      model.complete(one, seed: 1, firstRow: 0, draw: 0, workers: WorkerPool(workers: 2)))
    let drawn = filled.cells.column(1)
    guard case .gaussian(let center, let scale) = specification.columns[1] else { return }
    #expect(filled.cells.column(0).allSatisfy { abs($0 - a) < 1e-9 })
    #expect(abs((mean(drawn) - center) / scale - conditional.mean[0]) < 0.1)
    let spread = mean(drawn.map { ($0 - mean(drawn)) * ($0 - mean(drawn)) }) / (scale * scale)
    #expect(abs(spread / conditional.covariance[0] - 1) < 0.15)
  }

  @Test func badInputIsNamed() throws {
    let table = try Self.mixed(100, seed: 1)
    #expect(throws: EngineError.self) { try Self.fit(table, Self.options(.cvae)) }
    #expect(throws: TableError.self) { try Self.fit(table, Self.options(.cvae, given: ["nothing"])) }
    var options = Self.options()
    options.latent.features = 0
    #expect(throws: EngineError.self) { try Self.fit(table, options) }
    options = Self.options()
    options.columns = ["x", "x"]
    #expect(throws: TableError.self) { try Self.fit(table, options) }
    let unseen = try Table(
      table.columns.map { name, column in
        (name, name == "kind" ? .categories(CategoryColumn([String?](repeating: "grey", count: 100))) : column)
      })
    #expect(throws: TableError.self) { try Self.fitted.score(unseen, workers: nil) }
  }

  @Test func damagedFilesAreRefused() throws {
    let bytes = try Self.fitted.encoded()
    for place in stride(from: 8, to: bytes.count, by: bytes.count / 40) {
      var damaged = bytes
      damaged[place] ^= 0x10
      #expect(throws: (any Error).self) { try Models.open(bytes: damaged) }
    }
  }

  @Test func worksAsAMember() throws {
    let table = try Self.mixed(500, seed: 6)
    let vae = try Self.fit(table, Self.options(epochs: 10))
    let gmm = try Models.fit(table, options: FitOptions(model: .gmm, seed: 1))
    let both = try Models.mixture(of: [vae, gmm], on: table)
    #expect(both.logLikelihood >= both.alone.max()! - 1e-9)
    #expect(both.model.traits.likelihood == .estimate)
    #expect(try both.model.score(table, workers: nil).standardErrors?.count == 500)
    let first = try Models.fit(table, options: FitOptions(model: .gmm, columns: ["kind"]))
    let chain = try Models.chain(of: [first, Self.fit(table, Self.options(.cvae, given: ["kind"], epochs: 5))])
    #expect(try chain.score(table, workers: nil).logProb.allSatisfy(\.isFinite))
    #expect(try chain.sample(count: 10, given: nil, seed: 1, firstRow: 0, workers: nil).rowCount == 10)
  }
}
