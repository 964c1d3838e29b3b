import PushforwardTables
import Testing

@Suite struct SchemaTests {
  private func kinds(_ name: String) throws -> (schema: Schema, table: Table)? {
    guard let path = sharedData(name) else { return nil }
    let table = try CSVReader(path: path).readAll()
    return (try Schema(inferring: table), table)
  }

  @Test func penguins() throws {
    guard let (schema, table) = try kinds("penguins.csv") else { return }
    #expect(table.rowCount == 344)
    #expect(
      schema.columns.map(\.kind) == [.category, .category, .real, .real, .wholeNumber, .wholeNumber, .category])
    #expect(schema.columns.map(\.missingCount) == [0, 0, 2, 2, 2, 2, 11])
    #expect(schema["species"]?.levels == ["Adelie", "Chinstrap", "Gentoo"])
    #expect(schema["bill_length_mm"]?.step == 0.1)
    #expect(schema["flipper_length_mm"]?.step == 1)
    #expect(schema["body_mass_g"]?.step == 25)
    #expect(schema["body_mass_g"]?.minimum == 2700 && schema["body_mass_g"]?.maximum == 6300)
  }

  @Test func diamonds() throws {
    guard let (schema, table) = try kinds("diamonds.csv") else { return }
    #expect(table.rowCount == 53_940)
    let categories: [ColumnKind] = [.category, .category, .category]
    #expect(schema.columns.map(\.kind) == [.real] + categories + [.real, .real, .wholeNumber, .real, .real, .real])
    #expect(schema["carat"]?.step == 0.01 && schema["depth"]?.step == 0.1 && schema["table"]?.step == 0.1)
    #expect(schema["x"]?.step == 0.01 && schema["price"]?.step == 1)
    #expect(schema["clarity"]?.levelCounts?.reduce(0, +) == 53_940)
  }

  @Test func adult() throws {
    guard let (schema, table) = try kinds("adult.csv") else { return }
    #expect(table.rowCount == 48_842)
    #expect(schema["workclass"]?.missingCount == 2799)
    #expect(schema["native_country"]?.missingCount == 857 && schema["native_country"]?.levels?.count == 41)
    let numbers = schema.columns.filter { $0.kind == .wholeNumber }.map(\.name)
    #expect(numbers == ["age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week"])
    #expect(schema.columns.count { $0.kind == .category } == 9)
    #expect((schema["capital_gain"]?.repeatedShare ?? 0) > 0.99)
  }

  @Test(arguments: [("power_plant.csv", 9568, 5), ("concrete.csv", 1030, 9), ("protein.csv", 45_730, 10)])
  func reals(_ name: String, _ rows: Int, _ columns: Int) throws {
    guard let (schema, table) = try kinds(name) else { return }
    #expect(table.rowCount == rows && schema.columns.count == columns)
    #expect(schema.columns.allSatisfy { $0.kind == .real || $0.name == "F8" || $0.name == "age" })
    #expect(schema.columns.allSatisfy { $0.step != nil && $0.step! > 0 })
  }

  @Test func otherShared() throws {
    if let (schema, table) = try kinds("optdigits_train.csv") {
      #expect(table.rowCount == 3823 && schema.columns.count == 65)
      #expect(schema["p00"]?.kind == .constant && schema["p00"]?.reason == "every cell is 0")
      #expect(schema["digit"]?.kind == .wholeNumber)
    }
    if let (schema, _) = try kinds("speed.csv") {
      #expect(schema.columns.map(\.kind) == [.real, .category, .real, .category])
      #expect(schema["rt"]?.step == nil)
    }
    if let (schema, _) = try kinds("sunspots_monthly.csv") {
      #expect(schema.columns.map(\.kind) == [.wholeNumber, .wholeNumber, .real])
    }
  }

  @Test func identifiersAndTexts() throws {
    var text = "n,customer_id,code,comment,day,time,same,level,year\n"
    for i in 0..<60 {
      let day = "2024-02-\(i % 29 < 9 ? "0" : "")\(i % 29 + 1)"
      text += "\(i),\(7 * i % 61 + 100),A\(i)B,some words about thing number \(i),\(day),\(day)T12:\(10 + i % 50),k,"
      text += "\(i % 3 == 0 ? "x" : "y"),\(1900 + i)\n"
    }
    let schema = try Schema(inferring: table(text))
    let expected: [ColumnKind] = [
      .identifier, .identifier, .identifier, .freeText, .date, .date, .constant, .category, .wholeNumber,
    ]
    #expect(schema.columns.map(\.kind) == expected)
    #expect(schema["n"]?.reason == "it counts the rows from 0")
    #expect(schema["day"]?.dateUnit == .day && schema["time"]?.dateUnit == .second)
    #expect(schema["day"]?.minimum == 19754)
  }

  @Test func steps() throws {
    let text =
      "a,b,c,d\n" + (0..<40).map { "\($0 * 50),\(3 * $0 % 7).0,\(Double($0) * 0.05),0.1234567890123\($0)\n" }.joined()
    let schema = try Schema(inferring: table(text))
    #expect(schema["a"]?.step == 50)
    #expect(schema["b"]?.step == 1 && schema["b"]?.kind == .wholeNumber)
    #expect(schema["c"]?.step == 0.05)
    #expect(schema["d"]?.step == nil && schema["d"]?.kind == .real)
    #expect(RecordingStep(0.05)?.round(0.30000001) == 0.3)
    #expect(RecordingStep(25)?.round(3811) == 3800)
    #expect(RecordingStep(0) == nil && RecordingStep(-1) == nil && RecordingStep(.nan) == nil)
  }

  @Test func overrides() throws {
    let t = try table("a,b,c\n1,x,5\n2,y,6\n3,x,7\n")
    var a = ColumnOverride()
    a.kind = .category
    var c = ColumnOverride()
    c.minimum = 0
    c.maximum = 10
    let schema = try Schema(inferring: t, overrides: SchemaOverrides(["a": a, "c": c]))
    #expect(schema["a"]?.levels == ["1", "2", "3"])
    #expect(schema["c"]?.minimum == 0 && schema["c"]?.maximum == 10)
    c.maximum = 6
    #expect(throws: TableError.badSchema(source: "schema", line: nil, detail: "column c: max = 6, but 7 occurs")) {
      _ = try Schema(inferring: t, overrides: SchemaOverrides(["c": c]))
    }
    #expect(throws: TableError.self) { _ = try Schema(inferring: t, overrides: SchemaOverrides(["q": a])) }
    var b = ColumnOverride()
    b.kind = .real
    #expect(throws: TableError.self) { _ = try Schema(inferring: t, overrides: SchemaOverrides(["b": b])) }
    b.kind = nil
    b.levels = ["x", "z"]
    let error = #expect(throws: TableError.self) {
      _ = try Schema(inferring: t, overrides: SchemaOverrides(["b": b]))
    }
    #expect(error?.description.contains("\"y\"") == true)
  }
}
