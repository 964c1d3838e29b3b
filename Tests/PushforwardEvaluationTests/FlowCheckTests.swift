import PushforwardCore
import PushforwardEvaluation
import PushforwardModels
import Testing

@Suite struct FlowCheckTests {
  /// A flow whose parameters are away from their start, where it would be near the identity.
  static func makeFlow(_ family: FlowFamily, features: Int, context: Int = 0) throws -> Flow<Float> {
    let size = FlowFamily.Size(transforms: 2, network: NetworkSettings(hidden: [8, 8]))
    let network = try FlowNetwork<Float>(
      family.specification(features: features, contextFeatures: context, size: size))
    return Flow(network: network, parameters: randomParameters(network.layout, seed: 3))
  }

  @Test(arguments: FlowFamily.allCases) func familiesPass(family: FlowFamily) throws {
    for (features, context) in [(1, 0), (2, 0), (3, 2)] {
      let flow = try FlowCheckTests.makeFlow(family, features: features, context: context)
      let findings = try FlowCheck(flow, seed: 1).findings()
      #expect(findings.contains { $0.name.hasPrefix("total probability") } == (features <= 2 && context == 0))
      for finding in findings {
        #expect(finding.isPassed, "\(family.rawValue), \(features) features: \(finding.name), error \(finding.error)")
      }
    }
  }

  @Test func sameSeedSameFindings() throws {
    let flow = try FlowCheckTests.makeFlow(.maf, features: 2)
    #expect(try FlowCheck(flow, seed: 5).findings() == FlowCheck(flow, seed: 5).findings())
  }

  @Test func anotherFlowInDoubleIsNoticed() throws {
    let flow = try FlowCheckTests.makeFlow(.maf, features: 2)
    let other: Flow<Double> = try FlowCheckTests.makeFlow(.maf, features: 2).converted()
    var moved = other
    let slice = try #require(other.network.layout.slices.first { $0.role == .bias })
    moved.parameters[slice] = moved.parameters[slice].map { $0 + 0.1 }
    #expect(try FlowCheck(flow, exact: other, seed: 1).findings().allSatisfy(\.isPassed))
    #expect(try !FlowCheck(flow, exact: moved, seed: 1).findings().allSatisfy(\.isPassed))
  }

  @Test func numbersThatAreNotFiniteFail() throws {
    var flow = try FlowCheckTests.makeFlow(.maf, features: 2)
    let slice = try #require(flow.network.layout.slices.last { $0.role == .bias })
    flow.parameters[slice] = flow.parameters[slice].map { _ in .nan }
    let findings = try FlowCheck(flow, seed: 1).findings()
    #expect(findings.count { !$0.isPassed } >= 4, "\(findings)")
  }
}
