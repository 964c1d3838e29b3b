import Foundation
import Pushforward
import Testing

struct DistillationTests {
  static var quick: DistillationOptions {
    var options = DistillationOptions()
    (options.layers, options.hidden, options.bins, options.maximumEpochs) = (1, [24, 24], 8, 4)
    return options
  }

  @Test func studentOfAFlowComesClose() throws {
    var options = CompositeTests.quick(.nsf)
    (options.transforms, options.maximumEpochs) = (4, 20)
    let table = try Draws.mixture(1500, seed: 1)
    let teacher = try DensityModel.fit(table, options: options)
    let test = try Draws.mixture(1000, seed: 2)
    let found = try Models.distill(teacher, table: test, options: Self.quick)
    #expect(found.forwardKL.mean > -3 * found.forwardKL.standardError && found.forwardKL.mean < 0.1)
    #expect(found.reverseKL.mean > -3 * found.reverseKL.standardError && found.reverseKL.mean < 0.15)
    let heldOut = try #require(found.heldOut)
    #expect(abs(heldOut.difference.mean - (heldOut.student - heldOut.teacher)) < 1e-9)
    #expect(heldOut.difference.mean > -0.1)
    // Which is faster is no question for a machine that runs other tests beside this one.
    #expect(found.speedRatio > 0 && found.parameters.student < found.parameters.teacher)
    #expect(abs(try found.student.evaluate(test).model.mean - heldOut.student) < 1e-9)
    // The same student from the same seed.
    let again = try Models.distill(teacher, table: test, options: Self.quick)
    #expect(again.student.record.fingerprint == found.student.record.fingerprint)
  }

  @Test func otherTeachersTeachThroughTables() throws {
    let table = try Draws.mixture(800, seed: 1)
    let teacher = try Models.fit(table, options: FitOptions(model: .gmm))
    let found = try Models.distill(teacher, options: Self.quick)
    #expect(found.heldOut == nil)
    #expect(found.forwardKL.mean < 0.1 && found.student.columns == ["a", "b"])
  }

  @Test func conditionsComeFromTheTable() throws {
    let table = try Draws.conditional(800, seed: 1)
    var options = CompositeTests.quick(.maf, given: ["x", "kind"])
    options.maximumEpochs = 20
    let teacher = try DensityModel.fit(table, options: options)
    #expect(throws: EstimatorError.self) { try Models.distill(teacher, options: Self.quick) }
    let found = try Models.distill(teacher, table: table, options: Self.quick)
    #expect(found.student.given == teacher.given && found.forwardKL.mean < 0.2)
  }
}
