import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a column's cells may be: some of its classes, and parts of its scale.
public struct ChainLimit: Sendable, Equatable {
  /// Whether each class of point mass is allowed.
  public var atoms: [Bool]
  /// Intervals of z that the continuous class may lie in.
  public var ranges: [ClosedRange<Double>]

  /// A limit.
  public init(atoms: [Bool], ranges: [ClosedRange<Double>] = []) { (self.atoms, self.ranges) = (atoms, ranges) }
}

extension Chain {
  /// Draws rows whose cells keep limits, with their weights.
  ///
  /// In the chain's order each limited cell is drawn from its conditional distribution cut to what is allowed, and the mass of
  /// what was allowed goes into the row's weight: sequential importance sampling. Without present cells the mean weight is an
  /// unbiased estimate of the limits' probability, and the weights are equal if only the chain's first column is limited.
  ///
  /// - Parameters:
  ///   - rows: Rows with gaps; the limited columns are missing in all of them.
  ///   - limits: By column number, modelled columns only.
  ///   - seed: Of the draws.
  ///   - firstRow: Number of the first row.
  ///   - snap: Rounds drawn points to the cells of the data.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: Rows without missing cells; a row whose limits have no mass has weight `-infinity` and keeps none of them.
  /// - Throws: `ChainError`.
  public func limited(
    _ rows: ChainRows, limits: [Int: ChainLimit], seed: UInt64, firstRow: UInt64 = 0, snap: CellSnap? = nil,
    workers: WorkerPool? = nil
  ) throws -> ChainCompletion {
    let present = specification.order.filter { index in
      rows.columns[index].codes.contains { $0 != ChainCells.missing }
    }
    // Present cells at the chain's start need not be given: then everything is the chain's own.
    let isLeading = present == Array(specification.order.prefix(present.count))
    let inOrder = [Bool](repeating: true, count: rows.count)
    let given = isLeading ? nil : rows
    var state = rows
    var logMass = [Double](repeating: 0, count: rows.count)
    func drawn(_ seed: UInt64) throws -> ChainRows {
      try complete(
        state, seed: seed, firstRow: firstRow, snap: snap, isInOrder: inOrder, givenWhere: given, workers: workers)
    }
    let stream = RandomStream(seed: seed, purpose: .user)
    for (place, index) in specification.order.enumerated() {
      guard let limit = limits[index] else { continue }
      if place > 0 {
        let before = try drawn(stream.split(UInt64(place)).seed)
        for earlier in specification.order.prefix(place) { state.columns[earlier] = before.columns[earlier] }
      }
      let heads = try heads(of: index, rows: state, given: isLeading ? [] : present, workers: workers)
      let uniforms = stream.split(UInt64(place)).split(1)
      for row in 0..<rows.count {
        let number = firstRow + UInt64(row)
        let cell = heads.draw(
          row: row, limit, uniforms.uniform(row: number, index: 0), uniforms.uniform(row: number, index: 1))
        logMass[row] += cell.logMass
        guard cell.logMass > -.infinity else { continue }
        var one = [DrawnCell(code: Int32(cell.code), low: Float(cell.z), high: Float(cell.z), width: 0)]
        if cell.code == heads.column.atoms { snap?(index, &one) }
        state.columns[index].codes[row] = one[0].code
        if state.columns[index].low.isEmpty { continue }
        (state.columns[index].low[row], state.columns[index].high[row]) = (one[0].low, one[0].high)
        state.columns[index].width[row] = one[0].width
      }
    }
    let filled = try drawn(stream.split(UInt64(specification.order.count)).seed)
    if !isLeading {
      let joint = try logProb(filled, workers: workers)
      let proposed = try completionLogProb(filled, of: rows, workers: workers)
      for row in 0..<rows.count { logMass[row] += joint[row] - proposed[row] }
    }
    return ChainCompletion(
      rows: filled, logWeights: logMass.map { $0.isNaN ? -.infinity : $0 },
      effectiveSizes: [Double](repeating: 1, count: rows.count))
  }
}

extension ChainHeads {
  /// A cell of a row's distribution cut to a limit, by two uniform numbers, and the logarithm of the mass inside.
  func draw(
    row: Int, _ limit: ChainLimit, _ first: Double, _ second: Double
  ) -> (code: Int, z: Double, logMass: Double) {
    let atoms = column.atoms
    var total = 0.0
    for code in 0..<atoms where limit.atoms[code] { total += probability(row: row, class: code) }
    let atomMass = total
    var parts: [(component: Int, range: ClosedRange<Double>, mass: Double)] = []
    if column.hasContinuous {
      let open = probability(row: row, class: atoms)
      for range in limit.ranges {
        for j in row * components..<(row + 1) * components {
          let mass = open * weights[j] * NormalRange(range, mean: means[j], deviation: deviations[j]).mass
          if mass > 0 { parts.append((j, range, mass)) }
          total += mass
        }
      }
    }
    guard total > 0 else { return (0, 0, -.infinity) }
    var rest = first * total
    if rest < atomMass || parts.isEmpty {
      var last = 0
      for code in 0..<atoms where limit.atoms[code] {
        last = code
        rest -= probability(row: row, class: code)
        if rest < 0 { break }
      }
      return (last, 0, log(total))
    }
    rest -= atomMass
    var chosen = parts[parts.count - 1]
    for part in parts {
      rest -= part.mass
      if rest < 0 {
        chosen = part
        break
      }
    }
    let normal = NormalRange(chosen.range, mean: means[chosen.component], deviation: deviations[chosen.component])
    return (atoms, normal.quantile(second), log(total))
  }
}

/// A normal distribution cut to an interval, both tails with all of their digits.
private struct NormalRange {
  private let range: ClosedRange<Double>
  private let (mean, deviation): (Double, Double)
  /// Distribution function at the ends, from the side of the nearer tail.
  private let (lower, upper): (Double, Double)
  private let isMirrored: Bool

  init(_ range: ClosedRange<Double>, mean: Double, deviation: Double) {
    (self.range, self.mean, self.deviation) = (range, mean, deviation)
    let (a, b) = ((range.lowerBound - mean) / deviation, (range.upperBound - mean) / deviation)
    isMirrored = a > 0
    func cdf(_ u: Double) -> Double { 0.5 * erfc(-u * 0.5.squareRoot()) }
    (lower, upper) = isMirrored ? (cdf(-b), cdf(-a)) : (cdf(a), cdf(b))
  }

  var mass: Double { max(upper - lower, 0) }

  func quantile(_ u: Double) -> Double {
    let reach = NormalReach.deviations(lower + u * (upper - lower))
    let z = mean + deviation * (isMirrored ? -reach : reach)
    return min(max(z.isNaN ? range.lowerBound : z, range.lowerBound), range.upperBound)
  }
}
