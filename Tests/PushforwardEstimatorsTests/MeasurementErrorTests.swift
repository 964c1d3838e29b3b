import Foundation
import Pushforward
import Testing

/// Columns with an `error_column`.
@Suite struct MeasurementErrorTests {
  /// Two peaks at 10 and 14 with deviations 0.4, measured with an error between 0.5 and 2.5; `y` follows the true value.
  private static func table(_ rows: Int, seed: UInt64) throws -> (measured: Table, truth: [Double]) {
    let (e, u) = (Draws.normal(rows, 3, seed: seed), Draws.uniform(rows, 2, seed: seed))
    let truth = (0..<rows).map { (u[$0, 0] < 0.5 ? 10 : 14) + 0.4 * e[$0, 0] }
    let errors = (0..<rows).map { 0.5 + 2 * u[$0, 1] }
    let measured = try Table(numbers: [
      "x": (0..<rows).map { truth[$0] + errors[$0] * e[$0, 1] }, "sx": errors,
      "y": (0..<rows).map { truth[$0] / 2 + 0.2 * e[$0, 2] },
    ])
    return (measured, truth)
  }

  private static func options(_ model: ModelKind = .auto) -> FitOptions {
    var options = FitOptions(model: model, seed: 1)
    var x = ColumnOverride()
    x.errorColumn = "sx"
    options.overrides = SchemaOverrides(["x": x])
    (options.components, options.workers) = (2, 2)
    return options
  }

  @Test func learnsTheDensityWithoutTheErrors() throws {
    let (measured, _) = try Self.table(1500, seed: 1)
    let model = try Models.fit(measured, options: Self.options())
    #expect(model.record.model == .gmm && model.columns == ["x", "y"])
    #expect(model.leftOut.contains { $0.name == "sx" && $0.reason.contains("errors of x") })
    let (test, truth) = try Self.table(1500, seed: 2)
    let clean = try Table(numbers: ["x": truth, "y": test.numbers("y")])
    var blindOptions = Self.options(.gmm)
    (blindOptions.overrides, blindOptions.columns) = (SchemaOverrides(), ["x", "y"])
    let blind = try Models.fit(measured, options: blindOptions)
    // A row without its error column counts as known exactly.
    #expect(try model.evaluate(clean).model.mean > blind.evaluate(clean).model.mean + 0.3)
    #expect(try model.evaluate(test).model.mean > blind.evaluate(test).model.mean)
    // Draws are free of errors: two peaks, nothing between.
    let drawn = try model.sample(count: 2000, given: nil, seed: 3, firstRow: 0, workers: nil).numbers("x")
    #expect(Double(drawn.count { $0 > 11.3 && $0 < 12.7 }) / 2000 < 0.05)
    // Intervals of what will be measured cover it.
    guard case .quantity(let found, _) = try model.evaluatePrediction(test, target: "x") else {
      Issue.record("x is no quantity")
      return
    }
    for interval in found.coverage { #expect(abs(interval.found - interval.level) < 0.05) }
    let again = try Models.open(bytes: model.encoded())
    #expect(try again.score(test, workers: nil).logProb == model.score(test, workers: nil).logProb)
  }

  @Test func theDensityOfAMeasurementIntegratesToOne() throws {
    let model = try Models.fit(Self.table(400, seed: 3).measured, options: Self.options())
    let grid = (0..<2000).map { -8 + 0.02 * Double($0) }
    for error in [0.0, 1.5] {
      let rows = try Table(numbers: ["x": grid, "sx": grid.map { _ in error }])
      let mass = try model.score(rows, workers: nil).logProb.reduce(0) { $0 + 0.02 * exp($1) }
      #expect(abs(mass - 1) < 1e-6)
    }
  }

  @Test func errorsOfZeroAreNone() throws {
    let (measured, truth) = try Self.table(300, seed: 4)
    let exact = try Table(numbers: [
      "x": truth, "sx": truth.map { _ in 0 }, "y": measured.numbers("y"),
    ])
    var plain = Self.options(.gmm)
    (plain.overrides, plain.columns, plain.encoder.transform) = (SchemaOverrides(), ["x", "y"], .standard)
    plain.encoder.allowsLog = false
    var own = Self.options(.gmm)
    own.encoder = plain.encoder
    let (a, b) = (try Models.fit(exact, options: own), try Models.fit(exact, options: plain))
    for (first, second) in zip(try a.score(exact, workers: nil).logProb, try b.score(exact, workers: nil).logProb) {
      #expect(abs(first - second) < 1e-9)
    }
  }

  @Test func whatCannotBeIsSaid() throws {
    let (measured, _) = try Self.table(100, seed: 5)
    for kind in [ModelKind.nsf, .mixed, .kde, .hmm, .vae] {
      let error = #expect(throws: EstimatorError.self) { try Models.fit(measured, options: Self.options(kind)) }
      #expect(error?.description.contains("'gmm' does") == true)
    }
    var wrong = Self.options()
    var x = ColumnOverride()
    x.errorColumn = "nothing"
    wrong.overrides = SchemaOverrides(["x": x])
    #expect(throws: TableError.self) { try Models.fit(measured, options: wrong) }
    for bad in [-1, Double.nan] {
      var errors = try measured.numbers("sx")
      errors[7] = bad
      let table = try Table(numbers: ["x": measured.numbers("x"), "sx": errors, "y": measured.numbers("y")])
      #expect(throws: TableError.self) { try Models.fit(table, options: Self.options()) }
    }
  }
}
