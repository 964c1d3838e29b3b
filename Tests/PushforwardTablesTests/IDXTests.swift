import CKernels
import Foundation
import PushforwardTables
import Testing

/// Images and labels in the IDX format.
@Suite struct IDXTests {
  private func idx(_ type: UInt8, _ extents: [Int], _ data: [UInt8]) -> [UInt8] {
    [0, 0, type, UInt8(extents.count)]
      + extents.flatMap { [UInt8($0 >> 24 & 255), UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)] } + data
  }

  /// A gzip file with a name, a comment and stored blocks.
  private func gzip(_ bytes: [UInt8]) -> [UInt8] {
    func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 255) } }
    let length = UInt16(bytes.count)
    let block = [1, UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8)] + bytes
    return [0x1f, 0x8b, 8, 24, 0, 0, 0, 0, 0, 3] + Array("images\0a comment\0".utf8) + block
      + little(pf_crc32(bytes, bytes.count)) + little(UInt32(bytes.count))
  }

  private func read(_ bytes: [UInt8], labels: [UInt8]? = nil) throws -> Table {
    let file = try ScratchFile(bytes, suffix: ".idx")
    let other = try labels.map { try ScratchFile($0, suffix: ".idx") }
    defer { withExtendedLifetime((file, other)) {} }
    return try TableSource(file.path, labels: other?.path).read()
  }

  @Test func imagesAreRows() throws {
    let images = idx(8, [3, 2, 2], [0, 1, 2, 3, 10, 11, 12, 13, 250, 251, 252, 255])
    for bytes in [images, gzip(images)] {
      let table = try read(bytes)
      #expect(table.names == ["c1", "c2", "c3", "c4"] && table.rowCount == 3)
      #expect(table.values(in: "c4") == [3, 13, 255] && table.values(in: "c1") == [0, 10, 250])
    }
    let table = try read(images, labels: gzip(idx(8, [3], [7, 0, 9])))
    #expect(table.names == ["c1", "c2", "c3", "c4", "label"] && table.values(in: "label") == [7, 0, 9])
    #expect(try Schema(inferring: table).column("c1").kind == .wholeNumber)
  }

  @Test func otherTypesAreBigEndian() throws {
    #expect(try read(idx(0x0b, [2], [0xff, 0xfe, 1, 0])).values(in: "c1") == [-2, 256])
    #expect(try read(idx(0x0d, [1, 1], [0x3f, 0xc0, 0, 0])).values(in: "c1") == [1.5])
  }

  @Test func piecesAreTheWhole() throws {
    let images = idx(8, [5, 2], (0..<10).map { UInt8($0) })
    let file = try ScratchFile(images, suffix: ".idx")
    let batches = try TableSource(file.path).batches(columns: [("c2", .numbers)], batchRows: 2)
    var values: [Double] = []
    while let piece = try batches.next() { values += piece.values(in: "c2") }
    #expect(values == [1, 3, 5, 7, 9])
    withExtendedLifetime(file) {}
  }

  @Test func damagedFilesAreRefused() throws {
    let images = idx(8, [3, 2, 2], [UInt8](repeating: 1, count: 12))
    let packed = gzip(images)
    var wrong = packed
    wrong[wrong.count - 10] ^= 1
    for bytes in [
      Array(images.dropLast()), images + [0], Array(images.prefix(9)), idx(8, [0, 2], []), idx(8, [2, 0], []),
      idx(8, [1 << 20, 1 << 20, 1 << 20], []), Array(packed.dropLast(5)), Array(packed.prefix(20)), wrong,
      gzip(Array("a,b\n1,2\n".utf8)),
    ] {
      #expect(throws: TableError.self) { try read(bytes) }
    }
    #expect(throws: TableError.self) { try read(images, labels: idx(8, [2], [1, 2])) }
    #expect(throws: TableError.self) { try read(images, labels: images) }
    #expect(throws: TableError.self) { try read(Array("a,b\n1,2\n".utf8), labels: images) }
  }
}
