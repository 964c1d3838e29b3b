import PushforwardTables
import Testing

@Suite struct SchemaFileTests {
  private func overrides(_ text: String, json: Bool = false) throws -> SchemaOverrides {
    let file = try ScratchFile(text, suffix: json ? ".json" : ".toml")
    defer { withExtendedLifetime(file) {} }
    return try SchemaOverrides(contentsOf: file.path)
  }

  private func message(_ text: String) throws -> String {
    let file = try ScratchFile(text, suffix: ".toml")
    defer { withExtendedLifetime(file) {} }
    do {
      _ = try SchemaOverrides(contentsOf: file.path)
      return "no error"
    } catch {
      return "\(error)".replacingOccurrences(of: file.path, with: "FILE")
    }
  }

  @Test func toml() throws {
    let read = try overrides(
      """
      # what we know
      [columns.age]
      kind = "whole_number"   # years
      min = 0
      max = 1_20
      step = 1

      [columns."fuel type"]
      kind = 'category'
      levels = [ "gas", 'die\\sel',  # two kinds
        "a \\"b\\" \\u00e9", 3 ]
      [columns.price]
      log = true
      [columns.note]
      role = "ignore"
      """)
    let age = try #require(read.columns["age"])
    #expect(age.kind == .wholeNumber && age.minimum == 0 && age.maximum == 120 && age.step == 1)
    #expect(read.columns["fuel type"]?.levels == ["gas", "die\\sel", "a \"b\" \u{e9}", "3"])
    #expect(read.columns["price"]?.log == true && read.columns["note"]?.isIgnored == true)
    #expect(read.storage == ["age": .numbers, "fuel type": .categories])
  }

  @Test func json() throws {
    let read = try overrides(
      #"{"columns": {"a": {"kind": "category", "levels": ["x", 1]}, "b": {"role": "ignore", "log": false, "min": 0.5}}}"#,
      json: true)
    #expect(read.columns["a"]?.kind == .category && read.columns["a"]?.levels == ["x", "1"])
    #expect(
      read.columns["b"]?.isIgnored == true && read.columns["b"]?.log == false && read.columns["b"]?.minimum == 0.5)
  }

  @Test(
    arguments: [
      ("", "FILE: the file is empty; expected [columns.NAME]"),
      (
        "[columns.a]\nkind = \"number\"\n",
        "FILE:2: column a: \"number\" is no kind; expected one of real, whole_number, "
          + "category, constant, identifier, date, free_text, ordinal, boolean, angle"
      ),
      (
        "[columns.a]\n\ncolour = 1\n",
        "FILE:3: column a: \"colour\" is not known; expected kind, levels, other, step, min, max, period, log, error_column or role"
      ),
      ("[columns.a]\nstep = \"x\"\n", "FILE:2: column a: step must be a number"),
      ("[columns.a]\nmin = 2\nmax = 1\n", "FILE:3: column a: min is above max"),
      ("[columns.a]\nkind = real\n", "FILE:2: \"real\" is no value; texts stand in quotes"),
      ("[columns.a]\nkind = \"real\n", "FILE:2: the text that begins here is not closed on its line"),
      ("[columns.a]\nkind \"real\"\n", "FILE:2: expected =, found \"\"\""),
      ("[columns.a]\nlevels = [\"x\" \"y\"]\n", "FILE:2: expected , or ] in a list, found \"\"\""),
      ("[columns.a]\nlevels = [\"x\",", "FILE:2: expected a value, found the end of the file"),
      ("kind = \"real\"\n", "FILE:1: \"kind\" stands before any [columns.NAME]"),
      ("[tables.a]\n", "FILE:1: expected [columns.NAME], found [tables]"),
      ("[columns.a]\n[columns.a]\n", "FILE:2: [columns.a] stands twice"),
      ("[columns.a]\nmin = 1\nmin = 2\n", "FILE:3: \"min\" is set twice"),
      ("[columns.a]\nrole = \"target\"\n", "FILE:2: column a: role can only be \"ignore\""),
      ("[columns.a]\nkind = {}\n", "FILE:2: inline tables are not read; write [columns.NAME]"),
      ("{\"columns\": 3}", "FILE: expected JSON like {\"columns\": {\"NAME\": {\"kind\": \"real\"}}}"),
      ("{", "FILE: expected JSON like {\"columns\": {\"NAME\": {\"kind\": \"real\"}}}"),
    ]) func mistakes(_ text: String, _ expected: String) throws
  {
    #expect(try message(text) == expected)
  }

  @Test func random() throws {
    var random = TestRandom(seed: 21)
    let pieces = [
      "[columns.", "a", "]", "\n", "=", "\"", "'", "[", ",", "1", "true", "#", " ", "kind", "\\u", "{", "levels",
    ]
    for _ in 0..<3000 {
      let text = (0..<Int.random(in: 1..<25, using: &random)).map { _ in pieces.randomElement(using: &random)! }
        .joined()
      #expect(throws: Never.self) {
        do { _ = try SchemaOverrides(text: text, isJSON: false, source: "x") } catch is TableError {}
      }
    }
  }

  @Test func declaredAndRead() throws {
    let declared = try overrides("[columns.code]\nkind = \"category\"\n[columns.n]\nkind = \"real\"\nmin = 0\n")
    var options = CSVOptions()
    options.storage = declared.storage
    let t = try table("code,n\n007,1\n7,2\n007,3\n", options)
    let schema = try Schema(inferring: t, overrides: declared)
    #expect(schema["code"]?.levels == ["007", "7"])
    #expect(schema["n"]?.kind == .real && schema["n"]?.reason.hasPrefix("declared real, min") == true)
  }

  @Test func otherLevelsAndRanges() throws {
    let declared = try overrides(
      """
      [columns.c]
      levels = ["a", "b", "rest"]
      other = "rest"
      [columns.x]
      min = 0
      """)
    let t = try table("c,x\n" + (0..<60).map { "\(["a", "b", "q", "r"][$0 % 4]),\(Double($0) / 7)\n" }.joined())
    let schema = try Schema(inferring: t, overrides: declared)
    #expect(schema["c"]?.levelCounts == [15, 15, 30])
    let encoder = try Encoder(fitting: t, schema: schema, conditions: ["c"])
    #expect(try encoder.conditions(given: ["c": "never seen"]) == [0, 0, 1])
    #expect(try encoder.decode([-30.0]).values(in: "x") == [0])
    #expect(throws: TableError.self) {
      _ = try Schema(inferring: t, overrides: overrides("[columns.c]\nother = \"rest\"\n"))
    }
  }
}
