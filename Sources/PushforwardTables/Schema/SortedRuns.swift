/// The different values of a sorted array and how often each occurs.
struct SortedRuns {
  /// Different values, ascending.
  private(set) var values: [Double] = []
  /// How often each occurs.
  private(set) var counts: [Int] = []

  /// - Parameter sorted: Finite values, ascending.
  init(_ sorted: [Double]) {
    for value in sorted {
      if let last = values.last, last == value {
        counts[counts.count - 1] += 1
      } else {
        values.append(value)
        counts.append(1)
      }
    }
  }

  /// Share of the elements whose value occurs more than once.
  var repeatedShare: Double {
    let total = counts.reduce(0, +)
    return total == 0 ? 0 : Double(counts.reduce(0) { $0 + ($1 > 1 ? $1 : 0) }) / Double(total)
  }
}
