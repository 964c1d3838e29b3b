#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Gaussianises a column: `z = Phi^-1(F(x))`, F the distribution function of a density fitted to the column alone.
///
/// The density is `sum of atoms m_a Uniform(cell of a) + (1 - sum of m_a) smooth(x)`. Atoms are values that repeat far more
/// often than the smooth part explains, each spread evenly over one recording cell; cells do not overlap. The smooth part is
/// piecewise linear with generalized Pareto tails (`HatDensity`). So F is piecewise quadratic, its inverse closed, every
/// finite value has a finite image, and `logDet = log p(x) - log phi(z)` to rounding, in both tails.
public struct MarginalTransform: Sendable, Equatable {
  /// A value that repeats.
  public struct Atom: Sendable, Codable, Equatable {
    /// The value.
    public let value: Double
    /// Width of its cell, centred on the value.
    public let width: Double
    /// Its share of the rows beyond what the smooth part has there.
    public let mass: Double

    package var low: Double { value - width / 2 }
    package var high: Double { value + width / 2 }
  }

  /// Atoms, ascending.
  public let atoms: [Atom]
  package let body: HatDensity

  // The body and the atoms between the outermost knots, cut into pieces of linear density. starts.count == pieces + 1;
  // densities are those at both ends of a piece; below[i], above[i] are the masses on either side of starts[i].
  private let starts: [Double]
  private let leftDensities: [Double]
  private let rightDensities: [Double]
  private let below: [Double]
  private let above: [Double]
  /// Logarithms of the tails' masses and of the densities where they begin.
  private let lowerLogs: (mass: Double, density: Double)
  private let upperLogs: (mass: Double, density: Double)

  /// - Parameters:
  ///   - body: The smooth part; its knots enclose the atoms' cells.
  ///   - atoms: Ascending, cells apart, masses summing to less than one.
  init(body: HatDensity, atoms: [Atom]) {
    self.body = body
    self.atoms = atoms
    let smooth = max(1 - atoms.reduce(0) { $0 + $1.mass }, 1e-12)
    let knots = body.knots
    let densities = body.densities.map { $0 * smooth }
    var starts = knots
    for atom in atoms { starts += [atom.low, atom.high] }
    starts.sort()
    starts = starts.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    var left: [Double] = []
    var right: [Double] = []
    var masses: [Double] = []
    var knot = 0
    var atom = 0
    for (a, b) in zip(starts, starts.dropFirst()) {
      while knot < knots.count - 2, knots[knot + 1] <= a { knot += 1 }
      while atom < atoms.count, atoms[atom].high <= a { atom += 1 }
      let isInside = atom < atoms.count && atoms[atom].low <= a
      let extra = isInside ? atoms[atom].mass / (atoms[atom].high - atoms[atom].low) : 0
      let slope = (densities[knot + 1] - densities[knot]) / (knots[knot + 1] - knots[knot])
      left.append(max(densities[knot] + slope * (a - knots[knot]), 0) + extra)
      right.append(max(densities[knot] + slope * (b - knots[knot]), 0) + extra)
      masses.append((left[left.count - 1] + right[right.count - 1]) / 2 * (b - a))
    }
    let lowerMass = body.lowerMass * smooth
    let upperMass = body.upperMass * smooth
    // The pieces' masses sum to one but for rounding; made exact, so that both tails agree on the middle.
    let scale = (1 - lowerMass - upperMass) / masses.reduce(0, +)
    var below = [lowerMass]
    for mass in masses { below.append(below[below.count - 1] + mass * scale) }
    var above = [upperMass]
    for mass in masses.reversed() { above.append(above[above.count - 1] + mass * scale) }
    self.starts = starts
    leftDensities = left.map { $0 * scale }
    rightDensities = right.map { $0 * scale }
    self.below = below
    self.above = above.reversed()
    lowerLogs = (log(lowerMass), log(densities[0]))
    upperLogs = (log(upperMass), log(densities[densities.count - 1]))
  }

  /// Maps a value to the normal scale.
  ///
  /// - Parameter x: A finite value in the column's units.
  /// - Returns: `z`, and `log(dz/dx)` in nats.
  public func forward(_ x: Double) -> (z: Double, logDet: Double) {
    let (z, logDensity) = evaluate(x)
    return (z, logDensity + z * z / 2 + NormalScale.halfLogTwoPi)
  }

  /// The log-density of the column alone in nats, in its units: the model of independent columns.
  public func logDensity(_ x: Double) -> Double { evaluate(x).logDensity }

  /// The place of a value on the normal scale, and the log-density of the column alone there.
  func evaluate(_ x: Double) -> (z: Double, logDensity: Double) {
    if x < starts[0] {
      let y = starts[0] - x
      let logMass = lowerLogs.mass + body.lower.logSurvival(y)
      return (NormalScale.quantile(logProbability: logMass), lowerLogs.density + body.lower.logRelativeDensity(y))
    }
    if x >= starts[starts.count - 1] {
      let y = x - starts[starts.count - 1]
      let logMass = upperLogs.mass + body.upper.logSurvival(y)
      return (-NormalScale.quantile(logProbability: logMass), upperLogs.density + body.upper.logRelativeDensity(y))
    }
    let piece = Self.lastIndex(in: starts) { $0 <= x }
    let width = starts[piece + 1] - starts[piece]
    let (p, q) = (leftDensities[piece], rightDensities[piece])
    let u = x - starts[piece]
    let density = p + (q - p) * (u / width)
    let low = below[piece] + u * (p + density) / 2
    if low < 0.5 { return (NormalScale.quantile(low), log(density)) }
    let high = above[piece + 1] + (width - u) * (q + density) / 2
    return (-NormalScale.quantile(min(high, 0.5)), log(density))
  }

  /// Maps a finite `z` back: `forward(inverse(z)).z == z` to rounding.
  public func inverse(_ z: Double) -> Double {
    let logTail = NormalScale.logCDF(-z.magnitude)
    if z < 0 {
      if logTail < lowerLogs.mass { return starts[0] - body.lower.excess(logSurvival: logTail - lowerLogs.mass) }
      let mass = exp(logTail)
      let piece = min(Self.lastIndex(in: below) { $0 <= mass }, leftDensities.count - 1)
      return starts[piece] + distance(max(mass - below[piece], 0), leftDensities[piece], rightDensities[piece], piece)
    }
    let end = starts[starts.count - 1]
    if logTail < upperLogs.mass { return end + body.upper.excess(logSurvival: logTail - upperLogs.mass) }
    let mass = exp(logTail)
    let piece = min(Self.lastIndex(in: above) { $0 > mass }, leftDensities.count - 1)
    return starts[piece + 1]
      - distance(max(mass - above[piece + 1], 0), rightDensities[piece], leftDensities[piece], piece)
  }

  /// How far into a piece a mass reaches, from the end with density `p` towards the one with `q`.
  private func distance(_ mass: Double, _ p: Double, _ q: Double, _ piece: Int) -> Double {
    let width = starts[piece + 1] - starts[piece]
    let root = max(p * p + 2 * (q - p) / width * mass, 0).squareRoot()
    let sum = p + root
    return sum > 0 ? min(2 * mass / sum, width) : width
  }

  /// The last index at which a condition holds that holds up to some point and not after; 0 if it never does.
  private static func lastIndex(in values: [Double], where holds: (Double) -> Bool) -> Int {
    var low = 0
    var high = values.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if holds(values[middle]) { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// The atom in whose cell a value lies.
  func atom(at x: Double) -> Atom? {
    if atoms.isEmpty { return nil }
    var low = 0
    var high = atoms.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if atoms[middle].low <= x { low = middle } else { high = middle - 1 }
    }
    return atoms[low].low <= x && x <= atoms[low].high ? atoms[low] : nil
  }

  /// Whether two transforms have the same parameters.
  public static func == (a: MarginalTransform, b: MarginalTransform) -> Bool { a.body == b.body && a.atoms == b.atoms }
}
