import PushforwardCore
import PushforwardModels
import Testing

@Suite struct BijectionConformance {
  @Test(arguments: Registry.cases)
  func everyPromiseIsKept(_ item: BijectionCase) throws {
    let (subject, float) = (try item.subject(), try item.floatSubject())
    for check in Check.allCases {
      let failures = try check.failures(item, subject, float)
      #expect(failures.isEmpty, "\(check.rawValue): \(failures.joined(separator: "; "))")
    }
  }
}
