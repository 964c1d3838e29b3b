import CKernels
import Foundation
import Testing

@Suite struct NumberParsingTests {
  private func parse(_ text: String, point: Character = ".") -> (status: UInt32, number: pf_number) {
    var number = pf_number()
    let bytes = text.utf8.map { CChar(bitPattern: $0) }
    let status = pf_parse_number(bytes, bytes.count, CChar(bitPattern: point.asciiValue!), &number)
    return (UInt32(status), number)
  }

  private func expectSame(_ text: String) -> Bool {
    parse(text).number.value.bitPattern == strtod(text, nil).bitPattern
  }

  /// Every form of text must give the bits of the C library's conversion.
  @Test func agreesWithStrtod() {
    var random = TestRandom(seed: 7)
    var wrong: [String] = []
    for i in 0..<2_000_000 {
      let bits = random.next()
      let text: String
      switch i % 5 {
      case 0:
        let value = Double(bitPattern: bits)
        if !value.isFinite { continue }
        text = value.description
      case 1: text = "\(bits >> 40).\(bits & 0xffff_ffff)e\(Int(bits % 141) - 70)"
      case 2: text = "\(bits)e\(Int((bits >> 7) % 101) - 50)"
      case 3: text = "\(Double(Int64(bitPattern: bits)) / 1e14)"
      default: text = "\(bits >> 11).5"
      }
      if !expectSame(text) { wrong.append(text) }
    }
    #expect(wrong.isEmpty)
  }

  @Test(arguments: [
    "0", "-0", "0.0", "000", "1e23", "9007199254740993", "9007199254740992.5", "2.2250738585072011e-308", "4.9e-324",
    "2e-324", "1e-400", "1.7976931348623157e308", "123456789012345678901234567890", "0.000000000000000000000000001",
    "0." + String(repeating: "0", count: 30) + "12345678901234567890123", "6.02214076e+23", "1E5", ".5", "5.",
    "7.2057594037927945e16", "1" + String(repeating: "0", count: 400) + "e-400",
  ]) func edges(_ text: String) {
    #expect(expectSame(text))
    #expect(parse(text).status == PF_NUMBER_OK.rawValue)
  }

  @Test func whatIsNoNumber() {
    for text in [
      "", "-", "+", ".", "-.", "e5", "1e", "1e+", "1.2.3", "1,5", "0x10", "1_000", "12a", "nan", "--1", "1 2",
    ] {
      #expect(parse(text).status == PF_NUMBER_TEXT.rawValue, "\(text)")
    }
    for text in ["inf", "-Infinity", "1e309", "-1e400", "1" + String(repeating: "0", count: 310)] {
      #expect(parse(text).status == PF_NUMBER_INFINITE.rawValue, "\(text)")
    }
  }

  @Test func whatTheTextSays() {
    #expect(parse("1.250").number.decimals == 3)
    #expect(parse("1.25e-3").number.decimals == 5)
    #expect(parse("1.25e4").number.decimals == 0)
    #expect(parse("1,25", point: ",").number.value == 1.25)
    #expect(parse("007").number.flags == PF_NUMBER_LEADING_ZERO)
    #expect(parse("0.7").number.flags == 0)
    #expect(parse("1e0").number.flags == PF_NUMBER_EXPONENT)
  }
}
