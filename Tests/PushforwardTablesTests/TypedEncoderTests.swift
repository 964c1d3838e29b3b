import Foundation
import PushforwardTables
import Testing

/// A mixture of normal distributions on z, as a model would have.
private struct Mixture {
  var weights = [0.5, 0.3, 0.2]
  var means = [-0.7, 0.4, 2.0]
  var deviations = [0.4, 1.3, 0.05]

  func mass(_ low: Double, _ high: Double, width: Double) -> Double {
    if width < 1e-3, low.isFinite, high.isFinite { return density((low + high) / 2) * width }
    return zip(zip(weights, means), deviations).reduce(0) { sum, item in
      let ((weight, mean), deviation) = item
      func upper(_ z: Double) -> Double { 0.5 * erfc((z - mean) / deviation * 0.5.squareRoot()) }
      return sum + weight * (upper(low) - upper(high))
    }
  }

  func density(_ z: Double) -> Double {
    zip(zip(weights, means), deviations).reduce(0) { sum, item in
      let ((weight, mean), deviation) = item
      let u = (z - mean) / deviation
      return sum + weight * exp(-u * u / 2) / deviation / (2 * .pi).squareRoot()
    }
  }

  /// Probability (mass or density) of every cell of a column, classes as likely as in training.
  func probabilities(_ cells: TypedCells, _ column: TypedColumn) -> [Double] {
    cells.codes.indices.map { row in
      let code = Int(cells.codes[row])
      if code < 0 { return exp(cells.constant[row]) }
      var p = column.classShares[code]
      if code == column.atoms {
        let (low, high, width) = (Double(cells.low[row]), Double(cells.high[row]), Double(cells.width[row]))
        p *= width > 0 ? mass(low, high, width: width) : density(low)
      }
      return p * exp(cells.constant[row])
    }
  }
}

/// A column alone, encoded.
private func encoded(
  _ column: Column, _ override: ColumnOverride = ColumnOverride(), weights: [Double]? = nil
) throws -> (encoder: TypedEncoder, cells: TypedCells) {
  let table = try Table([(name: "v", column: column)])
  let schema = try Schema(inferring: table, overrides: SchemaOverrides(["v": override]))
  let encoder = try TypedEncoder(fitting: table, schema: schema, weights: weights)
  return (encoder, try encoder.encode(table).columns[0])
}

private func numbers(_ values: [Double], decimals: Int? = nil) throws -> Column {
  .numbers(try NumberColumn(values, recording: .init(decimals: decimals)))
}

/// Back to the table, z taken in the middle of each cell.
private func decoded(_ encoder: TypedEncoder, _ rows: TypedRows) throws -> Table {
  let z = rows.columns.map { cells in
    cells.codes.indices.map { row -> Float in
      let (low, high) = (cells.low[row], cells.high[row])
      if low == -.infinity { return high == .infinity ? 0 : high - 1e-3 }
      return high == .infinity ? low + 1e-3 : low / 2 + high / 2
    }
  }
  return try encoder.decode(codes: rows.columns.map(\.codes), z: z)
}

@Suite struct TypedEncoderTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var values: [Double]
    var decimals: Int?
    var testDescription: String { name }
  }

  static let stepped: [Case] = {
    var random = TestRandom(seed: 21)
    func many(_ count: Int, _ draw: () -> Double) -> [Double] { (0..<count).map { _ in draw() } }
    return [
      Case(
        name: "counts with zeros",
        values: many(3000) { random.uniform() < 0.6 ? 0 : (exp(3 * random.uniform()) * 20).rounded() }),
      Case(name: "ages", values: many(4000) { min(max((40 + 15 * random.normal()).rounded(), 17), 90) }),
      Case(name: "few", values: many(500) { (6 * random.uniform()).rounded() + 3 }),
      Case(name: "two", values: many(60) { random.uniform() < 0.3 ? 1 : 0 }),
      Case(name: "negative and positive", values: many(2000) { (100 * random.normal()).rounded() }),
      Case(name: "multiples of five", values: many(2000) { 5 * (40 * random.normal()).rounded() }),
      Case(name: "wide", values: many(2000) { (1e5 * random.uniform()).rounded() }),
      Case(name: "small", values: [3, 4, 4, 9, 12, 13]),
    ]
  }()

  @Test(arguments: stepped) func massesSumToOne(_ c: Case) throws {
    let column = try numbers(c.values, decimals: 0)
    let (encoder, _) = try encoded(column)
    let typed = encoder.columns[0]
    #expect(typed.isMass && typed.step != nil)
    let step = typed.step ?? 1
    let (low, high) = (c.values.min()!, c.values.max()!)
    // Every value that can be, far beyond the data where there is no bound.
    let minimum = typed.scale?.minimum
    let maximum = typed.scale?.maximum
    var grid: [Double] = []
    var value = minimum ?? ((low / step).rounded() * step - 40_000 * step)
    let last = maximum ?? ((high / step).rounded() * step + 40_000 * step)
    while value <= last + step / 2 {
      grid.append(value)
      value += step
    }
    if typed.scale == nil { grid = typed.values }
    let rows = try encoder.encode(Table([(name: "v", column: numbers(grid))]))
    #expect(rows.note == nil)
    let total = Mixture().probabilities(rows.columns[0], typed).reduce(0, +)
    // A mass is stated over the step.
    #expect(abs(total * step - 1) < 2e-4, "\(total)")
  }

  @Test(arguments: stepped) func roundTrips(_ c: Case) throws {
    let table = try Table([(name: "v", column: numbers(c.values, decimals: 0))])
    let encoder = try TypedEncoder(fitting: table, schema: Schema(inferring: table))
    #expect(try decoded(encoder, encoder.encode(table)).values(in: "v") == c.values)
    // Whatever z is drawn, the value lies on the grid and in the range, and is no class of its own.
    let typed = encoder.columns[0]
    if typed.hasContinuous {
      let z = (0...2000).map { Float($0 - 1000) / 100 } + [-1e6, 1e6]
      let drawn = try encoder.decode(codes: [z.map { _ in Int32(typed.atoms) }], z: [z]).values(in: "v")
      let step = typed.step ?? 1
      #expect(zip(drawn, drawn.dropFirst()).allSatisfy { $0 <= $1 || $0 == drawn[2000] || $1 == drawn[2001] })
      #expect(drawn.allSatisfy { ($0 / step).rounded() == $0 / step || $0.magnitude > 1e14 })
      #expect(drawn.allSatisfy { !typed.values.contains($0) })
      if let low = typed.scale?.minimum { #expect(drawn.allSatisfy { $0 >= low }) }
      if let high = typed.scale?.maximum { #expect(drawn.allSatisfy { $0 <= high }) }
    }
  }

  static let reals: [Case] = {
    var random = TestRandom(seed: 22)
    func many(_ count: Int, _ draw: () -> Double) -> [Double] { (0..<count).map { _ in draw() } }
    return [
      Case(name: "normal", values: many(3000) { random.normal() }),
      Case(name: "uniform", values: many(3000) { random.uniform() }),
      Case(name: "positive", values: many(3000) { exp(1.5 * random.normal()) }),
      Case(name: "Cauchy", values: many(3000) { tan(.pi * (random.uniform() - 0.5)) }),
      Case(name: "spike at zero", values: many(3000) { random.uniform() < 0.3 ? 0 : 1 + random.normal() }),
      Case(name: "capped", values: many(3000) { min(exp(random.normal()), 4) }),
      Case(name: "two decimals", values: many(3000) { (100 * random.normal()).rounded() / 100 }, decimals: 2),
      Case(name: "outlier", values: many(1000) { random.normal() } + [1e9]),
      Case(name: "few rows", values: [0.31, 2.77, 1.5e-3]),
      Case(name: "one row", values: [0.31]),
    ]
  }()

  @Test(arguments: reals) func densitiesIntegrateToOne(_ c: Case) throws {
    if c.values.count == 1 { return }
    let (encoder, _) = try encoded(numbers(c.values, decimals: c.decimals))
    let typed = encoder.columns[0]
    #expect(typed.role == .real)
    let scale = try #require(typed.scale)
    if scale.step != nil { return }
    // Points from z, so that they are dense where the density is.
    let z = (0...40_000).map { Float(-8 + 16 * Double($0) / 40_000) }
    let x = try encoder.decode(codes: [z.map { _ in Int32(typed.atoms) }], z: [z]).values(in: "v")
    let edges = Array(Set(x.filter { !typed.values.contains($0) })).sorted()
    let middles = zip(edges, edges.dropFirst()).map { $0 / 2 + $1 / 2 }
    let cells = try encoder.encode(Table([(name: "v", column: numbers(middles))])).columns[0]
    let p = Mixture().probabilities(cells, typed)
    let smooth = zip(p, zip(edges, edges.dropFirst())).reduce(0) { $0 + $1.0 * ($1.1.1 - $1.1.0) }
    let atoms = typed.classShares.prefix(typed.atoms).reduce(0, +)
    #expect(abs(smooth + atoms - 1) < 2e-3, "\(smooth) and \(atoms)")
  }

  @Test(arguments: reals) func realRoundTrips(_ c: Case) throws {
    let table = try Table([(name: "v", column: numbers(c.values, decimals: c.decimals))])
    if c.values.count == 1 {
      // A single value is a constant.
      #expect(throws: TableError.self) { _ = try TypedEncoder(fitting: table, schema: Schema(inferring: table)) }
      return
    }
    let encoder = try TypedEncoder(fitting: table, schema: Schema(inferring: table))
    let rows = try encoder.encode(table)
    let back = try decoded(encoder, rows).values(in: "v")
    let cells = rows.columns[0]
    for (row, value) in c.values.enumerated() {
      let isExact = encoder.columns[0].step != nil || Int(cells.codes[row]) < encoder.columns[0].atoms
      // Single precision of z times the slope there.
      let slack = exp(-(cells.constant[row])) * 1e-5 + 1e-9
      #expect(isExact ? back[row] == value : abs(back[row] - value) <= slack * max(1, value.magnitude), "\(value)")
    }
    let far = try encoder.encode(Table([(name: "v", column: numbers([1e9, -1e9, 1e300, -1e300, 0]))])).columns[0]
    for row in 0..<5 { #expect(far.constant[row].isFinite && !far.low[row].isNaN && !far.high[row].isNaN) }
    let p = Mixture().probabilities(far, encoder.columns[0])
    #expect(p.allSatisfy { $0.isFinite })
  }

  @Test(arguments: reals, [1024, 1 / 1024.0, 1e-3, 2.54]) func unitsShiftExactly(_ c: Case, unit: Double) throws {
    // With recorded decimals, and with three values that happen to have few, the step is part of the data.
    if c.values.count < 100 || c.decimals != nil { return }
    let (one, a) = try encoded(numbers(c.values))
    let (two, b) = try encoded(numbers(c.values.map { $0 * unit }))
    #expect(a.codes == b.codes && one.columns[0].atoms == two.columns[0].atoms)
    // A power of two changes no digit; other factors round every value.
    let slack: Float = unit.significand == 1 ? 1e-6 : 1e-5
    for row in c.values.indices {
      #expect(abs(a.low[row] - b.low[row]) <= slack * max(1, abs(a.low[row])))
      #expect(abs(b.constant[row] - a.constant[row] + log(unit)) < Double(slack))
    }
  }

  @Test func stepsAreChangedWithTheUnits() throws {
    var random = TestRandom(seed: 23)
    let metres = (0..<3000).map { _ in (1000 * random.normal()).rounded() }
    let asReal = ColumnOverride(kind: .real)
    let (one, a) = try encoded(numbers(metres, decimals: 0), asReal)
    let (two, b) = try encoded(numbers(metres.map { $0 / 1000 }, decimals: 3), asReal)
    #expect(one.columns[0].step == 1 && two.columns[0].step == 0.001)
    #expect(a.codes == b.codes)
    for row in metres.indices {
      #expect(abs(a.width[row] - b.width[row]) < 1e-5 * a.width[row])
      #expect(abs(b.constant[row] - a.constant[row] - log(1000.0)) < 1e-9)
    }
  }

  @Test func rangesDoNotLeak() throws {
    for name in ["uniform", "positive", "capped"] {
      let values = Self.reals.first { $0.name == name }!.values
      let (encoder, _) = try encoded(numbers(values))
      let typed = encoder.columns[0]
      let scale = try #require(typed.scale)
      #expect(scale.minimum != nil, "\(name): \(typed.reason)")
      #expect((scale.maximum != nil) == (name != "positive"), "\(name): \(typed.reason)")
      let z = (0...400).map { Float($0 - 200) / 10 }
      let drawn = try encoder.decode(codes: [z.map { _ in Int32(typed.atoms) }], z: [z]).values(in: "v")
      #expect(drawn.allSatisfy { $0 >= 0 && $0 <= scale.maximum ?? .infinity })
      let outside = try encoder.encode(Table([(name: "v", column: numbers([-1, -1e6, values[0]]))]))
      let cells = outside.columns[0]
      #expect(cells.unseenCount == 2 && outside.note?.contains("v (2)") == true, "\(name): \(typed.reason)")
      // Outside is far less likely than inside, farther outside even less.
      let scores = Mixture().probabilities(cells, typed).map { log($0) }
      #expect(scores[1] < scores[0] && scores[0] < scores[2] - 3 && scores[1] > -200, "\(name): \(scores)")
    }
    let (normal, _) = try encoded(numbers(Self.reals[0].values))
    #expect(normal.columns[0].scale?.minimum == nil && normal.columns[0].scale?.maximum == nil)
    var declared = ColumnOverride()
    (declared.minimum, declared.maximum) = (-10, 10)
    let (bounded, _) = try encoded(numbers(Self.reals[0].values), declared)
    #expect(bounded.columns[0].scale?.minimum == -10 && bounded.columns[0].scale?.maximum == 10)
  }

  @Test func spikes() throws {
    let values = Self.reals.first { $0.name == "spike at zero" }!.values
    let (encoder, cells) = try encoded(numbers(values))
    let typed = encoder.columns[0]
    #expect(typed.values == [0] && typed.hasContinuous && abs(typed.classShares[0] - 0.3) < 0.03)
    #expect(zip(values, cells.codes).allSatisfy { ($0 == 0) == ($1 == 0) })
    let position = try #require(typed.positions)[0]
    #expect(position > -3 && position < -0.5)
  }
}

extension ColumnOverride {
  fileprivate init(kind: ColumnKind) {
    self.init()
    self.kind = kind
  }
}
