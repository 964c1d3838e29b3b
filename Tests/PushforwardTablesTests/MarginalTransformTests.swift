import Foundation
import PushforwardTables
import Testing

@Suite struct MarginalTransformTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var values: [Double]
    var step: Double?
    var testDescription: String { name }
  }

  static let cases: [Case] = {
    var random = TestRandom(seed: 11)
    func many(_ count: Int, _ draw: () -> Double) -> [Double] { (0..<count).map { _ in draw() } }
    return [
      Case(name: "30 normals", values: many(30) { random.normal() }, step: nil),
      Case(name: "20000 normals", values: many(20_000) { random.normal() }, step: nil),
      Case(name: "Cauchy", values: many(5000) { tan(.pi * (random.uniform() - 0.5)) }, step: nil),
      Case(name: "log-normal", values: many(5000) { exp(2 * random.normal()) }, step: nil),
      Case(name: "uniform", values: many(5000) { random.uniform() }, step: nil),
      Case(
        name: "two decimals with a spike at zero",
        values: many(4000) { random.uniform() < 0.4 ? 0 : (100 * random.normal()).rounded() / 100 + 2 }, step: 0.01),
      Case(
        name: "spikes at both ends", values: many(4000) { min(max(random.normal(), -1), 1) }, step: nil),
      Case(name: "seven whole numbers", values: many(2000) { (6 * random.uniform()).rounded() }, step: 1),
      Case(name: "whole numbers", values: many(2000) { (50 + 20 * random.normal()).rounded() }, step: 1),
      Case(name: "two values", values: many(100) { random.uniform() < 0.3 ? 0 : 1 }, step: 1),
      Case(name: "one value", values: [5, 5, 5, 5, 5, 5, 5], step: nil),
      Case(name: "one row", values: [-3], step: nil),
      Case(name: "three rows", values: [1, 2, 3], step: 1),
      Case(name: "an outlier", values: many(1000) { random.normal() } + [1e9], step: nil),
      Case(name: "huge and tiny", values: many(500) { 1e12 + random.normal() }, step: nil),
      Case(name: "mostly zero", values: many(5000) { random.uniform() < 0.95 ? 0 : exp(8 + random.normal()) }, step: 1),
    ]
  }()

  @Test(arguments: cases) func roundTripsAndDerivatives(_ c: Case) {
    let m = MarginalTransform(fitting: c.values, step: c.step)
    var last = -Double.infinity
    for z in stride(from: -9.0, through: 9, by: 0.05) {
      let x = m.inverse(z)
      #expect(x.isFinite && x >= last)
      last = x
      let (back, logDet) = m.forward(x)
      #expect(logDet.isFinite)
      // What rounding of x alone does to z.
      let slack = exp(min(logDet, 600)) * x.ulp * 8
      #expect(abs(back - z) < 1e-9 + slack, "\(z)")
    }
    for x in c.values.prefix(300) + [-1e9, 1e9, -1e5, 0, 1e15, -1e15] {
      let (z, logDet) = m.forward(x)
      #expect(z.isFinite && logDet.isFinite)
      let slack = exp(-logDet) * max(1, z.magnitude) * 1e-12
      #expect(abs(m.inverse(z) - x) <= 1e-9 * max(1, x.magnitude) + slack, "\(x)")
    }
  }

  @Test(arguments: cases) func logDetIsTheDerivative(_ c: Case) {
    let m = MarginalTransform(fitting: c.values, step: c.step)
    var checked = 0
    for z in stride(from: -6.03, through: 6, by: 0.11) {
      let x = m.inverse(z)
      let h = 1e-5 * max(exp(-m.forward(x).logDet), 64 * x.ulp)
      // Not across the edge of a piece, and not where rounding of x decides.
      let (a, b) = (m.forward(x - h), m.forward(x + h))
      if abs(a.logDet - b.logDet) > 1e-3 || h < 1e5 * x.ulp { continue }
      let slope = (b.z - a.z) / (2 * h)
      #expect(abs(log(slope) - m.forward(x).logDet) < 1e-4, "\(x)")
      checked += 1
    }
    #expect(checked > 20 || c.values.count < 10 || c.name == "huge and tiny")
  }

  /// The mass between two points, integrated piece by piece, is what the normal scale says it is.
  @Test(arguments: cases) func integratesToOne(_ c: Case) {
    let m = MarginalTransform(fitting: c.values, step: c.step)
    var edges = m.body.knots + m.atoms.flatMap { [$0.low, $0.high] }
    let (low, high) = (m.inverse(-5), m.inverse(5))
    for i in 0...4000 {
      let t = Double(i) / 4000
      edges.append(m.inverse(-5 + 10 * t))
    }
    edges = edges.filter { $0 >= low && $0 <= high }.sorted()
    var mass = 0.0
    for (a, b) in zip(edges, edges.dropFirst()) where b > a {
      // Two-point Gauss: exact for the linear pieces, good for the short ones of the tails.
      let middle = a / 2 + b / 2
      let half = (b - a) / 2 * (1 / 3.0).squareRoot()
      mass += (exp(m.logDensity(middle - half)) + exp(m.logDensity(middle + half))) * (b - a) / 2
    }
    let expected = 1 - 2 * NormalScale.cdf(-5)
    #expect(abs(mass - expected) < (c.name == "one value" || c.name == "huge and tiny" ? 1e-3 : 1e-5))
  }

  @Test func heldOutLikelihood() {
    var random = TestRandom(seed: 12)
    let train = (0..<20_000).map { _ in random.normal() }
    let test = (0..<20_000).map { _ in random.normal() }
    let m = MarginalTransform(fitting: train, step: nil)
    let mean = test.reduce(0) { $0 + m.logDensity($1) } / 20_000
    let truth = test.reduce(0) { $0 - $1 * $1 / 2 - NormalScale.halfLogTwoPi } / 20_000
    #expect(truth - mean < 0.005)
    let z = test.map { m.forward($0).z }
    #expect(abs(z.reduce(0, +) / 20_000) < 0.03)
    #expect(abs(z.reduce(0) { $0 + $1 * $1 } / 20_000 - 1) < 0.05)
  }

  @Test func atomsWhereValuesRepeat() {
    let spike = Self.cases[5]
    let m = MarginalTransform(fitting: spike.values, step: spike.step)
    #expect(m.atoms.map(\.value) == [0])
    #expect(abs(m.atoms[0].mass - 0.4) < 0.03 && abs(m.atoms[0].width - 0.01) < 1e-6)
    #expect(MarginalTransform(fitting: Self.cases[1].values, step: nil).atoms.isEmpty)
    #expect(MarginalTransform(fitting: Self.cases[6].values, step: nil).atoms.map(\.value) == [-1, 1])
    let seven = MarginalTransform(fitting: Self.cases[7].values, step: 1)
    #expect(seven.atoms.map(\.value) == [0, 1, 2, 3, 4, 5, 6])
    // Mid-cell densities times the step are masses that sum to nearly one.
    let masses = (0...6).reduce(0) { $0 + exp(seven.logDensity(Double($1))) }
    #expect(abs(masses - 1) < 0.01)
  }

  @Test func manyRows() {
    var random = TestRandom(seed: 13)
    let values = (0..<1_200_000).map { _ in (random.normal() * 1000).rounded() / 10 }
    let m = MarginalTransform(fitting: values, step: 0.1)
    #expect(m.atoms.isEmpty)
    let expected = -0.5 - log(100) - NormalScale.halfLogTwoPi
    let mean = values.prefix(20_000).reduce(0) { $0 + m.logDensity($1) } / 20_000
    #expect(abs(mean - expected) < 0.02)
  }

  @Test func normalScale() {
    for z in stride(from: -36.0, through: 0, by: 0.37) {
      let back = NormalScale.quantile(NormalScale.cdf(z))
      #expect(abs(back - z) < 1e-13 * max(1, -z) || z < -30)
      #expect(abs(NormalScale.quantile(logProbability: NormalScale.logCDF(z)) - z) < 1e-12 * max(1, -z))
    }
    for z in [-40.0, -100, -1e4, -1e8] {
      #expect(abs(NormalScale.quantile(logProbability: NormalScale.logCDF(z)) / z - 1) < 1e-12)
    }
    #expect(abs(NormalScale.logCDF(-35.001) / NormalScale.logCDF(-34.999) - 1.000114) < 1e-6)
  }

  @Test func hostileFiles() throws {
    let m = MarginalTransform(fitting: Self.cases[5].values, step: 0.01)
    let text = String(decoding: try JSONEncoder().encode(m), as: UTF8.self)
    #expect(try JSONDecoder().decode(MarginalTransform.self, from: Data(text.utf8)) == m)
    for (from, to) in [
      ("\"scale\":", "\"scale\":-"), ("\"mass\":0", "\"mass\":7"), ("\"knots\":[", "\"knots\":[1e300,"),
    ] {
      let broken = text.replacingOccurrences(of: from, with: to)
      #expect(broken != text)
      #expect(throws: DecodingError.self) {
        _ = try JSONDecoder().decode(MarginalTransform.self, from: Data(broken.utf8))
      }
    }
  }
}
