import PushforwardCore
import PushforwardModels
import Testing

/// The tester tested: the conformance suite must reject what is broken, and accept the same thing unbroken.
@Suite struct ConformanceSuite {
  private static let item = BijectionCase(
    "flawed coupling", features: 2, contextFeatures: 2,
    .composition([
      .coupling(
        isTransformed: [false, true], transformer: .affine, network: NetworkSettings(hidden: [6], activation: .tanh)),
      .elementwiseAffine,
    ]))

  private func failures(_ flaw: Flaw?, _ check: Check) throws -> [String] {
    var (subject, float) = (try Self.item.subject(), try Self.item.floatSubject())
    subject = Subject(bijection: Flawed(inner: subject.bijection, flaw: flaw), parameters: subject.parameters)
    float = Subject(bijection: Flawed(inner: float.bijection, flaw: flaw), parameters: float.parameters)
    return try check.failures(Self.item, subject, float)
  }

  @Test(arguments: Flaw.allCases) func findsEveryFlaw(_ flaw: Flaw) throws {
    #expect(try !failures(flaw, flaw.finder).isEmpty, "\(flaw.rawValue) was not found by: \(flaw.finder.rawValue)")
  }

  @Test(arguments: Check.allCases) func acceptsTheSoundOne(_ check: Check) throws {
    #expect(try failures(nil, check) == [])
  }

  @Test func everyCheckIsNeeded() {
    #expect(Set(Flaw.allCases.map(\.finder)).union([.logDetPair]) == Set(Check.allCases))
    // The sign of one direction's log-determinant also breaks the pair.
    #expect((try? failures(.wrongLogDetSign, .logDetPair))?.isEmpty == false)
  }
}
