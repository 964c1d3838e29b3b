import Foundation
import Pushforward
import Testing

/// Model files: what is saved is what is loaded, and a damaged one is a typed error.
@Suite struct ModelFileTests {
  private func conditionalModel() throws -> DensityModel {
    var options = quick(.nsf, epochs: 1)
    (options.columns, options.given) = (["y", "x"], ["kind"])
    return try DensityModel.fit(Draws.conditional(120, seed: 1), options: options)
  }

  @Test(arguments: ModelKind.allCases.filter { $0.flowFamily != nil || $0 == .gaussian || $0 == .independent })
  func aSavedModelScoresTheSameBits(kind: ModelKind) throws {
    let table = try Draws.mixture(100, seed: 2)
    let model = try DensityModel.fit(table, options: quick(kind, epochs: 1))
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).model").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try model.save(to: path)
    let again = try DensityModel(contentsOf: path)
    #expect(try again.score(table).logProb == model.score(table).logProb)
    #expect(try again.sample(count: 20, seed: 3) == model.sample(count: 20, seed: 3))
    #expect(again.record == model.record && again.encoder == model.encoder && again.schema == model.schema)
    #expect(try again.evaluate(table)["gaussian"] == model.evaluate(table)["gaussian"])
    #expect(try again.encoded() == model.encoded())
  }

  @Test func truncatedAndFlipped() throws {
    let bytes = try conditionalModel().encoded()
    var lengths = Array(stride(from: 0, to: bytes.count, by: max(1, bytes.count / 150)))
    lengths += Array(0..<24) + [bytes.count - 1]
    for length in lengths {
      #expect(throws: (any Error).self, "first \(length) bytes") { try DensityModel(bytes: Array(bytes[..<length])) }
    }
    for position in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 300)) {
      var flipped = bytes
      flipped[position] ^= 1 << UInt8(position % 8)
      #expect(throws: (any Error).self, "bit \(position % 8) of byte \(position)") { try DensityModel(bytes: flipped) }
    }
  }

  @Test func aTensorOfAnotherShapeIsRefused() throws {
    let file = try SafeTensors(bytes: conditionalModel().encoded())
    let first = try #require(file.tensors.first)
    func repacked(_ shape: [Int]) throws -> [UInt8] {
      var other = SafeTensors(metadata: file.metadata)
      for tensor in file.tensors {
        try other.add(
          tensor.name, shape: tensor.name == first.name ? shape : tensor.shape,
          file.values(tensor.name, as: Float.self))
      }
      return other.encoded()
    }
    #expect(throws: Never.self) { try DensityModel(bytes: repacked(first.shape)) }
    #expect(throws: SafeTensorsError.self) { try DensityModel(bytes: repacked([first.shape.reduce(1, *)])) }
    #expect(throws: SafeTensorsError.self) { try DensityModel(bytes: repacked(first.shape.reversed())) }
  }
}
