import PushforwardCore

/// A kernel density: at each row a product of normal kernels, one bandwidth a column, and of kernels on categories.
///
/// p(x, c) = Σᵢ wᵢ Πⱼ N(xⱼ; xᵢⱼ, hⱼ²) Πₖ κₖ(cₖ, cᵢₖ), κ being 1 − λ for the same level and λ/(L − 1) for another (Aitchison &
/// Aitken 1976). Between walls the kernels are mirrored, so no mass leaves the column's range. Missing cells of a query are
/// marginalised exactly. Densities in the units of the rows, logarithms in nats.
public struct KernelDensity: Sendable {
  /// Number of numeric columns.
  public var features: Int { centres.columns }
  /// Bandwidth of each numeric column, in its units.
  public let bandwidths: [Double]
  /// λ of each category column: the mass that goes to other levels.
  public let noise: [Double]
  /// Walls of each numeric column; infinite where there is none.
  public let bounds: [ClosedRange<Double>]
  /// Number of levels of each category column.
  public let levels: [Int]
  /// The rows, in the order of the tree.
  public let centres: Matrix<Double>
  /// Their categories, row-major.
  public let codes: [Int32]
  /// Their weights; they sum to one.
  public let weights: [Double]
  let tree: CentreTree
  /// log wᵢ, less the logarithm of the kernel's mass between walls, which depends on the pattern of missing columns.
  let logWeights: [Double]

  /// A density over complete rows.
  ///
  /// - Parameters:
  ///   - rows: At least one, no cell missing, inside the bounds.
  ///   - bandwidths: One a numeric column, positive.
  ///   - noise: One a category column, from 0 to (L − 1)/L.
  ///   - bounds: One a numeric column, infinite ends where there is no wall; `nil`: no walls.
  /// - Throws: `MixtureError`.
  public init(
    _ rows: MixtureRows, bandwidths: [Double], noise: [Double] = [], bounds: [ClosedRange<Double>]? = nil
  ) throws(MixtureError) {
    let d = rows.numbers.columns
    if bandwidths.count != d { throw .size(what: "bandwidths", expected: d, found: bandwidths.count) }
    if noise.count != rows.levels.count {
      throw .size(what: "noise of the categories", expected: rows.levels.count, found: noise.count)
    }
    if let bad = bandwidths.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw .value(what: "bandwidth", expected: "a positive number", found: "\(bad)")
    }
    for (place, value) in noise.enumerated() where !(value >= 0 && value <= 1 - 1 / Double(rows.levels[place])) {
      throw .value(what: "noise of category \(place)", expected: "0 to (levels - 1) / levels", found: "\(value)")
    }
    let walls = bounds ?? [ClosedRange<Double>](repeating: -.infinity ... .infinity, count: d)
    if walls.count != d { throw .size(what: "bounds", expected: d, found: walls.count) }
    for (place, x) in rows.numbers.values.enumerated() where x.isNaN || !walls[place % d].contains(x) {
      throw .value(
        what: "row \(place / d), column \(place % d)", expected: "a number in \(walls[place % d])", found: "\(x)")
    }
    if rows.codes.contains(-1) { throw .value(what: "categories", expected: "no missing cell", found: "one") }
    let total = rows.weights?.reduce(0, +) ?? Double(rows.count)
    if !(total > 0) { throw .noRows }
    tree = CentreTree(rows.numbers)
    centres = rows.numbers.selectingRows(tree.order)
    let width = rows.levels.count
    codes = tree.order.flatMap { rows.codes[$0 * width..<($0 + 1) * width] }
    // Already normalised, but for rounding: kept, so that a file gives back the same bits.
    let divisor = abs(total - 1) < 1e-9 ? 1 : total
    weights = tree.order.map { (rows.weights?[$0] ?? 1) / divisor }
    logWeights = weights.map { PatternFactors.logarithm($0) }
    self.bandwidths = bandwidths
    self.noise = noise
    self.bounds = walls
    levels = rows.levels
  }

  /// The same rows with other kernels.
  func with(bandwidths: [Double], noise: [Double]) -> KernelDensity {
    KernelDensity(self, bandwidths: bandwidths, noise: noise)
  }

  private init(_ other: KernelDensity, bandwidths: [Double], noise: [Double]) {
    (self.bandwidths, self.noise, bounds, levels) = (bandwidths, noise, other.bounds, other.levels)
    (centres, codes, weights) = (other.centres, other.codes, other.weights)
    (tree, logWeights) = (other.tree, other.logWeights)
  }

  /// Draws rows: row `i` is the same whatever `count`.
  ///
  /// - Parameters:
  ///   - count: Number of rows, not negative.
  ///   - seed: Same seed, same rows.
  ///   - firstRow: Number of the first row.
  /// - Returns: The rows.
  public func sample(count: Int, seed: UInt64, firstRow: UInt64 = 0) -> MixtureRows {
    let (d, width) = (features, levels.count)
    var cumulative = weights
    for place in 1..<max(cumulative.count, 1) { cumulative[place] += cumulative[place - 1] }
    let choice = RandomStream(seed: seed, purpose: .component)
    var numbers = Matrix<Double>(rows: count, columns: d)
    var drawn = [Int32](repeating: 0, count: count * width)
    for row in 0..<count {
      let number = firstRow + UInt64(row)
      let centre = GaussianMixture.pick(cumulative, choice.uniform(row: number))
      for (j, x) in around(centre, seed: seed, row: number).enumerated() { numbers.values[row * d + j] = x }
      for column in 0..<width { drawn[row * width + column] = level(column, centre, seed: seed, row: number) }
    }
    return MixtureRows(unchecked: numbers, codes: drawn, levels: levels, weights: nil)
  }

  /// A draw of the numeric kernels at a centre, mirrored at the walls.
  func around(_ centre: Int, seed: UInt64, row: UInt64) -> [Double] {
    let normals = RandomStream(seed: seed, purpose: .base).normal(
      rows: 1, columns: features, firstRow: row, as: Double.self
    ).values
    return normals.enumerated().map { j, z in
      var x = centres[centre, j] + bandwidths[j] * z
      let (low, high) = (bounds[j].lowerBound, bounds[j].upperBound)
      if x < low { x = 2 * low - x }
      if x > high { x = 2 * high - x }
      return min(max(x, low), high)
    }
  }

  /// A draw of a category's kernel at a centre.
  func level(_ column: Int, _ centre: Int, seed: UInt64, row: UInt64) -> Int32 {
    let own = codes[centre * levels.count + column]
    let u = RandomStream(seed: seed, purpose: .discrete).uniform(row: row, index: UInt32(column))
    if u >= noise[column] || levels[column] < 2 { return own }
    let other = Int32(u / noise[column] * Double(levels[column] - 1))
    return other < own ? other : min(other + 1, Int32(levels[column]) - 1)
  }
}
