import Foundation
import PushforwardCommands
import Testing

@Suite struct ConsoleTests {
  @Test func numbersForPeople() {
    #expect(Format.count(45730) == "45 730")
    #expect(Format.count(-1_234_567) == "-1 234 567")
    #expect(Format.count(0) == "0")
    #expect(Format.count(1, "row") == "1 row" && Format.count(2, "row") == "2 rows")
    #expect(Format.fixed(-12.34567, 2) == "-12.35")
    #expect(Format.fixed(-9.02074533954206e14, 2) == "-9.02e+14")
    #expect(Format.fixed(.nan, 2) == "nan")
    #expect(Format.significant(0.000_707_1, 2) == "0.00071")
    #expect(Format.significant(1234.5, 2) == "1234" || Format.significant(1234.5, 2) == "1235")
    #expect(Format.significant(1e-9, 2) == "1.0e-09")
    #expect(Format.significant(0, 2) == "0")
    #expect(Format.seconds(3.21) == "3.2 s")
    #expect(Format.seconds(65) == "1 min 05 s")
    #expect(Format.seconds(3 * 3600 + 600) == "3 h 10 min")
    #expect(Format.seconds(.infinity) == "?")
    #expect(Format.bytes(999) == "999 bytes" && Format.bytes(1_234_567) == "1.23 MB")
    #expect(Format.gain("nsf", 0.5) == "nsf gains 0.5000" && Format.gain("nsf", -0.5) == "nsf loses 0.5000")
    #expect(Format.table([["a", "1"], ["bcd", "10"]], indent: "") == ["a     1", "bcd  10"])
  }

  @Test func jsonKeepsTheOrderOfMembers() throws {
    let value: JSONValue = [
      "b": 1, "a": [1.5, .number(.nan), nil], "text": "q\"\\\n\u{1}é", "none": [:], "list": [["x": true], 2],
    ]
    let expected = """
      {
        "b": 1,
        "a": [1.5, null, null],
        "text": "q\\"\\\\\\n\\u0001é",
        "none": {},
        "list": [
          {
            "x": true
          },
          2
        ]
      }
      """
    #expect(value.text == expected)
    // What another reader makes of it.
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(value.text.utf8)) as? [String: Any])
    #expect(object["text"] as? String == "q\"\\\n\u{1}é")
    #expect(try JSONValue(parsing: value.text) == JSONValue(parsing: JSONValue(parsing: value.text).text))
  }

  @Test func encodedValuesHaveSnakeCaseNamesAndNoInfinity() throws {
    struct Record: Encodable {
      var heldOut = Double.infinity
      var rowCount = 3
      var note: String?
    }
    #expect(try JSONValue(encoding: Record()) == ["held_out": nil, "row_count": 3])
  }

  @Test func progressOnATerminalIsOneLineThatIsRemoved() {
    var written: [String] = []
    var time = ContinuousClock.now
    let meter = ProgressMeter(isTerminal: true, write: { written.append($0) }, now: { time })
    meter.stage("training")
    time += .seconds(2)
    meter.update(done: 4, total: 20, unit: "epochs", detail: "best -1")
    time += .milliseconds(10)
    meter.update(done: 5, total: 20, unit: "epochs")
    meter.clear()
    #expect(
      written == [
        "training\n", "\r\u{1b}[K4 of 20 epochs  20 %  2.0 epochs/s  8.0 s left  best -1", "\r\u{1b}[K",
      ])
  }

  @Test func elsewhereOnlyStagesAreTold() {
    var written: [String] = []
    let meter = ProgressMeter(isTerminal: false, write: { written.append($0) })
    meter.stage("training")
    meter.update(done: 1, total: 2, unit: "epochs")
    meter.update(rows: 5)
    meter.clear()
    #expect(written == ["training\n"])
  }
}
