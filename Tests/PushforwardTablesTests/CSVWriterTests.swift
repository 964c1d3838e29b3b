import Foundation
import PushforwardTables
import Testing

@Suite struct CSVWriterTests {
  private func written(_ table: Table, decimals: [String: Int] = [:]) throws -> String {
    let file = try ScratchFile("")
    defer { withExtendedLifetime(file) {} }
    let writer = try CSVWriter(path: file.path, names: table.names, decimals: decimals)
    try writer.write(table)
    try writer.close()
    return try String(contentsOfFile: file.path, encoding: .utf8)
  }

  @Test func quotingAndMissing() throws {
    let t = try Table([
      (name: "a,b", column: .numbers(try NumberColumn([1, .nan, -0.5]))),
      (name: "c", column: .categories(CategoryColumn(["x \"y\"", nil, " z"]))),
    ])
    #expect(try written(t) == "\"a,b\",c\n1,\"x \"\"y\"\"\"\n,\n-0.5,\" z\"\n")
  }

  @Test func decimals() throws {
    let t = try Table(numbers: ["a": [1.005, -0.0004, 1e20, 12345.6789]])
    #expect(try written(t, decimals: ["a": 2]) == "a\n1.00\n0.00\n1e+20\n12345.68\n")
  }

  @Test func numbersComeBack() throws {
    var random = TestRandom(seed: 5)
    var values: [Double] = [0, -0.0, 1, -1, 0.1, 1e15, 1e16, 1e-7, 5e-324, .greatestFiniteMagnitude, 1 / 3.0]
    for i in 0..<200_000 {
      let value = Double(bitPattern: random.next())
      if value.isFinite { values.append(value) }
      values.append((random.normal() * 1e4).rounded() / [1, 10, 100, 1000, 1e9][i % 5])
    }
    let t = try Table(numbers: ["v": values])
    let text = try written(t)
    #expect(try table(text).values(in: "v").map(\.bitPattern) == values.map { ($0 == 0 ? 0 : $0).bitPattern })
    for line in text.split(separator: "\n").dropFirst().prefix(1000) {
      // Small numbers are shorter with an exponent.
      let value = Double(line)!
      #expect(line.count <= value.description.count || value.magnitude < 1e-4)
    }
  }

  @Test func oneColumnWithMissingCells() throws {
    let t = try Table(numbers: ["v": [1, .nan, .nan]])
    #expect(try table(written(t))["v"]?.missingCount == 2)
  }

  @Test func failures() throws {
    let t = try Table(numbers: ["v": [Double](repeating: 0.123456789, count: 200_000)])
    #expect(throws: TableError.cannotWrite(destination: "/nonexistent/x.csv", reason: "No such file or directory")) {
      _ = try CSVWriter(path: "/nonexistent/x.csv", names: ["v"])
    }
    #expect(throws: TableError.unknownColumn(name: "w", available: ["v"])) {
      let file = try ScratchFile("")
      defer { withExtendedLifetime(file) {} }
      try CSVWriter(path: file.path, names: ["w"]).write(t)
    }
    #if os(Linux)
      #expect(throws: TableError.cannotWrite(destination: "/dev/full", reason: "No space left on device")) {
        let writer = try CSVWriter(path: "/dev/full", names: ["v"])
        try writer.write(t)
        try writer.close()
      }
    #endif
  }

  @Test func closedPipes() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    let t = try Table(numbers: ["v": [1, 2, 3]])
    #expect(throws: TableError.brokenPipe) {
      let writer = try CSVWriter(OutputFile(descriptor: ends[1], name: "pipe"), CSVFormatter(names: ["v"]))
      try writer.write(t)
      try writer.close()
    }
  }
}
