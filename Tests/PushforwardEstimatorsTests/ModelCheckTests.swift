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
