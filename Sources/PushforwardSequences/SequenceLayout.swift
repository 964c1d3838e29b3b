/// Which rows of a table make a sequence: consecutive ones, in the order of time.
public struct SequenceLayout: Sendable, Equatable {
  /// Where each sequence begins, and the number of all rows: one more than there are sequences, strictly ascending.
  public let starts: [Int]
  /// One a sequence, not negative; a weight of 2 is the sequence twice.
  public let weights: [Double]

  /// Number of sequences.
  public var count: Int { weights.count }
  /// Number of rows of all sequences.
  public var rowCount: Int { starts.last ?? 0 }

  /// Sequences of the given lengths, one after the other.
  ///
  /// - Parameters:
  ///   - lengths: Each at least 1.
  ///   - weights: One a sequence, finite, not negative; 1 by default.
  /// - Throws: `SequenceError`.
  public init(lengths: [Int], weights: [Double]? = nil) throws(SequenceError) {
    if let bad = lengths.firstIndex(where: { $0 < 1 }) {
      throw .value(what: "length of sequence \(bad)", expected: "at least 1", found: "\(lengths[bad])")
    }
    if let weights {
      if weights.count != lengths.count {
        throw .size(what: "weights of sequences", expected: lengths.count, found: weights.count)
      }
      if let bad = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
        throw .value(
          what: "weight of sequence \(bad)", expected: "a finite number, not negative", found: "\(weights[bad])")
      }
    }
    var starts = [0]
    for length in lengths { starts.append(starts[starts.count - 1] + length) }
    self.starts = starts
    self.weights = weights ?? [Double](repeating: 1, count: lengths.count)
  }

  /// The rows of a sequence.
  public func rows(_ sequence: Int) -> Range<Int> { starts[sequence]..<starts[sequence + 1] }

  /// The lengths of the sequences.
  public var lengths: [Int] { (0..<count).map { starts[$0 + 1] - starts[$0] } }

  /// Consecutive sequences dealt into groups of some thousand rows, which depend on the lengths alone.
  var groups: [Range<Int>] {
    var groups: [Range<Int>] = []
    var first = 0
    for sequence in 0..<count where starts[sequence + 1] - starts[first] >= 4096 || sequence == count - 1 {
      groups.append(first..<sequence + 1)
      first = sequence + 1
    }
    return groups
  }
}
