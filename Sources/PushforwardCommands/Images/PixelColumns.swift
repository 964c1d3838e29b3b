import ArgumentParser
import PushforwardEstimators
import PushforwardTables

/// The columns of a model that are the pixels of a picture, and how dark their numbers are.
struct PixelColumns {
  /// Where a pixel's number comes from.
  private enum Source {
    case column(String)
    /// The same in every row that the model was fitted to, so no column of its own.
    case constant(Double)
  }

  /// Pixels across.
  let width: Int
  /// Pixels down.
  let height: Int
  private let sources: [Source]
  private let black: Double
  private let white: Double

  /// Takes the columns of numbers in the order of the table that the model was fitted to, those that never varied in their
  /// places; conditions and categories are no pixels, nor is what comes after the pixels of a width and height both given.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - width: Pixels across; `nil`: as many as down, if their number is a square.
  ///   - height: Pixels down; `nil`: as many as the width leaves.
  /// - Throws: `ValidationError` when the numbers of pixels do not agree.
  init(_ model: any TableModel, width: Int?, height: Int?) throws {
    let (modelled, given) = (Set(model.columns), Set(model.given))
    var sources: [Source] = []
    var ends: [(low: Double, high: Double)] = []
    for column in model.schema.columns where !given.contains(column.name) && column.storage == .numbers {
      guard let least = column.minimum, let most = column.maximum else { continue }
      if modelled.contains(column.name) {
        sources.append(.column(column.name))
      } else if column.kind == .constant {
        sources.append(.constant(least))
      } else {
        continue
      }
      ends.append((least, most))
    }
    let count = sources.count
    let square = Int(Double(count).squareRoot().rounded())
    guard let across = width ?? (height.map { count / max(1, $0) }) ?? (square * square == count ? square : nil) else {
      throw ValidationError("--sheet: the model has \(count) columns of numbers, no square: say --width and --height")
    }
    let down = height ?? count / max(1, across)
    guard across > 0, across * down == count || (width != nil && height != nil && across * down < count) else {
      throw ValidationError(
        "--sheet: expected \(across) x \(down) = \(across * down) columns of numbers, found \(count)")
    }
    (self.width, self.height, self.sources) = (across, down, Array(sources.prefix(across * down)))
    let (low, high) = ends.prefix(across * down).reduce((Double.infinity, -Double.infinity)) {
      (min($0.0, $1.low), max($0.1, $1.high))
    }
    (black, white) = (low, high > low ? high : low + 1)
  }

  /// The rows of a table as pictures; pixels that the table has as columns though the model has not are its own.
  ///
  /// - Throws: `TableError`.
  func pictures(_ table: Table) throws -> [GreyImage] {
    let columns = try sources.map { source -> [Double]? in
      if case .column(let name) = source { try table.numbers(name) } else { nil }
    }
    return (0..<table.rowCount).map { row in
      var image = GreyImage(width: width, height: height, shade: 0)
      for (place, source) in sources.enumerated() {
        var value = columns[place]?[row] ?? black
        if case .constant(let same) = source { value = same }
        let share = (value - black) / (white - black)
        image.pixels[place] = share.isNaN ? 0 : UInt8((255 * min(max(share, 0), 1)).rounded())
      }
      return image
    }
  }
}
