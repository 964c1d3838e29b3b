import CKernels

/// What a random number is for.
///
/// Part of the counter, so that different uses never share draws.
public enum RandomPurpose: UInt32, Sendable {
  case initialization = 1
  case shuffle = 2
  case split = 3
  case base = 4
  case dropout = 5
  case jitter = 6
  case component = 7
  case test = 8
  case user = 9
  case discrete = 10
}

/// Counter-based random numbers: a draw is a pure function of (seed, purpose, row, feature).
///
/// So a row's draw depends neither on the batch it is drawn in nor on the thread.
/// - SeeAlso: Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3" (Philox4x32-10).
public struct RandomStream: Sendable, Equatable {
  /// The seed; two streams of the same seed and purpose are the same stream.
  public let seed: UInt64
  /// What the draws are for.
  public let purpose: RandomPurpose

  /// A stream.
  public init(seed: UInt64, purpose: RandomPurpose) {
    self.seed = seed
    self.purpose = purpose
  }

  /// A stream of the same purpose whose draws are unrelated to this one's.
  public func split(_ index: UInt64) -> RandomStream {
    let words = block(row: index, index: 0x5350_4C54)
    return RandomStream(seed: UInt64(words.0) << 32 | UInt64(words.1), purpose: purpose)
  }

  /// Four random words of a row.
  public func block(row: UInt64, index: UInt32) -> (UInt32, UInt32, UInt32, UInt32) {
    var counter = (UInt32(truncatingIfNeeded: row), UInt32(truncatingIfNeeded: row >> 32), index, purpose.rawValue)
    var key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    var out: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    withUnsafeBytes(of: &counter) { c in
      withUnsafeBytes(of: &key) { k in
        withUnsafeMutableBytes(of: &out) { o in
          pf_philox4x32_10(
            c.assumingMemoryBound(to: UInt32.self).baseAddress!, k.assumingMemoryBound(to: UInt32.self).baseAddress!,
            o.assumingMemoryBound(to: UInt32.self).baseAddress!)
        }
      }
    }
    return out
  }

  /// A uniform draw on the open interval (0, 1).
  public func uniform(row: UInt64, index: UInt32 = 0) -> Double {
    let words = block(row: row, index: index)
    let bits = (UInt64(words.0) << 32 | UInt64(words.1)) >> 12
    return (Double(bits) + 0.5) * 0x1p-52
  }

  /// A random order of `0..<count` (Fisher-Yates over this stream's words).
  public func permutation(count: Int, round: UInt64 = 0) -> [Int32] {
    var order = (0..<Int32(count)).map { $0 }
    if count < 2 { return order }
    order.withUnsafeMutableBufferPointer { order in
      var row = round << 40
      var remaining = count - 1
      while remaining > 0 {
        let words = block(row: row, index: 0)
        row += 1
        for word in [UInt64(words.0) << 32 | UInt64(words.1), UInt64(words.2) << 32 | UInt64(words.3)]
        where remaining > 0 {
          let pick = Int((word.multipliedFullWidth(by: UInt64(remaining + 1))).high)
          order.swapAt(remaining, pick)
          remaining -= 1
        }
      }
    }
    return order
  }

  /// Standard normal draws, one row a row of the matrix, rows numbered from `firstRow`.
  public func normal<Scalar: TileScalar>(
    rows: Int, columns: Int, firstRow: UInt64 = 0, as type: Scalar.Type = Scalar.self
  ) -> Matrix<Scalar> {
    fill(rows: rows, columns: columns) { out, row in
      Scalar.normal(seed, purpose.rawValue, firstRow + UInt64(row), out, columns, 1, 1)
    }
  }

  /// Uniform draws on (0, 1), one row a row of the matrix, rows numbered from `firstRow`.
  public func uniform<Scalar: TileScalar>(
    rows: Int, columns: Int, firstRow: UInt64 = 0, as type: Scalar.Type = Scalar.self
  ) -> Matrix<Scalar> {
    fill(rows: rows, columns: columns) { out, row in
      Scalar.uniform(seed, purpose.rawValue, firstRow + UInt64(row), out, columns, 1, 1)
    }
  }

  private func fill<Scalar: TileScalar>(
    rows: Int, columns: Int, _ draw: (UnsafeMutablePointer<Scalar>, Int) -> Void
  ) -> Matrix<Scalar> {
    var matrix = Matrix<Scalar>(rows: rows, columns: columns)
    if columns > 0 {
      matrix.values.withUnsafeMutableBufferPointer { values in
        for row in 0..<rows { draw(values.baseAddress! + row * columns, row) }
      }
    }
    return matrix
  }
}
