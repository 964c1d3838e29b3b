#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension MarginalTransform {
  /// Fits the transform to the values of a column.
  ///
  /// - Parameters:
  ///   - values: Finite values, at least one.
  ///   - weights: How often each value counts, not all 0; 1 each when `nil`.
  ///   - step: The recording step; `nil`: none, and atoms get cells of about a two-thousandth of the column's spread.
  public init(fitting values: [Double], weights: [Double]? = nil, step: Double?) {
    self = MarginalFit(values, weights: weights, step: step).transform()
  }
}

/// Fits a column's density: which values are atoms, and the smooth part of the rest.
struct MarginalFit {
  /// More values than this are thinned: the density's resolution is far coarser.
  private static let mostValues = 1_000_000
  /// With this many different values or fewer, and five rows a value, every value is an atom.
  private static let fewValues = 20
  private static let mostAtoms = 256
  /// Neighbouring values are merged until there are no more than this: many to a knot still.
  private static let mostPoints = 20_000
  /// Rows that the choice of knots looks at.
  private static let mostForChoice = 200_000.0
  /// Taken off an atom's count, for the values that did not occur (absolute discounting).
  private static let discount = 0.75

  private let values: [Double]
  private let counts: [Double]
  private let total: Double
  /// Width of an atom's cell, before it is cut to the gap between atoms.
  private let cell: Double
  private let isStepped: Bool
  /// Where the density ends, if it does.
  private var edges: (low: Double?, high: Double?) = (nil, nil)
  /// An atom has at least this share of the rows, this many rows, and so many times what the smooth part explains.
  private var spikes = (share: 0.001, rows: 5.0, ratio: 1.5)

  /// - Parameters:
  ///   - weighted: Different values with their weights, at least one.
  ///   - step: The recording step.
  ///   - edges: Ends of the range of values (with their cells), where there are any.
  ///   - spikes: When a value is a class of its own.
  init(
    _ weighted: WeightedValues, step: Double?, edges: (low: Double?, high: Double?) = (nil, nil),
    spikes: (share: Double, rows: Double, ratio: Double) = (0.001, 5, 1.5)
  ) {
    values = weighted.values
    counts = weighted.counts
    total = weighted.total
    isStepped = step != nil
    cell = max(step ?? Self.spread(weighted) / 2000, Self.finest(values))
    self.edges = edges
    self.spikes = spikes
  }

  /// The width of the middle nine tenths, or of all values where that is nothing.
  static func spread(_ weighted: WeightedValues) -> Double {
    guard let low = weighted.values.first, let high = weighted.values.last else { return 1 }
    let beyond = 0.05 * weighted.total
    let middle = (weighted.value(reachingFromAbove: beyond) ?? high) - (weighted.value(reaching: beyond) ?? low)
    if middle > 0 { return middle }
    return high > low ? high - low : max(high.magnitude, .leastNormalMagnitude * 1e6)
  }

  private static func finest(_ values: [Double]) -> Double {
    16 * max(values[0].magnitude.ulp, values[values.count - 1].magnitude.ulp)
  }

  /// Values that repeat far more often than a smooth density explains, as indices; ascending.
  func spikeIndices() -> [Int] {
    var smooth = cappedCounts()
    var atoms: [Int] = []
    for _ in 0..<2 {
      let body = self.body(smooth, atoms: atoms, isFinal: false)
      (atoms, smooth) = chooseAtoms(body, smoothTotal: smooth.reduce(0, +))
      if atoms.isEmpty { break }
    }
    return atoms
  }

  /// The smooth density of all values.
  func smooth() -> MarginalTransform {
    MarginalTransform(body: body(counts, atoms: [], isFinal: true), atoms: [])
  }

  init(_ all: [Double], weights: [Double]?, step: Double?) {
    var (kept, keptWeights) = (all, weights)
    if all.count > Self.mostValues {
      let stride = Double(all.count) / Double(Self.mostValues)
      let ends = [all.indices.min { all[$0] < all[$1] }!, all.indices.max { all[$0] < all[$1] }!]
      let rows = (0..<Self.mostValues).map { Int(Double($0) * stride) } + ends
      kept = rows.map { all[$0] }
      keptWeights = weights.map { weights in rows.map { weights[$0] } }
    }
    let weighted = WeightedValues(kept, weights: keptWeights)
    values = weighted.values
    counts = weighted.counts
    total = weighted.total
    isStepped = step != nil
    cell = max(step ?? Self.resolution(weighted), Self.finest(values))
  }

  /// A power of ten near a two-thousandth of the middle nine tenths.
  private static func resolution(_ weighted: WeightedValues) -> Double {
    let (first, end, last) = (weighted.values[0], weighted.values[weighted.values.count - 1], weighted.total - 1)
    var spread = weighted.value(at: Int(0.95 * last)) - weighted.value(at: Int(0.05 * last))
    if spread <= 0 { spread = end - first }
    if spread <= 0 { spread = max(first.magnitude, 1) }
    return pow(10, log10(spread / 2000).rounded(.down))
  }

  /// The fitted transform.
  func transform() -> MarginalTransform {
    if values.count <= Self.fewValues, total >= 5 * Double(values.count) {
      return assemble(Array(values.indices), smooth: counts.map { min($0, Self.discount) })
    }
    var smooth = cappedCounts()
    var atoms: [Int] = []
    for _ in 0..<2 {
      let body = self.body(smooth, atoms: atoms, isFinal: false)
      (atoms, smooth) = chooseAtoms(body, smoothTotal: smooth.reduce(0, +))
      if atoms.isEmpty { break }
    }
    return assemble(atoms, smooth: smooth)
  }

  /// First guess at what the smooth part explains: no value more than three times the median count of its neighbours.
  private func cappedCounts() -> [Double] {
    values.indices.map { i in
      if counts[i] < 5 { return counts[i] }
      let neighbours = counts[max(0, i - 8)..<min(counts.count, i + 9)].sorted()
      return min(counts[i], 3 * neighbours[neighbours.count / 2])
    }
  }

  /// Values whose counts the body does not explain, and what it does explain of every count.
  private func chooseAtoms(_ body: HatDensity, smoothTotal: Double) -> (atoms: [Int], smooth: [Double]) {
    let densities = body.densities(at: values)
    let fewest = max(spikes.rows, (spikes.share * total).rounded(.up))
    let needed = 3 + log(Double(values.count))
    var gains: [(index: Int, gain: Double)] = []
    var expected = [Double](repeating: 0, count: values.count)
    for i in values.indices {
      expected[i] = min(max(smoothTotal * densities[i] * cell, 1e-6), counts[i])
      if counts[i] < fewest || counts[i] < spikes.ratio * expected[i] { continue }
      let gain = counts[i] * log(counts[i] / expected[i]) - (counts[i] - expected[i])
      if gain > needed { gains.append((i, gain)) }
    }
    let chosen = gains.sorted { $0.gain > $1.gain }.prefix(Self.mostAtoms).map(\.index).sorted()
    var smooth = counts
    for i in chosen { smooth[i] = min(counts[i], expected[i] + Self.discount) }
    return (chosen, smooth)
  }

  /// Atoms with the counts that the smooth part leaves them, and the smooth part.
  private func assemble(_ indices: [Int], smooth: [Double]) -> MarginalTransform {
    let body = self.body(smooth, atoms: indices, isFinal: true)
    let atoms = indices.enumerated().compactMap { position, i -> MarginalTransform.Atom? in
      let mass = (counts[i] - smooth[i]) / total
      if mass <= 0 { return nil }
      return MarginalTransform.Atom(value: values[i], width: width(position, indices), mass: mass)
    }
    return MarginalTransform(body: body, atoms: atoms)
  }

  /// Cells of neighbouring atoms touch at most; a hair less than the gap, so that rounding never makes them overlap.
  private func width(_ position: Int, _ indices: [Int]) -> Double {
    let value = values[indices[position]]
    var gap = cell
    if position > 0 { gap = min(gap, value - values[indices[position - 1]]) }
    if position + 1 < indices.count { gap = min(gap, values[indices[position + 1]] - value) }
    return gap * (1 - 0x1p-30)
  }

  // MARK: The smooth part

  /// The smooth part fitted to points with counts, its knots around the atoms' cells.
  private func body(_ smooth: [Double], atoms: [Int], isFinal: Bool) -> HatDensity {
    let points = spreadPoints(smooth).merged(to: Self.mostPoints)
    let total = points.counts.reduce(0, +)
    let range = knotRange(points, total: total, atoms: atoms)
    let none = ParetoTail(scale: max(1e-9 * (range.high - range.low), 1e-300))
    let lower = edges.low == nil ? tail(points, beyond: range.low, sign: -1, inner: range) : none
    let upper = edges.high == nil ? tail(points, beyond: range.high, sign: 1, inner: range) : none
    let most = max(2, min(256, Int(total.squareRoot())))
    let coarse = min(most, 32)
    let intervals = isFinal ? bestIntervals(points, most: most, range: range, tails: (lower, upper)) : coarse
    let knots = points.knots(intervals: intervals, range: range, closest: closest(range))
    var density = HatDensity(knots: knots, lower: lower, upper: upper)
    density.fit(points.values, counts: points.counts, iterations: isFinal ? 100 : 20)
    return density
  }

  /// The number of intervals between knots with the best held-out likelihood; a finer density has to be better by 2e-4 nats
  /// a row.
  private func bestIntervals(
    _ points: WeightedPoints, most: Int, range: (low: Double, high: Double), tails: (ParetoTail, ParetoTail)
  ) -> Int {
    var best = 2
    var bestScore = -Double.infinity
    let halves = points.halves(limit: Self.mostForChoice)
    for intervals in sequence(first: 2, next: { $0 * 2 <= most ? $0 * 2 : nil }) {
      let knots = points.knots(intervals: intervals, range: range, closest: closest(range))
      let score = points.crossValidated(HatDensity(knots: knots, lower: tails.0, upper: tails.1), halves: halves)
      if score > bestScore + 2e-4 {
        (best, bestScore) = (intervals, score)
      }
    }
    return best
  }

  private func closest(_ range: (low: Double, high: Double)) -> Double {
    max(isStepped ? 2 * cell : 0, 1e-7 * (range.high - range.low))
  }

  /// Stepped values stand for their cells: two points each, at the nodes of Gauss's rule.
  private func spreadPoints(_ smooth: [Double]) -> WeightedPoints {
    guard isStepped else { return WeightedPoints(values: values, counts: smooth) }
    let offset = cell / 2 * (1 / 3.0).squareRoot()
    var points = WeightedPoints(values: [], counts: [])
    for (value, count) in zip(values, smooth) where count > 0 {
      points.values += [value - offset, value + offset]
      points.counts += [count / 2, count / 2]
    }
    return points
  }

  /// The outermost knots: about the square root of the rows beyond each, and all atoms between.
  private func knotRange(
    _ points: WeightedPoints, total: Double, atoms: [Int]
  ) -> (low: Double, high: Double) {
    let beyond = min(max(total.squareRoot(), 5), total / 8) / max(total, 1)
    var low = points.quantile(beyond) ?? values[0]
    var high = points.quantile(1 - beyond) ?? values[values.count - 1]
    if let first = atoms.first, let last = atoms.last {
      low = min(low, values[first] - cell)
      high = max(high, values[last] + cell)
    }
    low = edges.low ?? low
    high = edges.high ?? high
    // Two knots must be apart by more than rounding.
    let least = max(2 * cell, 64 * max(low.magnitude.ulp, high.magnitude.ulp))
    if edges.low != nil, edges.high != nil, high > low { return (low, high) }
    if edges.low != nil { return (low, max(high, low + least)) }
    if edges.high != nil { return (min(low, high - least), high) }
    if high - low < least {
      let middle = low / 2 + high / 2
      (low, high) = (middle - least / 2, middle + least / 2)
    }
    return (low, high)
  }

  private func tail(
    _ points: WeightedPoints, beyond knot: Double, sign: Double, inner: (low: Double, high: Double)
  ) -> ParetoTail {
    let excesses = points.excesses(beyond: knot, sign: sign, limit: 2000)
    if excesses.count >= 8 { return ParetoTail(fitting: excesses) }
    // Hardly anything was seen beyond: a tail of one cell, or of what was seen.
    let mean = excesses.isEmpty ? 0 : excesses.reduce(0, +) / Double(excesses.count)
    let floor = isStepped ? cell / 2 : 1e-3 * (inner.high - inner.low)
    return ParetoTail(scale: max(mean, floor, .leastNormalMagnitude))
  }
}
