import Foundation
import Testing

/// Sheets of pictures, as files.
@Suite struct SheetTests {
  /// Pictures of 4 by 4 pixels: a bright half, above or below; the corners never vary.
  private static let table: String = {
    var text = (0..<16).map { "p\($0)" }.joined(separator: ",") + ",side\n"
    for row in 0..<120 {
      let isTop = row % 2 == 0
      let pixels = (0..<16).map { place -> Int in
        if place == 0 || place == 15 { return 0 }
        let isBright = (place < 8) == isTop
        return isBright ? 12 + (row * 7 + place * 3) % 5 : (row * 5 + place) % 3
      }
      text += pixels.map { "\($0)" }.joined(separator: ",") + ",\(isTop ? "top" : "bottom")\n"
    }
    return text
  }()

  /// Width, height and lines of a grey PNG file of stored blocks.
  private func decode(_ png: Data) throws -> (width: Int, height: Int, pixels: [UInt8]) {
    let bytes = [UInt8](png)
    func integer(_ place: Int) -> Int { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    #expect(bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
    let (width, height) = (integer(16), integer(20))
    #expect(Array(bytes[24..<29]) == [8, 0, 0, 0, 0])
    let length = integer(33)
    #expect(Array(bytes[37..<41]) == Array("IDAT".utf8))
    var place = 43
    var lines: [UInt8] = []
    while place < 41 + length - 4 {
      let count = Int(bytes[place + 1]) | Int(bytes[place + 2]) << 8
      lines += bytes[place + 5..<place + 5 + count]
      place += 5 + count
    }
    #expect(lines.count == (width + 1) * height)
    #expect(Array(bytes[(45 + length)...]) == [0, 0, 0, 0] + Array("IEND".utf8) + [0xae, 0x42, 0x60, 0x82])
    return (width, height, (0..<height).flatMap { lines[$0 * (width + 1) + 1..<($0 + 1) * (width + 1)] })
  }

  @Test func picturesAreDrawn() throws {
    try BuiltProgram.withFreshDirectory { program in
      try program.write(Self.table, to: "t.csv")
      func run(_ arguments: String) throws {
        let run = try program.run(arguments.split(separator: " ").map(String.init))
        #expect(run.status == 0, "\(arguments)\n\(run.error)")
      }
      try run("fit t.csv -o m --model cvae --given side --latent 2 --max-epochs 40 --learning-rate 0.01")
      try run("sample m -n 9 --given side=top --sheet top.png --means")
      try run("sample m -n 2 --given side=top --sheet again.png -o rows.csv --width 4 --height 4")
      try run("reconstruct m t.csv --sheet both.png --rows 6")
      #expect(FileManager.default.fileExists(atPath: program.directory.appending(path: "rows.csv").path))
      // A composite knows the corners too.
      try run("fit t.csv -o g --model gmm --components 2")
      try run("combine mixture g g t.csv -o b")
      try run("sample b -n 4 --sheet b.png")
      // What comes after the pixels is no pixel.
      try run("sample b -n 4 --sheet top-half.png --width 4 --height 2")
      let sheet = try decode(Data(contentsOf: program.directory.appending(path: "top.png")))
      // Three across, ten times enlarged, gaps of two.
      #expect(sheet.width == 3 * 42 + 2 && sheet.height == 3 * 44 + 2)
      func shade(_ x: Int, _ y: Int) -> Int { Int(sheet.pixels[y * sheet.width + x]) }
      #expect(shade(0, 0) == 96)
      // A pixel of the upper half and one of the lower half of the first picture, and a corner.
      #expect(shade(2 + 15, 2 + 5) > 130 && shade(2 + 15, 2 + 35) < 80 && shade(2 + 5, 2 + 5) == 0)
      let both = try decode(Data(contentsOf: program.directory.appending(path: "both.png")))
      #expect(both.height > both.width / 2)
    }
  }
}
