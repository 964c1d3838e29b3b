import Foundation
import PushforwardTables
import Testing

@Suite struct CSVBadInputTests {
  @Test func emptySources() throws {
    #expect(try message("") == "FILE is empty: expected a header line and rows")
    #expect(try message("\n\n  \n") == "FILE is empty: expected a header line and rows")
    #expect(try message("a,b\n") == "FILE has a header but no rows")
    #expect(try message("a,b") == "FILE has a header but no rows")
    #expect(try message("\u{feff}") == "FILE is empty: expected a header line and rows")
  }

  @Test func raggedRows() throws {
    #expect(try message("a,b,c\n1,2,3\n1,2\n") == "FILE:3: expected 3 fields, found 2")
    #expect(try message("a,b,c\n1,2,3\n\n1,2,3,4\n") == "FILE:4: expected 3 fields, found 4")
    let far = "a,b\n" + String(repeating: "1,2\n", count: 200_000) + "1,2,3\n"
    #expect(try message(far) == "FILE:200002: expected 2 fields, found 3")
  }

  @Test func quotes() throws {
    #expect(try message("a,b\n1,\"x\ny\n") == "FILE:2: the quote opened here is never closed")
    #expect(try message("a,b\n1,\"x\ny\",\"z\n") == "FILE:3: the quote opened here is never closed")
    #expect(try message("a,\"b\n1,2\n") == "FILE:1: the quote opened here is never closed")
    let expected = "FILE:2: field 2 goes on after its closing quote (a quote inside quotes is written twice)"
    #expect(try message("a,b\n1,\"x\"y\n") == expected)
  }

  @Test func textAmongNumbers() throws {
    let good = String(repeating: "1,2\n", count: 300)
    let text = "a,b\n" + good + "12O,2\n" + "3,#\n" + good
    #expect(
      try message(text)
        == "FILE:302: column a: expected a number, found \"12O\"; line 303, column b: \"#\". "
        + "Mark such texts as missing (--missing TEXT), or declare the column a category in a schema file")
    let many = "a\n" + String(repeating: "1\n", count: 1000) + String(repeating: "x\u{1b}[0m\n", count: 12)
    #expect(try message(many).contains("line 1011, column a: \"x\\u{1B}[0m\"; and 2 more."))
    var options = CSVOptions()
    options.acceptsMixedColumns = true
    #expect(try table(text, options)["a"]?.categories.levels == ["1", "12O", "3"])
  }

  @Test func codesAmongNumbers() throws {
    let good = String(repeating: "250.83,1\n276,2\n", count: 200)
    let read = try table("a,b\n" + good + "V57,3\nE909,4\n136A,5\n" + good)
    #expect(read["a"]?.categories.levels == ["250.83", "276", "V57", "E909", "136A"])
    #expect(read["b"]?.numbers != nil)
    #expect(try message("a,b\n" + good + "V57,3\nE909,4\nunknown,5\n").contains("found \"V57\""))
  }

  @Test func infinities() throws {
    let rows = String(repeating: "1\n", count: 30)
    for text in ["inf", "-Inf", "INFINITY", "1e999"] {
      #expect(
        try message("a\n\(rows)\(text)\n").hasPrefix("FILE:32: column a: expected a number, found \"\(text)\""))
    }
    #expect(try table("a\n1e9\n1e-999\n1e308\n").values(in: "a") == [1e9, 0, 1e308])
  }

  @Test func encodings() throws {
    #expect(
      try message(Array("a,b\n1,x\n2,caf".utf8) + [0xe9] + Array("\n".utf8))
        == "FILE:3: column b: \"caf\u{fffd}\" is not UTF-8 text; convert the file: iconv -f latin1 -t utf-8")
    #expect(try message(Array("a,b".utf8) + [0xff] + Array("\n1,2\n".utf8)).contains("is not UTF-8 text"))
    #expect(try message("a,b\n1,x\0y\n") == "FILE:2: column b: the text contains a zero byte; expected UTF-8 text")
    #expect(try message([0xff, 0xfe, 0x61, 0x00]).contains("UTF-16"))
    #expect(try message([0x1f, 0x8b, 8, 0, 0]).contains("gzip"))
    #expect(try message([0x50, 0x4b, 3, 4, 0]).contains("ZIP"))
  }

  @Test func tooManyColumns() throws {
    let commas = String(repeating: ",", count: 1_000_001)
    #expect(try message("\(commas)\n") == "FILE: the first line has 1000002 fields; at most 1000000 are read")
  }

  @Test func names() throws {
    #expect(try message("a,b,a\n1,2,3\n") == "FILE: columns 1 and 3 are both named \"a\"")
  }

  @Test func places() throws {
    #expect(throws: TableError.cannotRead(source: "/nonexistent.csv", reason: "No such file or directory")) {
      _ = try CSVReader(path: "/nonexistent.csv")
    }
    let directory = NSTemporaryDirectory()
    #expect(throws: TableError.cannotRead(source: directory, reason: "Is a directory")) {
      _ = try CSVReader(path: directory)
    }
    if getuid() != 0 {
      let file = try ScratchFile("a\n1\n")
      try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file.path)
      #expect(throws: TableError.cannotRead(source: file.path, reason: "Permission denied")) {
        _ = try CSVReader(path: file.path)
      }
    }
  }

  @Test func streamsAreStrict() throws {
    let file = try ScratchFile("a,b\n1,x\ny,z\n")
    defer { withExtendedLifetime(file) {} }
    let stream = try CSVStream(path: file.path, columns: [("a", .numbers)])
    let error = #expect(throws: TableError.self) { _ = try stream.next() }
    #expect(error?.description.hasSuffix(":3: column a: expected a number, found \"y\"") == true)
    #expect(throws: TableError.unknownColumn(name: "q", available: ["a", "b"])) {
      _ = try CSVStream(path: file.path, columns: [("q", .numbers)])
    }
  }

  @Test func unusableOptions() throws {
    var options = CSVOptions()
    options.delimiter = "\u{e9}"
    #expect(try message("a,b\n1,2\n", options).contains("cannot be the delimiter"))
    options.delimiter = ";"
    options.decimalPoint = ";"
    #expect(try message("a,b\n1,2\n", options).contains("cannot both be"))
  }

  /// Random bytes, biased to those that mean something, never trap and never hang.
  @Test func randomBytes() throws {
    var random = TestRandom(seed: 20)
    let alphabet = Array(",,,;\t|\"\"\n\n\r 0123456789.-+eEabNA?\0".utf8) + [0xff, 0xc3, 0xa9, 0xef, 0xbb, 0xbf]
    var outcomes: [Bool: Int] = [:]
    for _ in 0..<4000 {
      let length = Int.random(in: 0..<200, using: &random)
      // The fewer of the odd characters, the more often the text is a table.
      let variety = Int.random(in: 1...alphabet.count, using: &random)
      let characters = (0..<variety).map { _ in alphabet.randomElement(using: &random)! }
      let bytes = (0..<length).map { _ in characters.randomElement(using: &random)! }
      let file = try ScratchFile(bytes)
      defer { withExtendedLifetime(file) {} }
      do {
        let t = try CSVReader(path: file.path).readAll()
        #expect(t.rowCount > 0 && t.columns.values.allSatisfy { $0.count == t.rowCount })
        outcomes[true, default: 0] += 1
      } catch is TableError {
        outcomes[false, default: 0] += 1
      }
    }
    #expect(outcomes[true, default: 0] > 100 && outcomes[false, default: 0] > 100)
  }
}
