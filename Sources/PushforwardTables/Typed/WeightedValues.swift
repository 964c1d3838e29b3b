/// The different values of a column in ascending order, each with the weight of its rows.
///
/// Sums do not depend on the order of the rows: weights of one value are added in ascending order.
struct WeightedValues: Sendable {
  /// Different values, ascending.
  private(set) var values: [Double] = []
  /// Weight of each: its rows, if rows have no weights.
  private(set) var counts: [Double] = []
  /// Sum of the weights.
  private(set) var total = 0.0

  /// - Parameters:
  ///   - all: One value a row; NaN is left out.
  ///   - weights: One a row, not negative; rows of weight 0 are left out. `nil`: 1 each.
  init(_ all: [Double], weights: [Double]? = nil) {
    if let weights {
      var pairs: [(value: Double, weight: Double)] = []
      pairs.reserveCapacity(all.count)
      for (value, weight) in zip(all, weights) where !value.isNaN && weight > 0 { pairs.append((value, weight)) }
      pairs.sort { $0.value == $1.value ? $0.weight < $1.weight : $0.value < $1.value }
      for pair in pairs { append(pair.value, pair.weight) }
    } else {
      for value in all.filter({ !$0.isNaN }).sorted() { append(value, 1) }
    }
    total = counts.reduce(0, +)
  }

  private mutating func append(_ value: Double, _ weight: Double) {
    // -0 and 0 are one value.
    if let last = values.last, last == value {
      counts[counts.count - 1] += weight
    } else {
      values.append(value == 0 ? 0 : value)
      counts.append(weight)
    }
  }

  /// The values for which a condition on index holds.
  func filtered(_ isIncluded: (Int) -> Bool) -> WeightedValues {
    var result = self
    let kept = values.indices.filter(isIncluded)
    result.values = kept.map { values[$0] }
    result.counts = kept.map { counts[$0] }
    result.total = result.counts.reduce(0, +)
    return result
  }

  /// The same weights at other places, which must keep their order; places that fall together are merged.
  func mapped(_ place: (Double) -> Double) -> WeightedValues {
    var result = WeightedValues([])
    for (value, count) in zip(values, counts) { result.append(place(value), count) }
    result.total = total
    return result
  }

  /// The smallest value at which the weight up to and including it reaches `weight`.
  func value(reaching weight: Double) -> Double? {
    var sum = 0.0
    for (value, count) in zip(values, counts) {
      sum += count
      if sum >= weight { return value }
    }
    return values.last
  }

  /// The value at a place, from 0, among all in ascending order, each as often as it weighs.
  func value(at place: Int) -> Double {
    var sum = 0.0
    for (value, count) in zip(values, counts) {
      sum += count
      if sum > Double(place) { return value }
    }
    return values[values.count - 1]
  }

  /// The same seen from the largest value downwards.
  func value(reachingFromAbove weight: Double) -> Double? {
    var sum = 0.0
    for index in values.indices.reversed() {
      sum += counts[index]
      if sum >= weight { return values[index] }
    }
    return values.first
  }
}

extension [Double] {
  /// Row weights as numbers of rows: those that add up to less than the rows there are are scaled up to that, so that weights
  /// of any unit can say which rows count for more.
  package var asRowCounts: [Double] {
    let (sum, rows) = (reduce(0, +), Double(count { $0 > 0 }))
    return sum < rows && sum > 0 ? map { $0 * (rows / sum) } : self
  }
}
