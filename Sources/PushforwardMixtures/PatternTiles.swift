import CKernels
import PushforwardCore

/// Rows as tiles of 64 lanes, those with the same cells present, with the same errors, side by side.
///
/// A tile holds only the present numbers of its rows, so that every kernel runs on dense blocks whatever is missing.
struct PatternTiles: Sendable {
  /// Consecutive tiles of rows with the same numbers present.
  struct Segment: Sendable {
    /// Columns that are present, ascending, and those that are not.
    let observed: [Int]
    let missing: [Int]
    /// Variance of the error of each present column, scaled as the values; empty where there are no errors.
    let errors: [Double]
    /// First tile, and number of tiles.
    let firstTile: Int
    let tiles: Int
    /// Where the segment's values start: tile t is at `valueOffset + t * observed.count * 64`.
    let valueOffset: Int
  }

  static let lanes = Int(PF_LANES)

  let features: Int
  let levels: [Int]
  let segments: [Segment]
  /// Numbers, `observed x 64` a tile; lanes beyond the rows repeat the tile's first.
  let values: AlignedBuffer<Double>
  /// Codes, `categories x 64` a tile; `levels[column]` where missing.
  let codes: AlignedBuffer<Int32>
  /// Weights, 64 a tile; 0 in lanes beyond the rows.
  let weights: AlignedBuffer<Double>
  /// The row in each lane, -1 beyond the rows.
  let rowOfLane: [Int32]
  /// Sum of all weights.
  let totalWeight: Double

  var tileCount: Int { rowOfLane.count / Self.lanes }

  /// Arranges rows; numbers are centred and scaled on the way: (x - shift) / scale.
  init(_ rows: MixtureRows, shift: [Double], scale: [Double]) {
    let (count, d, lanes) = (rows.count, rows.numbers.columns, Self.lanes)
    features = d
    levels = rows.levels
    let patterns = Self.patterns(rows)
    var segments: [Segment] = []
    var (tile, offset) = (0, 0)
    for pattern in patterns {
      let tiles = (pattern.rows.count + lanes - 1) / lanes
      let missing = Set(pattern.missing)
      segments.append(
        Segment(
          observed: (0..<d).filter { !missing.contains($0) }, missing: pattern.missing,
          errors: pattern.errors.isEmpty
            ? [] : (0..<d).filter { !missing.contains($0) }.map { pattern.errors[$0] / (scale[$0] * scale[$0]) },
          firstTile: tile, tiles: tiles, valueOffset: offset))
      tile += tiles
      offset += tiles * (d - pattern.missing.count) * lanes
    }
    self.segments = segments
    let categories = rows.levels.count
    let values = AlignedBuffer<Double>(count: offset)
    let codes = AlignedBuffer<Int32>(count: tile * categories * lanes)
    let weights = AlignedBuffer<Double>(count: tile * lanes)
    var owners = [Int32](repeating: -1, count: tile * lanes)
    var total = 0.0
    rows.numbers.values.withUnsafeBufferPointer { numbers in
      for (segment, pattern) in zip(segments, patterns) {
        let width = segment.observed.count
        for t in 0..<segment.tiles {
          let out = values.pointer + segment.valueOffset + t * width * lanes
          let codeOut = codes.pointer + (segment.firstTile + t) * categories * lanes
          for lane in 0..<lanes {
            let place = t * lanes + lane
            let isRow = place < pattern.rows.count
            let row = pattern.rows[isRow ? place : t * lanes]
            let source = row * d
            for (position, column) in segment.observed.enumerated() {
              out[position * lanes + lane] = (numbers[source + column] - shift[column]) / scale[column]
            }
            for column in 0..<categories {
              let code = rows.codes[row * categories + column]
              codeOut[column * lanes + lane] = code < 0 ? Int32(rows.levels[column]) : code
            }
            if isRow {
              let weight = rows.weights?[row] ?? 1
              let index = (segment.firstTile + t) * lanes + lane
              weights.pointer[index] = weight
              owners[index] = Int32(row)
              total += weight
            }
          }
        }
      }
    }
    self.values = values
    self.codes = codes
    self.weights = weights
    rowOfLane = owners
    totalWeight = total
    precondition(count <= Int(Int32.max))
  }

  /// Rows that are treated alike: the same columns missing, and the same errors (variances, one a column; empty: none).
  private struct Pattern: Hashable {
    var missing: [Int]
    var errors: [Double]
  }

  private static func patterns(_ rows: MixtureRows) -> [(missing: [Int], errors: [Double], rows: [Int])] {
    let d = rows.numbers.columns
    var found: [(missing: [Int], errors: [Double], rows: [Int])] = []
    var number: [Pattern: Int] = [:]
    var complete: Int?
    for row in 0..<rows.count {
      var pattern = Pattern(missing: [], errors: [])
      rows.numbers.values.withUnsafeBufferPointer { values in
        for column in 0..<d where values[row * d + column].isNaN { pattern.missing.append(column) }
      }
      if let errors = rows.errors?.row(row) {
        let variances = (0..<d).map { rows.numbers[row, $0].isNaN ? 0 : errors[$0] * errors[$0] }
        if variances.contains(where: { $0 > 0 }) { pattern.errors = variances }
      }
      if pattern.missing.isEmpty, pattern.errors.isEmpty {
        if let complete {
          found[complete].rows.append(row)
        } else {
          complete = found.count
          found.append(([], [], [row]))
        }
      } else if let known = number[pattern] {
        found[known].rows.append(row)
      } else {
        number[pattern] = found.count
        found.append((pattern.missing, pattern.errors, [row]))
      }
    }
    return found
  }
}
