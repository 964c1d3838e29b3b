import Foundation
import PushforwardTables
import Testing

@Suite struct TypedTableTests {
  /// Every kind of column, with missing cells.
  private func mixed(_ rows: Int = 600) throws -> Table {
    var random = TestRandom(seed: 31)
    var text = "real,step,count,group,flag,day,moment,angle,bit,id,note\n"
    for i in 0..<rows {
      let cells = [
        "\(random.normal())", "\((100 * random.normal()).rounded() / 100)",
        "\(random.uniform() < 0.5 ? 0 : Int(exp(6 * random.uniform())))", "\(["a", "b", "c, d", "e"][i % 4])",
        i % 3 == 0 ? "yes" : "no", "2024-0\(1 + i % 9)-\(10 + i * 7 % 18)",
        "2023-05-\(10 + i % 20) \(10 + i % 13):\(10 + i * 11 % 50)", "\(Int(360 * random.uniform()))", "\(i % 2)",
        "\(i + 1)", "some words of row \(i) that do not repeat \(random.next())",
      ]
      let written = cells.enumerated().map { column, cell in
        column < 9 && random.uniform() < 0.1 ? "" : cell.contains(",") ? "\"\(cell)\"" : cell
      }
      text += written.joined(separator: ",") + "\n"
    }
    return try table(text)
  }

  private func fit(_ table: Table, weights: [Double]? = nil) throws -> TypedEncoder {
    var angle = ColumnOverride()
    (angle.kind, angle.isAngle, angle.period) = (.real, true, 360)
    let schema = try Schema(inferring: table, overrides: SchemaOverrides(["angle": angle]))
    return try TypedEncoder(fitting: table, schema: schema, weights: weights)
  }

  private func drawn(_ rows: TypedRows) -> [[Float]] {
    rows.columns.map { cells in
      cells.codes.indices.map { row -> Float in
        let (low, high) = (cells.low[row], cells.high[row])
        if low == -.infinity { return high == .infinity ? 0 : high - 1e-4 }
        return high == .infinity ? low + 1e-4 : low / 2 + high / 2
      }
    }
  }

  @Test func kindsRolesAndRoundTrip() throws {
    let t = try mixed()
    let encoder = try fit(t)
    #expect(encoder.columns.map(\.name) == ["real", "step", "count", "group", "flag", "day", "moment", "angle", "bit"])
    #expect(
      encoder.columns.map(\.role) == [
        .real, .real, .wholeNumber, .category, .boolean, .date, .date, .angle, .boolean,
      ])
    #expect(encoder.leftOut.map(\.name) == ["id", "note"])
    let rows = try encoder.encode(t)
    let back = try encoder.decode(codes: rows.columns.map(\.codes), z: drawn(rows))
    for name in ["group", "flag", "day", "moment"] { #expect(back.strings(in: name) == t.strings(in: name), "\(name)") }
    for name in ["step", "count", "angle", "bit"] {
      #expect(
        zip(back.values(in: name), t.values(in: name)).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(name)")
    }
    for (column, cells) in zip(encoder.columns, rows.columns) {
      #expect(cells.missingCount == t[column.name]?.missingCount)
      #expect(abs(column.missingShare - Double(cells.missingCount) / 600) < 1e-9)
      #expect(abs(column.classShares.reduce(0, +) - 1) < 1e-9 && column.classShares.count == column.classes)
    }
  }

  @Test func savedAndLoaded() throws {
    let encoder = try fit(mixed())
    let json = try JSONEncoder().encode(encoder)
    #expect(try JSONDecoder().decode(TypedEncoder.self, from: json) == encoder)
    let text = String(decoding: json, as: UTF8.self)
    for (from, to) in [
      ("\"class_shares\":[", "\"class_shares\":[0.5,"), ("\"resolution\":", "\"resolution\":-"),
      ("\"pooled_shares\":[", "\"pooled_shares\":[0.5,"), ("\"present_weight\":", "\"present_weight\":-"),
      ("\"period\":", "\"period\":-"), ("\"cuts\":[", "\"cuts\":[1e300,"),
    ] {
      let broken = text.replacingOccurrences(of: from, with: to)
      #expect(broken != text)
      #expect(throws: DecodingError.self, "\(from)") {
        _ = try JSONDecoder().decode(TypedEncoder.self, from: Data(broken.utf8))
      }
    }
  }

  @Test func rowOrderAndWeights() throws {
    let t = try mixed()
    let encoder = try fit(t)
    var random = TestRandom(seed: 5)
    let order = Array(0..<t.rowCount).shuffled(using: &random)
    #expect(try fit(t.selecting(rows: order)) == encoder)
    // Weight 2 is the row twice, weight 0 no row.
    let weights = (0..<t.rowCount).map { Double($0 % 3) }
    let repeated = (0..<t.rowCount).flatMap { [Int](repeating: $0, count: $0 % 3) }
    let schema = try Schema(inferring: t)
    let weighted = try TypedEncoder(fitting: t, schema: schema, weights: weights)
    let twice = try TypedEncoder(fitting: t.selecting(rows: repeated), schema: schema)
    #expect(weighted == twice)
    #expect(throws: TableError.self) { _ = try fit(t, weights: [1]) }
    #expect(throws: TableError.self) { _ = try fit(t, weights: weights.map { $0 - 1 }) }
  }

  @Test func unseenWithoutPool() throws {
    let t = try table("v\n" + (0..<40).map { $0 % 2 == 0 ? "a" : "b" }.joined(separator: "\n") + "\n")
    let encoder = try TypedEncoder(fitting: t, schema: Schema(inferring: t))
    let cells = try encoder.encode(table("v\nb\nc\n")).columns[0]
    #expect(cells.codes == [1, -1] && cells.constant[0] == 0 && cells.constant[1] < -3 && cells.unseenCount == 1)
  }

  @Test func manyLevels() throws {
    let texts = (0..<60_000).map { "level \(Int(sqrt(Double($0 % 4_000_0))) * 7 + $0 % 30)" as String? }
    let t = try Table([(name: "v", column: .categories(CategoryColumn(texts)))])
    var options = TypedEncoderOptions()
    #expect(try TypedEncoder(fitting: t, schema: Schema(inferring: t)).columns[0].atoms > 1024)
    options.mostLevels = 1024
    #expect(try TypedEncoder(fitting: t, schema: Schema(inferring: t), options: options).columns[0].atoms == 1024)
  }

  @Test func ordinalFromSchemaFile() throws {
    let text =
      "[columns.q]\nkind = \"ordinal\"\n[columns.a]\nkind = \"angle\"\nperiod = 24\n[columns.s]\n"
      + "kind = \"ordinal\"\nlevels = [\"low\", \"mid\", \"high\"]\n"
    let file = try ScratchFile(text, suffix: ".toml")
    let overrides = try SchemaOverrides(contentsOf: file.path)
    var options = CSVOptions()
    options.storage = overrides.storage
    let t = try table(
      "q,a,s\n" + (0..<60).map { "\($0 % 12),\($0 * 5 % 24),\(["low", "high", "mid"][$0 % 3])\n" }.joined(), options)
    let schema = try Schema(inferring: t, overrides: overrides)
    let encoder = try TypedEncoder(fitting: t, schema: schema)
    #expect(encoder.columns.map(\.role) == [.ordinal, .angle, .ordinal])
    #expect(encoder.columns[0].levels?.levels == (0..<12).map(String.init))
    #expect(encoder.columns[2].levels?.levels == ["low", "mid", "high"])
    let positions = try #require(encoder.columns[0].positions)
    #expect(zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 })
    #expect(schema.columns.map(\.label) == ["ordinal", "angle", "ordinal"])
  }

  @Test func anglesWrap() throws {
    var random = TestRandom(seed: 9)
    // Around north, so that the circle must be cut elsewhere.
    let values = (0..<2000).map { _ in (20 * random.normal()).truncatingRemainder(dividingBy: 360) }
      .map { $0 < 0 ? $0 + 360 : $0 }
    var angle = ColumnOverride()
    (angle.kind, angle.isAngle) = (.real, true)
    let t = try Table(numbers: ["v": values])
    let encoder = try TypedEncoder(fitting: t, schema: Schema(inferring: t, overrides: SchemaOverrides(["v": angle])))
    let circle = try #require(encoder.columns[0].circle)
    #expect(circle.period == 360 && circle.cut > 90 && circle.cut < 270)
    let cells = try encoder.encode(Table(numbers: ["v": [359.999, 0.001, 360.001, -0.001, 720]])).columns[0]
    #expect(abs(cells.low[0] - cells.low[1]) < 1e-3 && abs(cells.low[1] - cells.low[2]) < 1e-6)
    #expect(abs(cells.low[0] - cells.low[3]) < 1e-6 && cells.unseenCount == 0)
    let z = (0...200).map { Float($0 - 100) / 20 }
    let drawn = try encoder.decode(codes: [z.map { _ in Int32(encoder.columns[0].atoms) }], z: [z]).values(in: "v")
    #expect(drawn.allSatisfy { $0 >= 0 && $0 < 360 })
    #expect(drawn.contains { $0 < 30 } && drawn.contains { $0 > 330 })
  }

  @Test func datesAreWrittenAsTheyWere() throws {
    for (texts, other) in [
      (
        ["2024-03-01T08:00:00+01:00", "2024-03-01T09:30:00+01:00", "2024-05-01T09:30:00+01:00"],
        "2024-03-01T10:00:00+01:00"
      ),
      (["2024-03-01 08:00", "2024-03-01 09:30", "2024-06-01 09:30"], "2024-03-01 10:00"),
      (["2024-03-01", "2024-03-08", "2024-04-05", "2024-05-10"], "2024-03-15"),
      (["2024-03-01T08:00:00Z", "2024-03-01T09:30:07Z", "2024-07-01T09:30:00Z"], "2024-03-01T10:00:00Z"),
    ] {
      let t = try table("v\n" + texts.joined(separator: "\n") + "\n")
      let encoder = try TypedEncoder(fitting: t, schema: Schema(inferring: t))
      #expect(encoder.columns[0].role == .date)
      for source in [t, try table("v\n\(other)\n\(texts[0])\n")] {
        let rows = try encoder.encode(source)
        let back = try encoder.decode(codes: rows.columns.map(\.codes), z: drawn(rows))
        #expect(back.strings(in: "v") == source.strings(in: "v"))
      }
    }
    // Weekly dates stay on their weekday.
    let days = (0..<200).map { day -> String in
      let date = Date(timeIntervalSince1970: Double(19_000 + 7 * (day * 37 % 151)) * 86400)
      return date.ISO8601Format(.iso8601.year().month().day())
    }
    let t = try table("v\n" + days.joined(separator: "\n") + "\n")
    let encoder = try TypedEncoder(fitting: t, schema: Schema(inferring: t))
    #expect(encoder.columns[0].step == 7)
  }

  @Test func hostileColumns() throws {
    let none = try table("a,b\n1,\n2,\n3,\n")
    let encoder = try TypedEncoder(fitting: none, schema: Schema(inferring: none))
    #expect(encoder.columns.map(\.name) == ["a"] && encoder.leftOut.map(\.name) == ["b"])
    #expect(throws: TableError.self) {
      _ = try TypedEncoder(fitting: none, schema: Schema(inferring: none), modelled: ["b"])
    }
    // Present in the table, missing in the rows at hand.
    let late = try table("a,b\n1,\n2,\n3,4\n5,6\n")
    let some = try TypedEncoder(fitting: late.selecting(rows: [0, 1]), schema: Schema(inferring: late))
    #expect(some.leftOut == [Encoder.LeftOut(name: "b", reason: "every cell of the training rows is missing")])
    let constant = try table("a,b\n1,1\n1,2\n")
    #expect(try TypedEncoder(fitting: constant, schema: Schema(inferring: constant)).leftOut.map(\.name) == ["a"])
    let huge = try Table(numbers: ["v": [1e300, -1e300, 0, 1, 2, 1e-300]])
    let rows = try TypedEncoder(fitting: huge, schema: Schema(inferring: huge)).encode(huge)
    #expect(rows.constants.allSatisfy { $0.isFinite })
    let garbage = try table("v\n2024-01-01\nsoon\n2024-01-02\n2024-01-01\nsoon\n\nNaN\n")
    let texts = try TypedEncoder(fitting: garbage, schema: Schema(inferring: garbage))
    #expect(texts.columns[0].role == .category)
    let single = try table("a,b\n1.5,x\n")
    #expect(throws: TableError.self) { _ = try TypedEncoder(fitting: single, schema: Schema(inferring: single)) }
    // A table without a column is missing there; a text where a number should be is an error.
    let t = try mixed(100)
    let whole = try fit(t)
    let rest = try whole.encode(t.selecting(columns: ["group"]))
    #expect(rest.columns[0].missingCount == 100 && rest.columns[3].missingCount < 100)
    #expect(throws: TableError.self) { _ = try whole.encode(t.selecting(columns: ["group"]), requiresColumns: true) }
    #expect(throws: TableError.self) { _ = try whole.encode(table("real\nten\nx\n")) }
  }

  @Test func decodingChecks() throws {
    let t = try table("a,b\n1,x\n2,y\n3,x\n4.5,y\n")
    let encoder = try TypedEncoder(fitting: t, schema: Schema(inferring: t))
    #expect(throws: TableError.self) { _ = try encoder.decode(codes: [[0]], z: [[0]]) }
    #expect(throws: TableError.self) { _ = try encoder.decode(codes: [[0], [7]], z: [[0], [0]]) }
    #expect(throws: TableError.self) { _ = try encoder.decode(codes: [[-2], [0]], z: [[0], [0]]) }
    let code = Int32(encoder.columns[0].atoms)
    #expect(throws: TableError.self) { _ = try encoder.decode(codes: [[code], [0]], z: [[.nan], [0]]) }
    let missing = try encoder.decode(codes: [[-1], [-1]], z: [[0], [0]])
    #expect(missing["a"]?.missingCount == 1 && missing["b"]?.missingCount == 1)
  }

  @Test func rareAndUnseenLevels() throws {
    var texts: [String?] = []
    for i in 0..<12000 { texts.append(i % 10 == 0 ? "rare\(i / 10 % 600)" : i % 2 == 0 ? "even" : "odd") }
    texts.append(nil)
    let t = try Table([(name: "v", column: .categories(CategoryColumn(texts)))])
    let encoder = try TypedEncoder(fitting: t, schema: Schema(inferring: t))
    let column = encoder.columns[0]
    let levels = try #require(column.levels)
    #expect(Set(levels.levels) == ["even", "odd"] && levels.pooled.count == 600 && column.atoms == 3)
    #expect(abs(levels.pooledShares.reduce(levels.unseenShare, +) - 1) < 1e-9)
    // Masses of all levels and of the unseen sum to one.
    let all = levels.levels + levels.pooled + ["never"]
    let rows = try encoder.encode(Table([(name: "v", column: .categories(CategoryColumn(all)))]))
    let masses = zip(rows.columns[0].codes, rows.columns[0].constant).map { column.classShares[Int($0)] * exp($1) }
    #expect(abs(masses.reduce(0, +) - 1) < 1e-9)
    #expect(rows.columns[0].unseenCount == 1 && rows.note == "values that the fitted rows do not allow for: v (1)")
    // Restored by frequency, the same for the same seed and row.
    let codes = [[Int32](repeating: 2, count: 3000)]
    let z = [[Float](repeating: 0, count: 3000)]
    let drawn = try encoder.decode(codes: codes, z: z, seed: 4).strings(in: "v")
    #expect(Set(drawn).count > 500 && drawn.allSatisfy { $0?.hasPrefix("rare") == true })
    #expect(try encoder.decode(codes: codes, z: z, seed: 4).strings(in: "v") == drawn)
    #expect(try encoder.decode(codes: codes, z: z, seed: 5).strings(in: "v") != drawn)
    let tail = try encoder.decode(codes: [[2, 2]], z: [[0, 0]], seed: 4, firstRow: 2998).strings(in: "v")
    #expect(Array(drawn[2998...]) == tail)
  }
}
