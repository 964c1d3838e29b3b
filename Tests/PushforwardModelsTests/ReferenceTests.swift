import Foundation
import PushforwardCore
import PushforwardModels
import Testing

/// Networks, flows and splines against the values of nflows, zuko and normflows.
@Suite struct AgainstOtherPrograms {
  private let file: ReferenceFile

  init() throws { file = try ReferenceFile.load() }

  /// Bound on the relative error: what the peer itself reaches in Float, if that is worse than 1e-5.
  private func bound<Scalar: TileScalar>(_ type: Scalar.Type, _ peer: [String: Double]?) -> Double {
    Scalar.self == Double.self ? 1e-10 : max(1e-5, 4 * (peer?.values.max() ?? 0))
  }

  private func networkFailures<Scalar: TileScalar>(_ type: Scalar.Type) throws -> (count: Int, failures: [String]) {
    var (count, failures) = (0, [String]())
    for (name, item) in file.cases where item.kind == "made" {
      // Residual networks here have an activation before the output; without it only nflows' own is another function.
      if item.activationBeforeOutput == false { continue }
      let (made, parameters) = try ReferenceBuilder<Scalar>.network(item)
      let found = try parameters.withUnsafePointer { pointer in
        let tape = Tape<Scalar>()
        tape.begin(rows: item.x!.count, parameters: pointer)
        let context = try item.context.map { try tape.input(Matrix($0).converted()) }
        return tape.matrix(try made(try tape.input(Matrix(item.x!).converted()), context: context, on: tape)).values
      }
      let error = relativeError(found, item.output!.flatMap { $0 })
      if !(error <= bound(type, nil)) { failures.append("\(name): \(error)") }
      count += 1
    }
    return (count, failures)
  }

  private func flowFailures<Scalar: TileScalar>(_ type: Scalar.Type) throws -> (count: Int, failures: [String]) {
    var (count, failures) = (0, [String]())
    for (name, item) in file.cases where item.kind == "flow" {
      let subject = try ReferenceBuilder<Scalar>.subject(item)
      let bound = bound(type, item.peerFloat32Error)
      func compare(_ what: String, _ found: [Scalar], _ expected: [Double]) {
        let error = relativeError(found, expected)
        if !(error <= bound) { failures.append("\(name), \(what): \(error), allowed \(bound)") }
        count += 1
      }
      let context = item.context.map { Matrix($0).converted(to: Scalar.self) }
      let forward = try subject.apply(.forward, Matrix(item.x!).converted(), context: context)
      compare("z", forward.value.values, item.z!.flatMap { $0 })
      compare("log|det|", forward.logAbsDet, item.logAbsDet!)
      let inverse = try subject.apply(.inverse, Matrix(item.zGiven!).converted(), context: context)
      compare("x of z", inverse.value.values, item.xOfZ!.flatMap { $0 })
      compare("inverse log|det|", inverse.logAbsDet, item.inverseLogAbsDet!)
      let normal = (0..<forward.value.rows).map { row in
        forward.value.row(row).reduce(Double(forward.logAbsDet[row])) {
          $0 - Double($1) * Double($1) / 2 - log(2 * Double.pi) / 2
        }
      }
      compare("log p", normal.map { Scalar($0) }, item.logProb!)
    }
    return (count, failures)
  }

  private func splineFailures<Scalar: TileScalar>(_ type: Scalar.Type) throws -> (count: Int, failures: [String]) {
    var (count, failures) = (0, [String]())
    for curve in file.cases.values.flatMap({ $0.curves ?? [] }) {
      let transformer = curve.transformer.transformer
      for inverse in [false, true] {
        let points = inverse ? curve.yGiven : curve.x
        let tape = Tape<Scalar>()
        tape.begin(rows: points.count, parameters: nil)
        let x = try tape.input(Matrix(points.map { [$0] }).converted())
        let p = try tape.input(Matrix(points.map { _ in curve.parameters }).converted())
        let total = tape.makeZeros(features: 1)
        let y = tape.record(
          TransformerOperation(transformer, inverse: inverse), x, p, outputFeatures: 1, accumulator: total)
        let bound = bound(type, curve.peerFloat32Error)
        let error = relativeError(tape.matrix(y).values, inverse ? curve.xOfY : curve.y)
        let slope = relativeError(tape.matrix(total).values, inverse ? curve.inverseLogSlope : curve.logSlope)
        if !(error <= bound) { failures.append("\(transformer), inverse \(inverse): \(error), allowed \(bound)") }
        if !(slope <= bound) {
          failures.append("\(transformer), inverse \(inverse), slope: \(slope), allowed \(bound)")
        }
        count += 2
      }
    }
    return (count, failures)
  }

  @Test func networksInDouble() throws {
    let (count, failures) = try networkFailures(Double.self)
    #expect(count >= 11)
    #expect(failures == [])
  }

  @Test func networksInFloat() throws { #expect(try networkFailures(Float.self).failures == []) }

  @Test func flowsInDouble() throws {
    let (count, failures) = try flowFailures(Double.self)
    #expect(count >= 16 * 5)
    #expect(failures == [])
  }

  @Test func flowsInFloat() throws { #expect(try flowFailures(Float.self).failures == []) }

  @Test func splinesInDouble() throws {
    let (count, failures) = try splineFailures(Double.self)
    #expect(count >= 8 * 4)
    #expect(failures == [])
  }

  @Test func splinesInFloat() throws { #expect(try splineFailures(Float.self).failures == []) }
}
