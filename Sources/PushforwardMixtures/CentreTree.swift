import PushforwardCore

/// Centres of kernels in the order of a k-d tree's leaves, with the box around each leaf.
///
/// - SeeAlso: Bentley (1975), "Multidimensional binary search trees used for associative searching".
struct CentreTree: Sendable {
  static let leafSize = 64

  /// Row of each centre, leaf after leaf.
  let order: [Int]
  /// Smallest and largest value of each dimension in each leaf, `leaves x features`.
  let low: [Double]
  let high: [Double]

  var leaves: Int { (order.count + Self.leafSize - 1) / Self.leafSize }
  func range(_ leaf: Int) -> Range<Int> { leaf * Self.leafSize..<min((leaf + 1) * Self.leafSize, order.count) }

  /// Splits at whole leaves along the dimension that is widest compared with all points.
  ///
  /// Points in the order of a tree give the same tree, in that order.
  init(_ points: Matrix<Double>) {
    let d = points.columns
    let scale = (0..<d).map { column in
      let values = points.column(column)
      return max((values.max() ?? 0) - (values.min() ?? 0), 1e-300)
    }
    var order = Array(0..<points.rows)
    func split(_ range: Range<Int>) {
      if range.count <= Self.leafSize || d == 0 { return }
      var (widest, axis) = (-1.0, 0)
      for j in 0..<d {
        var (low, high) = (Double.infinity, -Double.infinity)
        for place in range {
          low = min(low, points.values[order[place] * d + j])
          high = max(high, points.values[order[place] * d + j])
        }
        if (high - low) / scale[j] > widest { (widest, axis) = ((high - low) / scale[j], j) }
      }
      order[range].sort {
        let (a, b) = (points.values[$0 * d + axis], points.values[$1 * d + axis])
        return (a, $0) < (b, $1)
      }
      let leaves = (range.count + Self.leafSize - 1) / Self.leafSize
      let middle = range.lowerBound + leaves / 2 * Self.leafSize
      split(range.lowerBound..<middle)
      split(middle..<range.upperBound)
    }
    split(0..<points.rows)
    self.order = order
    var (low, high): ([Double], [Double]) = ([], [])
    for start in stride(from: 0, to: order.count, by: Self.leafSize) {
      let members = order[start..<min(start + Self.leafSize, order.count)]
      for j in 0..<d {
        let values = members.lazy.map { points.values[$0 * d + j] }
        low.append(values.min() ?? 0)
        high.append(values.max() ?? 0)
      }
    }
    (self.low, self.high) = (low, high)
  }
}
