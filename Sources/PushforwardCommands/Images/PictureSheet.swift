import PushforwardInterchange

/// Many small pictures of one size on a sheet, in the order of reading.
struct PictureSheet {
  /// Pictures on a sheet at most: more are no longer looked at one by one.
  static let most = 400
  private static let gap = 2
  private static let shade: UInt8 = 96

  /// The sheet.
  let image: GreyImage

  /// Lays out stacks of pictures, each stack's pictures one above the other; small ones are enlarged.
  ///
  /// - Precondition: there is a picture, all are of one size, all stacks of one height.
  init(_ stacks: [[GreyImage]]) {
    let first = stacks[0][0]
    let zoom = max(1, 40 / max(first.width, first.height))
    let across = Int(Double(stacks.count * stacks[0].count).squareRoot().rounded(.up))
    let down = (stacks.count + across - 1) / across
    let (cellWidth, cellHeight) = (first.width * zoom, first.height * zoom)
    let stackHeight = stacks[0].count * cellHeight + Self.gap
    var sheet = GreyImage(
      width: across * (cellWidth + Self.gap) + Self.gap, height: down * (stackHeight + Self.gap) + Self.gap,
      shade: Self.shade)
    for (number, stack) in stacks.enumerated() {
      let left = Self.gap + number % across * (cellWidth + Self.gap)
      for (floor, picture) in stack.enumerated() {
        let top = Self.gap + number / across * (stackHeight + Self.gap) + floor * cellHeight
        for y in 0..<cellHeight {
          let source = y / zoom * first.width
          let target = (top + y) * sheet.width + left
          for x in 0..<cellWidth { sheet.pixels[target + x] = picture.pixels[source + x / zoom] }
        }
      }
    }
    image = sheet
  }

  /// Writes the sheet as a PNG file that appears when it is complete.
  ///
  /// - Throws: `FileError.cannotWrite`.
  func write(to path: String) throws {
    let file = try AtomicFile(path: path)
    try image.png.withUnsafeBytes { try file.write($0) }
    try file.commit()
  }
}
