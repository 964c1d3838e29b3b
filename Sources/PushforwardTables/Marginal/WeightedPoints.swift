/// Values in ascending order with counts that need not be whole.
struct WeightedPoints {
  var values: [Double]
  var counts: [Double]

  /// The value below which this share of the counts lies; `nil` without counts.
  func quantile(_ share: Double) -> Double? {
    let target = share * counts.reduce(0, +)
    var sum = 0.0
    for (value, count) in zip(values, counts) {
      sum += count
      if sum > target { return value }
    }
    return values.last
  }

  /// Knots at evenly spaced quantiles between the ends of a range, none closer to another than `closest`.
  func knots(intervals: Int, range: (low: Double, high: Double), closest: Double) -> [Double] {
    var inside: [(value: Double, sum: Double)] = []
    var sum = 0.0
    for (value, count) in zip(values, counts) where value > range.low && value < range.high {
      inside.append((value, sum + count / 2))
      sum += count
    }
    var knots = [range.low]
    var position = 0
    for i in 1..<max(intervals, 1) {
      let target = sum * Double(i) / Double(intervals)
      while position < inside.count, inside[position].sum < target { position += 1 }
      if position == inside.count { break }
      let value = inside[position].value
      if value - knots[knots.count - 1] >= closest, range.high - value >= closest { knots.append(value) }
    }
    knots.append(range.high)
    return knots
  }

  /// Distances beyond a knot, ascending, each value repeated as often as it counts; thinned to at most `limit`.
  func excesses(beyond knot: Double, sign: Double, limit: Int) -> [Double] {
    var all: [Double] = []
    var due = 0.0
    let indices = sign > 0 ? Array(values.indices) : Array(values.indices.reversed())
    for i in indices where sign * (values[i] - knot) > 0 {
      due += counts[i]
      while due >= 0.5 {
        all.append(sign * (values[i] - knot))
        due -= 1
      }
    }
    if all.count <= limit { return all }
    return (0..<limit).map { all[Int((Double($0) + 0.5) / Double(limit) * Double(all.count))] }
  }

  /// At most so many points, counts kept: neighbours are merged into the middle one.
  func merged(to limit: Int) -> WeightedPoints {
    if values.count <= limit { return self }
    let group = (values.count + limit - 1) / limit
    var merged = WeightedPoints(values: [], counts: [])
    for start in stride(from: 0, to: values.count, by: group) {
      let end = min(start + group, values.count)
      merged.values.append(values[(start + end) / 2])
      merged.counts.append(counts[start..<end].reduce(0, +))
    }
    return merged
  }

  /// Two disjoint random samples of the observations, together of about `limit` at most.
  func halves(limit: Double) -> [[Double]] {
    let share = min(1, limit / max(counts.reduce(0, +), 1)) / 2
    var halves = [[Double](repeating: 0, count: counts.count), [Double](repeating: 0, count: counts.count)]
    for (i, count) in counts.enumerated() {
      if count > 200 {
        // A binomial draw by its normal approximation.
        let deviation = 2 * 3.0.squareRoot() * (count * share * (1 - share)).squareRoot()
        for part in 0..<2 {
          let noise = Jitter.uniform(seed: 1, row: i, column: part) * deviation
          halves[part][i] = max(count * share + (part == 0 || share < 0.5 ? noise : -noise), 0)
        }
        if share == 0.5 { halves[1][i] = count - halves[0][i] }
        continue
      }
      var rest = count
      var draw = 0
      while rest > 0 {
        let u = Jitter.uniform(seed: 2, row: i, column: draw) + 0.5
        if u < 2 * share { halves[u < share ? 0 : 1][i] += min(rest, 1) }
        rest -= 1
        draw += 1
      }
    }
    return halves
  }

  /// Held-out log-likelihood a row in nats: each half is scored by a fit to the other.
  func crossValidated(_ start: HatDensity, halves: [[Double]]) -> Double {
    var score = 0.0
    var total = 0.0
    for part in 0..<2 {
      var density = start
      density.fit(values, counts: halves[part], iterations: 30)
      score += density.logLikelihood(values, counts: halves[1 - part])
      total += halves[part].reduce(0, +)
    }
    return score / max(total, 1)
  }
}
