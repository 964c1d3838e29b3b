import Foundation
import PushforwardTables
import Testing

@Suite struct CSVReaderTests {
  @Test func plainNumbersAndTexts() throws {
    let t = try table("a,b,c\n1,2.5,x\n-3,1e-3,y\n+4,.5,x\n")
    #expect(t.names == ["a", "b", "c"])
    #expect(t.values(in: "a") == [1, -3, 4])
    #expect(t.values(in: "b") == [2.5, 1e-3, 0.5])
    #expect(t.strings(in: "c") == ["x", "y", "x"])
    #expect(t["b"]?.numbers?.recording.decimals == 3)
    #expect(t.place(ofRow: 2).hasSuffix(":4"))
  }

  @Test(arguments: ["\n", "\r\n", "\r"]) func lineEnds(_ end: String) throws {
    for tail in ["", end, end + end] {
      let t = try table(["a,b", "1,x", "", "2,y"].joined(separator: end) + tail)
      #expect(t.values(in: "a") == [1, 2])
      #expect(t.strings(in: "b") == ["x", "y"])
    }
  }

  @Test func quotes() throws {
    let t = try table("\"a\",\"b \"\"x\"\"\"\n1, \"two\nlines\" \n\"2\",\"say \"\"hi\"\", now\"\n3,5\" pipe\n")
    #expect(t.names == ["a", "b \"x\""])
    #expect(t.values(in: "a") == [1, 2, 3])
    #expect(t.strings(in: "b \"x\"") == ["two\nlines", "say \"hi\", now", "5\" pipe"])
    #expect(t.place(ofRow: 1).hasSuffix(":4"))
    #expect(t.place(ofRow: 2).hasSuffix(":5"))
  }

  @Test func byteOrderMarkAndBlanks() throws {
    let t = try table("\u{feff} a , b \n 1 ,\t x y \n")
    #expect(t.names == ["a", "b"])
    #expect(t.values(in: "a") == [1])
    #expect(t.strings(in: "b") == ["x y"])
  }

  @Test func missingMarkers() throws {
    let t = try table("a,b\n1,x\n,\nNA,?\nNaN,null\nnull,None\n?,n/a\n2,NULL\n")
    #expect(t["a"]?.missingCount == 5)
    #expect(t.values(in: "a").filter { !$0.isNaN } == [1, 2])
    #expect(t.strings(in: "b") == ["x", nil, nil, nil, nil, nil, nil])
    var options = CSVOptions()
    options.missingMarkers = ["unknown"]
    #expect(try table("a,b\n1,NA\nunknown,y\n", options).strings(in: "b") == ["NA", "y"])
  }

  @Test(arguments: [",", ";", "\t", "|"]) func delimiters(_ delimiter: String) throws {
    let t = try table("a,b,c\n1,2,x\n3,4,y\n".split(separator: ",").joined(separator: delimiter))
    #expect(t.names == ["a", "b", "c"])
    #expect(t.values(in: "b") == [2, 4])
  }

  @Test func decimalComma() throws {
    let t = try table("a;b\n1,5;2,25\n-0,5;3\n")
    #expect(t.values(in: "a") == [1.5, -0.5])
    #expect(t.values(in: "b") == [2.25, 3])
    let noHeader = try table("1,5;2,5\n3,5;4,5\n")
    #expect(noHeader.values(in: "c2") == [2.5, 4.5])
    #expect(try table("a;b\n1.5;x,y\n2.5;z\n").values(in: "a") == [1.5, 2.5])
    var options = CSVOptions()
    options.decimalPoint = ","
    #expect(try table("a;b\n1,5;2,5\n", options).values(in: "b") == [2.5])
    options.delimiter = "\t"
    #expect(try table("a\tb\n1,5\t2\n", options).values(in: "a") == [1.5])
  }

  @Test func headers() throws {
    #expect(try table("1,2\n3,4\n").names == ["c1", "c2"])
    #expect(try table("x,1\ny,2\n").names == ["c1", "c2"])
    #expect(try table("name,kind\nann,b\nbob,b\n").names == ["name", "kind"])
    #expect(try table("ann,b\nbob,b\n").names == ["c1", "c2"])
    #expect(try table(",a\n0,1\n1,2\n").names == ["c1", "a"])
    var options = CSVOptions()
    options.header = .present
    #expect(try table("2019,2020\n3,4\n", options).names == ["2019", "2020"])
    options.header = .absent
    #expect(try table("a,b\nc,d\n", options).strings(in: "c1") == ["a", "c"])
  }

  @Test func singleColumns() throws {
    let t = try table("x\n1\n\n3\n\n\n")
    #expect(t.rowCount == 3)
    #expect(t["x"]?.missingCount == 1)
    #expect(t.place(ofRow: 2).hasSuffix(":4"))
    #expect(try table("5").values(in: "c1") == [5])
    #expect(try table("1\n2").values(in: "c1") == [1, 2])
  }

  @Test func numbersBecomeTextsLate() throws {
    let rows = 60_000
    let text = "id,v\n" + (0..<rows).map { "\($0),\($0 < 40_000 ? "7" : "00\($0 % 3)x")\n" }.joined()
    let t = try table(text)
    #expect(t.values(in: "id").count == rows)
    #expect(t["v"]?.categories.levels == ["7", "001x", "002x", "000x"])
    #expect(t["v"]?.categories.codes.count == rows)
    #expect(t.strings(in: "v")[39_999] == "7")
  }

  @Test func missingFirstThenTexts() throws {
    let text = "a,b\n" + String(repeating: "1,\n", count: 30_000) + "2,x\n"
    let t = try table(text)
    #expect(t["b"]?.missingCount == 30_000)
    #expect(t.strings(in: "b").last == "x")
  }

  @Test func chosenColumnsAndStorage() throws {
    var options = CSVOptions()
    options.columns = ["c", "a"]
    options.storage = ["a": .categories]
    let t = try table("a,b,c\n007,x,1\n08,y,2\n", options)
    #expect(t.names == ["a", "c"])
    #expect(t.strings(in: "a") == ["007", "08"])
    options.columns = ["d"]
    #expect(throws: TableError.unknownColumn(name: "d", available: ["a", "b", "c"])) {
      _ = try table("a,b,c\n1,x,1\n", options)
    }
  }

  @Test func wideAndLongRecords() throws {
    let names = (0..<40_000).map { "column\($0)" }
    let t = try table(
      names.joined(separator: ",") + "\n" + names.map { String($0.count) }.joined(separator: ",") + "\n")
    #expect(t.names == names)
    let long = String(repeating: "x", count: 3_000_000)
    #expect(try table("a,b\n1,\(long)\n2,\"\(long)\n\"\n").strings(in: "b") == [long, long + "\n"])
  }

  @Test func largeFileInBatches() throws {
    let rows = 100_000
    var expected: [Double] = []
    var text = "x,y\n"
    for i in 0..<rows {
      let value = Double(i) * 0.1 - 17
      expected.append(value)
      text += "\(value),\(i % 5 == 0 ? "" : "l\(i % 7)")\n"
    }
    let file = try ScratchFile(text)
    let whole = try CSVReader(path: file.path).readAll()
    #expect(whole.values(in: "x") == expected)
    let stream = try CSVStream(path: file.path, columns: [("y", .categories), ("x", .numbers)], batchRows: 10_000)
    var streamed: [Double] = []
    var texts: [String?] = []
    while let batch = try stream.next() {
      #expect(batch.rowCount == 10_000)
      #expect(batch.place(ofRow: 0).hasSuffix(":\(streamed.count + 2)"))
      streamed += batch.values(in: "x")
      texts += batch.strings(in: "y")
    }
    #expect(streamed == expected)
    #expect(texts == whole.strings(in: "y"))
  }

  @Test func namedPipes() async throws {
    let path = NSTemporaryDirectory() + "pushforward-pipe-\(UUID().uuidString)"
    #expect(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let text = "a,b\n" + String(repeating: "1,x\n", count: 50_000)
    let writer = Task.detached { try text.write(toFile: path, atomically: false, encoding: .utf8) }
    let t = try TableSource(path).read()
    try await writer.value
    #expect(t.rowCount == 50_000 && t["b"]?.categories.levels == ["x"])
  }

  /// Numbers inside a buffer are read with a kernel that looks beyond the field.
  @Test func numbersOfAllLengths() throws {
    var random = TestRandom(seed: 30)
    var texts: [String] = []
    for i in 0..<60_000 {
      let digits = String(random.next()) + String(random.next())
      let whole = digits.prefix(i % 19)
      let fraction = digits.dropFirst(20).prefix(i / 19 % 19)
      if whole.isEmpty && fraction.isEmpty { continue }
      texts.append("\(i % 2 == 0 ? "-" : "")\(whole).\(fraction)\(i % 7 == 0 ? "e\(i % 41 - 20)" : "")")
    }
    for separator in [",", " , ", "\",\""] {
      let quote = separator.first == "\"" ? "\"" : ""
      var text = "a,b\n"
      for pair in stride(from: 0, to: texts.count - 1, by: 2) {
        text += "\(quote)\(texts[pair])\(separator)\(texts[pair + 1])\(quote)\n"
      }
      text.removeLast()
      let t = try table(text)
      let expected = texts.map { strtod($0, nil).bitPattern }
      #expect(t.values(in: "a").map(\.bitPattern) == stride(from: 0, to: texts.count - 1, by: 2).map { expected[$0] })
      #expect(t.values(in: "b").map(\.bitPattern) == stride(from: 1, to: texts.count, by: 2).map { expected[$0] })
    }
  }
}
