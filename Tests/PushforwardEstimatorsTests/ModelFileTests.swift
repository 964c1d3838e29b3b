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

  @Test(arguments: ModelKind.allCases.filter { $0.family != nil || $0 == .gaussian || $0 == .independent })
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
    #expect(try again.evaluate(table).gaussian == model.evaluate(table).gaussian)
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

  @Test func otherMetadata() throws {
    let bytes = try conditionalModel().encoded()
    for (key, value, part) in [
      ("format", "other", "format: pushforward"), ("format_version", "2", "version"),
      ("format_version", "x", "version"),
      ("model", "{}", "specification"), ("model", "", "description"),
    ] {
      var file = try SafeTensors(bytes: bytes)
      file.metadata[key] = value
      do {
        _ = try DensityModel(bytes: file.encoded())
        Issue.record("\(key): \(value) was read")
      } catch let error as EstimatorError {
        #expect("\(error)".contains(part) && !"\(error)".contains("\n"), "\(error)")
      }
    }
  }

  /// Every leaf of the description in turn gets a value that does not belong there, the checksum being right.
  @Test func strangeDescriptionsAreRefusedOrServed() throws {
    let model = try conditionalModel()
    let file = try SafeTensors(bytes: model.encoded())
    let text = try file.requiredMetadata("model")
    let root = try JSONSerialization.jsonObject(with: Data(text.utf8))
    let table = try Draws.conditional(3, seed: 4)
    let strange: [Any] = [-1, 0, 1e9, 1e308, -0.5, "nan", "inf", "text", [Any](), NSNull()]
    var tried = 0
    for (number, path) in Self.leaves(of: root).enumerated() {
      for (index, value) in strange.enumerated() where (number + index) % 3 == 0 {
        var mutated = file
        let json = try JSONSerialization.data(withJSONObject: Self.replacing(path[...], in: root, by: value))
        mutated.metadata["model"] = String(decoding: json, as: UTF8.self)
        tried += 1
        guard let read = try? DensityModel(bytes: mutated.encoded()) else { continue }
        _ = try? read.score(table)
        _ = try? read.evaluate(table)
        _ = try? read.sample(count: 3, given: ["kind": "first"], seed: 1)
      }
    }
    #expect(tried > 200)
  }

  @Test func strangeTensorsAreRefused() throws {
    let bytes = try conditionalModel().encoded()
    let file = try SafeTensors(bytes: bytes)
    func rebuilt(_ change: (inout SafeTensors, SafeTensors.Description) throws -> Bool) throws -> [UInt8] {
      var other = SafeTensors(metadata: file.metadata)
      for tensor in file.tensors where try !change(&other, tensor) {
        try other.add(tensor.name, shape: tensor.shape, file.values(tensor.name, as: Float.self))
      }
      return other.encoded()
    }
    let first = try #require(file.tensors.first)
    #expect(try rebuilt { _, _ in false } == bytes)
    let missing = try rebuilt { _, tensor in tensor.name == first.name }
    let renamed = try rebuilt { other, tensor in
      guard tensor.name == first.name else { return false }
      try other.add("another", shape: tensor.shape, file.values(tensor.name, as: Float.self))
      return true
    }
    let reshaped = try rebuilt { other, tensor in
      guard tensor.name == first.name else { return false }
      try other.add(tensor.name, shape: [tensor.shape.reduce(1, *)], file.values(tensor.name, as: Float.self))
      return true
    }
    for (what, bytes) in [("missing", missing), ("renamed", renamed), ("reshaped", reshaped)] {
      #expect(throws: (any Error).self, "\(what)") { try DensityModel(bytes: bytes) }
    }
  }

  /// Paths of the leaves; of an array the first, a middle and the last element.
  private static func leaves(of value: Any) -> [[String]] {
    if let object = value as? [String: Any], !object.isEmpty {
      return object.keys.sorted().flatMap { key in leaves(of: object[key]!).map { [key] + $0 } }
    }
    if let array = value as? [Any], !array.isEmpty {
      return Set([0, array.count / 2, array.count - 1]).sorted().flatMap { index in
        leaves(of: array[index]).map { [String(index)] + $0 }
      }
    }
    return [[]]
  }

  private static func replacing(_ path: ArraySlice<String>, in value: Any, by new: Any) -> Any {
    guard let step = path.first else { return new }
    if var object = value as? [String: Any] {
      object[step] = replacing(path.dropFirst(), in: object[step]!, by: new)
      return object
    }
    guard var array = value as? [Any], let index = Int(step) else { return new }
    array[index] = replacing(path.dropFirst(), in: array[index], by: new)
    return array
  }
}
