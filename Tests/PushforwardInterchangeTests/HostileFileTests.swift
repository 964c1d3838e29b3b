import PushforwardInterchange
import Testing

/// A file made by hand: the header's text, then bytes of data.
private func handmade(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
  let text = Array(header.utf8)
  var bytes = withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { Array($0) }
  bytes += text
  bytes += [UInt8](repeating: 1, count: data)
  return bytes
}

private func tensor(_ name: String, _ offsets: String) -> String { tensor(name, "U8", "2", offsets) }

private func tensor(_ name: String, _ type: String, _ shape: String, _ offsets: String) -> String {
  "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offsets)]}"
}

private let a = tensor("a", "0,2")

@Suite struct HostileFileTests {
  /// Each file, and words that its message must hold.
  static let refused: [(name: String, bytes: [UInt8], words: String)] = [
    ("empty", [], "at least 8 bytes"),
    ("seven bytes", [2, 0, 0, 0, 0, 0, 0], "at least 8 bytes"),
    ("header longer than the file", handmade("{}", length: 3), "a header of 2 to 2 bytes"),
    ("header of 2^64 - 1", handmade("{}", length: .max), "18446744073709551615"),
    ("header of 0", handmade("{}", length: 0), "a header length of 0"),
    ("header of 2^63", handmade("{}", length: 1 << 63), "9223372036854775808"),
    ("blank before the brace", handmade(" {}"), "expected {"),
    ("an array", handmade("[]"), "expected {"),
    ("text behind the header", handmade("{} {}"), "expected the end of the header"),
    ("comma at the end", handmade("{\(a),}", data: 2), "expected \""),
    ("no comma", handmade("{\(a) \(a)}", data: 2), "expected ,"),
    ("tensor twice", handmade("{\(a),\(a)}", data: 2), "\"a\" occurs twice"),
    ("tensor twice, one escaped", handmade("{\(a),\(tensor("\\u0061", "2,4"))}", data: 4), "\"a\" occurs twice"),
    ("dtype twice", handmade("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}"), "\"dtype\" occurs twice"),
    ("metadata twice", handmade("{\"__metadata__\":{},\"__metadata__\":{}}"), "occurs twice"),
    ("metadata key twice", handmade("{\"__metadata__\":{\"k\":\"\",\"k\":\"\"}}"), "\"k\" occurs twice"),
    ("metadata that is no string", handmade("{\"__metadata__\":{\"k\":1}}"), "expected \""),
    ("deep nesting", handmade("{\"a\":" + String(repeating: "[", count: 100_000)), "expected {"),
    ("unknown key", handmade("{\"a\":{\"kind\":\"U8\"}}"), "\"kind\""),
    ("no shape", handmade("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,2]}}", data: 2), "not all of them"),
    ("unknown dtype", handmade("{\(tensor("a", "Q8", "2", "0,2"))}", data: 2), "\"Q8\""),
    ("negative dimension", handmade("{\(tensor("a", "U8", "-2", "0,2"))}", data: 2), "a whole number"),
    ("dimension with a point", handmade("{\(tensor("a", "U8", "2.0", "0,2"))}", data: 2), "expected ,"),
    ("dimension with a zero before it", handmade("{\(tensor("a", "U8", "02", "0,2"))}", data: 2), "a whole number"),
    ("dimension beyond 64 bits", handmade("{\(tensor("a", "U8", "99999999999999999999", "0,2"))}", data: 2), "999"),
    (
      "shape whose product overflows",
      handmade("{\(tensor("a", "F64", "4611686018427387904,4", "0,2"))}", data: 2), "fits memory"
    ),
    (
      "shape that overflows to the right size",
      handmade("{\(tensor("a", "U8", "4294967296,4294967296,2", "0,0"))}"), "fits memory"
    ),
    ("shape of another size", handmade("{\(tensor("a", "F32", "2", "0,2"))}", data: 2), "8 bytes for F32 [2]"),
    ("offsets turned round", handmade("{\(tensor("a", "2,0"))}", data: 2), "an end not before it"),
    ("three offsets", handmade("{\(tensor("a", "0,1,2"))}", data: 2), "a start and an end"),
    ("beyond the file", handmade("{\(a)}", data: 1), "is cut short"),
    ("bytes behind the end", handmade("{\(a)}", data: 3), "has bytes behind its end"),
    ("overlap", handmade("{\(a),\(tensor("b", "1,3"))}", data: 3), "overlaps"),
    ("same place", handmade("{\(a),\(tensor("b", "0,2"))}", data: 2), "overlaps"),
    ("hole", handmade("{\(a),\(tensor("b", "3,5"))}", data: 5), "leaves a hole"),
    ("hole at the start", handmade("{\(tensor("a", "1,3"))}", data: 3), "leaves a hole"),
    ("half a surrogate pair", handmade("{\"\\ud800\":{}}"), "expected \\"),
    ("wrong second half", handmade("{\"\\ud800\\u0041\":{}}"), "surrogate"),
    ("second half alone", handmade("{\"\\udc00\":{}}"), "a Unicode character"),
    ("bad escape", handmade("{\"\\x\":{}}"), "an escape"),
    ("bad hexadecimal", handmade("{\"\\u00g0\":{}}"), "hexadecimal"),
    ("line break in a string", handmade("{\"\n\":{}}"), "control character"),
    ("string without end", handmade("{\"abc"), "the end of the header"),
    ("no UTF-8", [5, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x22, 0x7d], "UTF-8"),
    ("no checksum", handmade("{\(a)}", data: 2), "\"checksum\""),
    ("another checksum", handmade("{\"__metadata__\":{\"checksum\":\"crc64:0\"},\(a)}", data: 2), "is damaged"),
  ]

  @Test(arguments: refused.indices) func refusedWithOneLine(index: Int) throws {
    let (name, bytes, words) = HostileFileTests.refused[index]
    let error = #expect(throws: SafeTensorsError.self, "\(name)") {
      try SafeTensors(bytes: bytes, file: "bad.safetensors", checksum: .required)
    }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains(words), "\(name): \(text)")
    #expect(text.hasPrefix("bad.safetensors"), "\(name): \(text)")
    #expect(!text.contains("\n") && text.count < 400, "\(name): \(text)")
  }

  @Test func filesOfOtherProgramsAreTaken() throws {
    let header = "{ \"b\" :{ \"shape\" :[ 1 , 2 ],\"data_offsets\": [2,4],\"dtype\":\"U8\"} ,\n\t\(a)}   "
    let file = try SafeTensors(bytes: handmade(header, data: 4))
    #expect(file.tensors.map(\.name) == ["a", "b"])
    #expect(try SafeTensors(bytes: handmade("{}")).tensors.isEmpty)
    // A dimension of 0 makes the size 0, whatever the others are.
    let empty = handmade("{\(tensor("a", "F64", "9223372036854775807,9223372036854775807,0", "0,0"))}")
    #expect(try SafeTensors(bytes: empty).values("a", as: Double.self).isEmpty)
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try makeSample().encoded()
    for count in 0..<bytes.count {
      #expect(throws: SafeTensorsError.self, "\(count) bytes") {
        try SafeTensors(bytes: Array(bytes.prefix(count)), checksum: .required)
      }
    }
  }

  @Test func everyFlippedBitIsRefused() throws {
    let bytes = try makeSample().encoded()
    for bit in 0..<bytes.count * 8 {
      var changed = bytes
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: SafeTensorsError.self, "bit \(bit)") {
        try SafeTensors(bytes: changed, checksum: .required)
      }
    }
  }

  /// Random damage, without the checksum's protection: an error or a file that can be read, never a trap.
  @Test func randomDamageNeverTraps() throws {
    var sample = try makeSample().encoded()
    // Another name for the checksum, so that the checks behind it are reached.
    let place = try #require(sample.indices.first { sample[$0...].starts(with: Array("\"checksum\"".utf8)) })
    sample[place + 1] = UInt8(ascii: "k")
    _ = try SafeTensors(bytes: sample)
    var random = SystemRandomNumberGenerator()
    var readable = 0
    for _ in 0..<20_000 {
      var bytes = sample
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.remove(at: index)
        default: bytes.insert(Array("{}[]\",:0129\\u".utf8).randomElement(using: &random)!, at: index)
        }
      }
      guard let file = try? SafeTensors(bytes: bytes) else { continue }
      readable += 1
      for tensor in file.tensors {
        try file.withBytes(of: tensor.name) { #expect($0.byteCount == $1.count) }
      }
    }
    #expect(readable > 0)
  }
}
