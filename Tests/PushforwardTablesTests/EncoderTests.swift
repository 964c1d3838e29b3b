import Foundation
import PushforwardTables
import Testing

@Suite struct EncoderTests {
  private func standard() -> EncoderOptions {
    var options = EncoderOptions()
    options.transform = .standard
    return options
  }

  private func sample() throws -> Table {
    var random = TestRandom(seed: 3)
    var text = "x,k,skew,group,when\n"
    for i in 0..<400 {
      let skew = (100 * exp(2 * random.normal())).rounded() + 1
      text += "\((1000 * random.normal()).rounded() / 100),\(Int.random(in: 0...9, using: &random)),\(skew / 100),"
      text += "\(["a", "b", "c"][i % 3]),2024-0\(1 + i % 9)-1\(i % 10)\n"
    }
    return try table(text)
  }

  @Test func roundTripInUnits() throws {
    let t = try sample()
    let schema = try Schema(inferring: t)
    let encoder = try Encoder(fitting: t, schema: schema, conditions: ["group"], options: standard())
    #expect(encoder.columns.map(\.name) == ["x", "k", "skew", "when"])
    #expect(encoder.conditionWidth == 3)
    let rows = try encoder.prepare(t)
    let encoded = encoder.encode(rows)
    #expect(encoded.rowCount == 400 && encoded.values.count == 1600)
    let decoded = try encoder.decode(encoded.values)
    for name in ["x", "k", "skew"] { #expect(decoded.values(in: name) == t.values(in: name)) }
    #expect(decoded.strings(in: "when") == t.strings(in: "when"))
    #expect(Array(rows.conditions[0..<6]) == [1, 0, 0, 0, 1, 0])
  }

  @Test func logDetIsTheDerivative() throws {
    let t = try sample()
    let encoder = try Encoder(
      fitting: t, schema: Schema(inferring: t), modelled: ["x", "skew"], options: standard())
    for column in encoder.columns {
      for x in [-1e6, -3, 0.02, 0.5, 7, 1e9] {
        let h = max(1e-6, 1e-6 * x.magnitude)
        let slope = (column.transform.forward(x + h).z - column.transform.forward(x - h).z) / (2 * h)
        #expect(abs(log(slope) - column.transform.forward(x).logDet) < 1e-4, "\(column.name) at \(x)")
        let back = column.transform.inverse(column.transform.forward(x).z)
        #expect(abs(back - x) <= 1e-9 * max(1, x.magnitude))
      }
    }
  }

  @Test func logWhereItFits() throws {
    let t = try sample()
    let encoder = try Encoder(
      fitting: t, schema: Schema(inferring: t), modelled: ["x", "k", "skew"], options: standard())
    let logs = encoder.columns.map { if case .standard(let s) = $0.transform { s.shift != nil } else { false } }
    #expect(logs == [false, false, true])
  }

  @Test func jitter() throws {
    let t = try sample()
    let encoder = try Encoder(fitting: t, schema: Schema(inferring: t), modelled: ["k", "x"], options: standard())
    let rows = try encoder.prepare(t)
    let one = encoder.encode(rows, jitterSeed: 1)
    #expect(one == encoder.encode(rows, jitterSeed: 1))
    #expect(one != encoder.encode(rows, jitterSeed: 2))
    #expect(encoder.encode(rows, indices: [7], jitterSeed: 1).values == Array(one.values[14..<16]))
    #expect(try encoder.decode(one.values).values(in: "k") == t.values(in: "k"))
    let offsets = (0..<400).map { encoder.columns[0].transform.inverse(one.values[2 * $0]) - t.values(in: "k")[$0] }
    #expect(offsets.allSatisfy { abs($0) < 0.5 })
    #expect(abs(offsets.reduce(0, +) / 400) < 0.06)
    #expect(offsets.contains { $0 > 0.4 } && offsets.contains { $0 < -0.4 })
  }

  @Test func missingCells() throws {
    let t = try table("a,b,g\n1,2,x\n,3,x\n4,,y\n5,6,\n7,8,y\n")
    let schema = try Schema(inferring: t)
    let encoder = try Encoder(fitting: t, schema: schema, conditions: ["g"], options: standard())
    let rows = try encoder.prepare(t)
    #expect(rows.keptRows == [0, 4])
    #expect(rows.leftOutNote == "3 of 5 rows left out, for missing cells: a (1), b (1), g (1)")
    #expect(throws: TableError.self) { _ = try encoder.prepare(t, leavingOutMissing: false) }
    #expect(throws: TableError.self) { _ = try encoder.conditions(of: t) }
  }

  @Test func columnsByName() throws {
    let t = try sample()
    let encoder = try Encoder(fitting: t, schema: Schema(inferring: t), modelled: ["x", "k"], options: standard())
    let swapped = try t.selecting(columns: ["group", "k", "skew", "x"])
    #expect(encoder.encode(try encoder.prepare(swapped)) == encoder.encode(try encoder.prepare(t)))
    #expect(throws: TableError.unknownColumn(name: "k", available: ["x"])) {
      _ = try encoder.prepare(t.selecting(columns: ["x"]))
    }
  }

  @Test func whatCannotBeModelled() throws {
    let t = try sample()
    let schema = try Schema(inferring: t)
    let error = #expect(throws: TableError.self) { _ = try Encoder(fitting: t, schema: schema) }
    #expect(error?.description.contains("cannot model group") == true)
    #expect(error?.description.contains("--given group") == true)
    let constant = try table("a,b\n1,3\n1,4\n")
    let encoder = try Encoder(fitting: constant, schema: Schema(inferring: constant))
    #expect(encoder.leftOut.map(\.name) == ["a"] && encoder.columns.map(\.name) == ["b"])
    let all = try table("a,b\n1,3\n1,3\n")
    #expect(throws: TableError.self) { _ = try Encoder(fitting: all, schema: Schema(inferring: all)) }
    #expect(throws: TableError.self) {
      _ = try Encoder(fitting: t, schema: schema, modelled: ["x"], conditions: ["x"])
    }
  }

  @Test func unseenLevels() throws {
    let t = try sample()
    let encoder = try Encoder(
      fitting: t, schema: Schema(inferring: t), modelled: ["x"], conditions: ["group"], options: standard())
    let other = try table("x,group\n1,a\n2,zebra\n")
    let error = #expect(throws: TableError.self) { _ = try encoder.prepare(other) }
    #expect(error?.description.contains("\"zebra\" did not occur in the fitted table; known are a, b, c") == true)
    #expect(error?.description.contains(":3") == true)
  }

  @Test func savedAndLoaded() throws {
    let t = try sample()
    let schema = try Schema(inferring: t)
    for options in [EncoderOptions(), standard()] {
      let encoder = try Encoder(fitting: t, schema: schema, conditions: ["group"], options: options)
      #expect(try JSONDecoder().decode(Encoder.self, from: JSONEncoder().encode(encoder)) == encoder)
    }
    let encoder = try Encoder(fitting: t, schema: schema, conditions: ["group"])
    let json = try JSONEncoder().encode(encoder)
    let text = String(decoding: json, as: UTF8.self)
    #expect(text.contains("\"missing_count\"") && text.contains("\"jitter_width\""))
    #expect(try JSONDecoder().decode(Schema.self, from: JSONEncoder().encode(schema)) == schema)
  }

  @Test func marginalRoundTrip() throws {
    let t = try sample()
    let encoder = try Encoder(fitting: t, schema: Schema(inferring: t), conditions: ["group"])
    let rows = try encoder.prepare(t)
    for seed in [nil, 1, 2] as [UInt64?] {
      let decoded = try encoder.decode(encoder.encode(rows, jitterSeed: seed).values)
      for name in ["x", "k", "skew"] { #expect(decoded.values(in: name) == t.values(in: name)) }
      #expect(decoded.strings(in: "when") == t.strings(in: "when"))
    }
    let single = encoder.encode(rows)
    #expect(single.floats.count == single.values.count && single.independentLogDensities.allSatisfy(\.isFinite))
  }

  @Test func spikesOfContinuousColumns() throws {
    var random = TestRandom(seed: 8)
    let values = (0..<2000).map { $0 % 4 == 0 ? 0 : random.normal() + 1 }
    let t = try Table(numbers: ["v": values])
    let encoder = try Encoder(fitting: t, schema: Schema(inferring: t))
    let rows = try encoder.prepare(t)
    let jittered = encoder.encode(rows, jitterSeed: 4)
    let plain = encoder.encode(rows)
    #expect(jittered.values[0] != plain.values[0] && jittered.values[1] == plain.values[1])
    let decoded = try encoder.decode(jittered.values).values(in: "v")
    #expect(zip(decoded, values).allSatisfy { abs($0 - $1) < 0.01 })
    #expect(decoded.count { $0 == 0 } >= 500 && decoded.count { $0 == 0 } < 520)
  }

  @Test func givenTexts() throws {
    let t = try sample()
    let encoder = try Encoder(
      fitting: t, schema: Schema(inferring: t), modelled: ["x"], conditions: ["k", "group", "when"])
    let row = try encoder.conditions(given: ["group": "b", "k": "3", "when": "2024-03-12"])
    #expect(row.count == 5 && Array(row[1..<4]) == [0, 1, 0])
    #expect(throws: TableError.missingCell(column: "when", place: "--given", count: 1)) {
      _ = try encoder.conditions(given: ["group": "b", "k": "3"])
    }
    for wrong in [["k": "three"], ["group": "z"], ["when": "soon"], ["x": "1"]] {
      let given = ["group": "b", "k": "3", "when": "2024-03-12"].merging(wrong) { $1 }
      #expect(throws: TableError.self) { _ = try encoder.conditions(given: given) }
    }
  }

  @Test func shapesAreChecked() throws {
    let t = try sample()
    let encoder = try Encoder(fitting: t, schema: Schema(inferring: t), modelled: ["x", "k"], options: standard())
    #expect(throws: TableError.self) { _ = try encoder.decode([1.0, 2, 3]) }
    #expect(throws: TableError.self) { _ = try encoder.decode([1.0, Double.nan]) }
  }
}
