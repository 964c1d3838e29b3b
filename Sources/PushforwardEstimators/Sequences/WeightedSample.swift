/// Values in ascending order, each with a weight.
struct WeightedSample {
  let values: [Double]
  private let cumulative: [Double]

  /// - Parameters:
  ///   - values: Ascending, at least one.
  ///   - weights: One a value, not negative, not all zero.
  init(values: [Double], weights: [Double]) {
    self.values = values
    var sum = 0.0
    cumulative = weights.map {
      sum += $0
      return sum
    }
  }

  /// From values in any order.
  init(sorting pairs: [(value: Double, weight: Double)]) {
    let sorted = pairs.sorted { $0.value < $1.value }
    self.init(values: sorted.map(\.value), weights: sorted.map(\.weight))
  }

  private var total: Double { cumulative.last ?? 0 }

  /// The values at which the weights below reach these shares of their sum.
  func quantiles(_ levels: [Double]) -> [Double] {
    levels.map { level in
      var (low, high) = (0, values.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if cumulative[middle] < level * total { low = middle + 1 } else { high = middle }
      }
      return values[low]
    }
  }

  /// The share of weight below a value.
  func share(below value: Double) -> Double {
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low == 0 || !(total > 0) ? 0 : cumulative[low - 1] / total
  }

  /// The weighted mean of a function.
  func mean(of function: (Double) -> Double) -> Double {
    var (sum, before) = (0.0, 0.0)
    for (place, value) in values.enumerated() {
      sum += (cumulative[place] - before) * function(value)
      before = cumulative[place]
    }
    return sum / total
  }
}
