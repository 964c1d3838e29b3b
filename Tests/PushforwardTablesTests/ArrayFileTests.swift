import CKernels
import Foundation
import PushforwardTables
import Testing

@Suite struct ArrayFileTests {
  /// The bytes of a `.npy` file.
  private func npy(_ descriptor: String, shape: String, fortran: Bool = false, _ data: [UInt8]) -> [UInt8] {
    var header = "{'descr': '\(descriptor)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }"
    while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
    header += "\n"
    let length = header.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(header.utf8) + data
  }

  private func bytes<T: FixedWidthInteger>(_ values: [T], big: Bool = false) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: big ? value.bigEndian : value.littleEndian, Array.init) }
  }

  private func read(_ bytes: [UInt8], suffix: String = ".npy", part: String = "") throws -> Table {
    let file = try ScratchFile(bytes, suffix: suffix)
    defer { withExtendedLifetime(file) {} }
    return try TableSource(file.path + part).read()
  }

  @Test func orders() throws {
    let values = (0..<6).map { Double($0).bitPattern }
    let rowMajor = try read(npy("<f8", shape: "(3, 2)", bytes(values)))
    #expect(rowMajor.names == ["c1", "c2"])
    #expect(rowMajor.values(in: "c1") == [0, 2, 4] && rowMajor.values(in: "c2") == [1, 3, 5])
    let columnMajor = try read(npy("<f8", shape: "(3, 2)", fortran: true, bytes(values)))
    #expect(columnMajor.values(in: "c1") == [0, 1, 2] && columnMajor.values(in: "c2") == [3, 4, 5])
    #expect(try read(npy("<f8", shape: "(6,)", bytes(values))).values(in: "c1") == [0, 1, 2, 3, 4, 5])
  }

  @Test(arguments: [false, true]) func pieces(fortran: Bool) throws {
    // Longer than the megabyte that is read at once.
    let (rows, columns) = (50_001, 5)
    let values = (0..<rows * columns).map { $0 % 17 == 3 ? Double.nan : Double($0) * 0.5 }
    let file = try ScratchFile(
      npy("<f8", shape: "(\(rows), \(columns))", fortran: fortran, bytes(values.map(\.bitPattern))), suffix: ".npy")
    defer { withExtendedLifetime(file) {} }
    let whole = try TableSource(file.path).read()
    #expect(whole.rowCount == rows)
    let at = { (row: Int, column: Int) in values[fortran ? column * rows + row : row * columns + column].bitPattern }
    for column in 0..<columns {
      let read = whole.values(in: "c\(column + 1)")
      #expect(read.indices.allSatisfy { read[$0].bitPattern == at($0, column) })
    }
    let batches = try TableSource(file.path).batches(columns: [("c4", .numbers), ("c2", .numbers)], batchRows: 9000)
    var row = 0
    while let batch = try batches.next() {
      #expect(batch.names == ["c4", "c2"] && batch.rowCount == min(9000, rows - row))
      #expect(batch.place(ofRow: 0) == "row \(row + 1) of \(file.path)")
      for (name, column) in [("c4", 3), ("c2", 1)] {
        let read = batch.values(in: name)
        #expect(read.indices.allSatisfy { read[$0].bitPattern == at(row + $0, column) })
        #expect(batch[name]?.missingCount == read.count { $0.isNaN })
      }
      row += batch.rowCount
    }
    #expect(row == rows)
  }

  @Test func elementTypes() throws {
    for big in [false, true] {
      let mark = big ? ">" : "<"
      let shape = "(3,)"
      func numbers(_ type: String, _ data: [UInt8]) throws -> [Double] {
        try read(npy(mark + type, shape: shape, data)).values(in: "c1")
      }
      #expect(
        try numbers("f4", bytes([1.5, -2, 3e38].map { Float($0).bitPattern }, big: big)) == [
          1.5, -2, Double(Float(3e38)),
        ])
      let half = try numbers("f2", bytes([0x3c00, 0xc100, 0x0001] as [UInt16], big: big))
      #expect(half == [1, -2.5, 5.9604644775390625e-08])
      #expect(try numbers("i2", bytes([-1, 2, 300] as [Int16], big: big)) == [-1, 2, 300])
      #expect(try numbers("i4", bytes([-1, 2, 70_000] as [Int32], big: big)) == [-1, 2, 70_000])
      #expect(try numbers("i8", bytes([-1, 2, 1 << 40] as [Int64], big: big)) == [-1, 2, 1_099_511_627_776])
      #expect(try numbers("u2", bytes([1, 2, 65_535] as [UInt16], big: big)) == [1, 2, 65_535])
      #expect(try numbers("u4", bytes([1, 2, .max] as [UInt32], big: big)) == [1, 2, 4_294_967_295])
      #expect(try numbers("u8", bytes([1, 2, 3] as [UInt64], big: big)) == [1, 2, 3])
    }
    #expect(try read(npy("|u1", shape: "(3,)", [1, 2, 255])).values(in: "c1") == [1, 2, 255])
    #expect(try read(npy("|i1", shape: "(2,)", [1, 255])).values(in: "c1") == [1, -1])
    #expect(try read(npy("|b1", shape: "(2,)", [0, 1])).values(in: "c1") == [0, 1])
  }

  @Test func missingAndInfinite() throws {
    let t = try read(npy("<f8", shape: "(2,)", bytes([.nan, 1].map(\Double.bitPattern))))
    #expect(t["c1"]?.missingCount == 1)
    #expect(throws: TableError.notFinite(column: "c1", place: "row 2")) {
      _ = try read(npy("<f8", shape: "(2,)", bytes([1, .infinity].map(\Double.bitPattern))))
    }
  }

  @Test func stepsOfBinaryNumbers() throws {
    let doubles = (0..<100).map { (Double($0 * 7 % 100) / 100).bitPattern }
    let schema = try Schema(inferring: read(npy("<f8", shape: "(100,)", bytes(doubles))))
    #expect(schema.columns[0].step == 0.01)
    let floats = (0..<100).map { (Float($0 * 7 % 100) / 10).bitPattern }
    #expect(try Schema(inferring: read(npy("<f4", shape: "(100,)", bytes(floats)))).columns[0].step == 0.1)
    var random = TestRandom(seed: 4)
    let continuous = (0..<100).map { _ in random.normal().bitPattern }
    #expect(try Schema(inferring: read(npy("<f8", shape: "(100,)", bytes(continuous)))).columns[0].step == nil)
  }

  @Test func damagedArrays() throws {
    let good = npy("<f8", shape: "(3, 2)", bytes((0..<6).map { Double($0).bitPattern }))
    func message(_ bytes: [UInt8]) -> String {
      do {
        _ = try read(bytes)
        return "no error"
      } catch {
        return "\(error)"
      }
    }
    #expect(message(Array(good.dropLast(8))).contains("promises 6 elements of 8 bytes, but 40 bytes follow"))
    #expect(message(good + [0]).contains("promises 6 elements"))
    #expect(message(Array(good.prefix(20))).contains("header is cut off"))
    #expect(message(npy("<f8", shape: "(3, 9223372036854775807)", [])).contains("promises"))
    #expect(message(npy("<f8", shape: "(1, 2, 3)", [])).contains("one or two dimensions"))
    #expect(message(npy("<U8", shape: "(3,)", [])).contains("expected booleans, integers or floats"))
    #expect(message(npy("<c16", shape: "(3,)", [])).contains("expected booleans, integers or floats"))
    #expect(message(npy("<f8", shape: "(0, 2)", [])).contains("no rows"))
    var random = TestRandom(seed: 9)
    for _ in 0..<500 {
      var broken = good
      for _ in 0..<3 {
        broken[Int.random(in: 6..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      _ = message(broken)
    }
  }

  /// Made by NumPy 2.4: `np.savez_compressed(f, a=np.arange(6.).reshape(3, 2), b=np.ones(300, "i4"))`, and `np.savez` of
  /// `x=[1, 2, 3]`, `y=[4., 5., 6.]`.
  private static let packed = """
    UEsDBC0AAAAIAAAAIQCOE9Q0//////////8FABQAYS5ucHkBABAAsAAAAAAAAABXAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6\
    Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6CkaaOgq1CmQDLgYU8MEeynCAUBxQWgBKizgAAFBLAwQtAAAACAAAACEAq+CSmv//////\
    ////BQAUAGIubnB5AQAQADAFAAAAAAAAUwAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mirqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2\
    ckFqQC+RrGBgY6mjoKtQpkAy5GBgaGUTyKR/EoHgoYAFBLAQItAy0AAAAIAAAAIQCOE9Q0VwAAALAAAAAFAAAAAAAAAAAAAACAAQAAAABhLm5w\
    eVBLAQItAy0AAAAIAAAAIQCr4JKaUwAAADAFAAAFAAAAAAAAAAAAAACAAY4AAABiLm5weVBLBQYAAAAAAgACAGYAAAAYAQAAAAA=
    """
  private static let stored = """
    UEsDBC0AAAAAAAAAIQC8kVWO//////////8FABQAeC5ucHkBABAAmAAAAAAAAACYAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpOCcsIC\
    dmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg\
    ICAgICAgICAgICAgICAgICAKAQAAAAAAAAACAAAAAAAAAAMAAAAAAAAAUEsDBC0AAAAAAAAAIQCeIQzL//////////8FABQAeS5ucHkBABAAmA\
    AAAAAAAACYAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmOCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCksIH0g\
    ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAEEAAAAAAAAAUQAAAAAAAAB\
    hAUEsBAi0DLQAAAAAAAAAhALyRVY6YAAAAmAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAAAAAAAAAhAJ4hDMuYAAAAmAAAAAUA\
    AAAAAAAAAAAAAIABzwAAAHkubnB5UEsFBgAAAAACAAIAZgAAAJ4BAAAAAA==
    """

  @Test func archives() throws {
    let packed = Array(try #require(Data(base64Encoded: Self.packed)))
    #expect(try read(packed, suffix: ".npz", part: ":a").values(in: "c2") == [1, 3, 5])
    #expect(try read(packed, suffix: ".npz", part: ":b").values(in: "c1") == [Double](repeating: 1, count: 300))
    for (part, text) in [("", "choose one of its arrays"), (":q", "no array \"q\"; there are a, b")] {
      let error = #expect(throws: TableError.self) { _ = try read(packed, suffix: ".npz", part: part) }
      #expect(error?.description.contains(text) == true)
    }
    let stored = Array(try #require(Data(base64Encoded: Self.stored)))
    let t = try read(stored, suffix: ".npz")
    #expect(t.names == ["x", "y"] && t.values(in: "x") == [1, 2, 3] && t.values(in: "y") == [4, 5, 6])
  }

  @Test func damagedArchives() throws {
    let packed = Array(try #require(Data(base64Encoded: Self.packed)))
    var random = TestRandom(seed: 10)
    var errors = 0
    for i in 0..<1000 {
      var broken = packed
      if i % 3 == 0 {
        broken.removeLast(Int.random(in: 1..<broken.count - 20, using: &random))
      } else {
        let place = Int.random(in: 4..<broken.count, using: &random)
        broken[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
      }
      do {
        _ = try read(broken, suffix: ".npz", part: ":b")
      } catch is TableError {
        errors += 1
      }
    }
    #expect(errors > 500)
  }

  @Test func inflateStopsAtTheBuffer() {
    var random = TestRandom(seed: 14)
    var out = [UInt8](repeating: 0, count: 64)
    for _ in 0..<20_000 {
      let data = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(pf_inflate(data, data.count, &out, out.count) <= 64)
    }
    #expect(pf_crc32(Array("123456789".utf8), 9) == 0xcbf4_3926)
  }
}
