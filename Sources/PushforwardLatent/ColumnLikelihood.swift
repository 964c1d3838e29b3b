import CKernels
import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a latent-variable model sees one column: which distribution its decoder gives, and in which units it counts.
///
/// Cells are given and returned in the column's own units, missing ones as NaN. Densities are per unit of the column;
/// the other likelihoods are masses.
public enum ColumnLikelihood: Codable, Sendable, Equatable {
  /// A normal distribution of learned mean and scale; the network counts in `(x - center) / scale`.
  case gaussian(center: Double, scale: Double)
  /// 0 or 1.
  case bernoulli
  /// A category's number from 0.
  case categorical(levels: Int)
  /// Numbers on a lattice (whole numbers, a pixel's shade), each with the mass of its cell under a logistic distribution
  /// of learned mean and scale.
  ///
  /// At and beyond a finite end the cell reaches to infinity, so that the masses sum to one. The network counts in
  /// `(x - center) / scale`.
  /// - SeeAlso: Salimans et al. (2017), "PixelCNN++", arXiv:1701.05517, section 2.1.
  case discretized(lower: Double?, upper: Double?, step: Double, center: Double, scale: Double)

  /// What stands for a missing cell in a model's own coding.
  package static var missing: Double { PF_MISSING }

  /// Numbers that the decoder gives for the column.
  public var parameterCount: Int {
    switch self {
    case .gaussian, .discretized: 2
    case .bernoulli: 1
    case .categorical(let levels): levels
    }
  }

  /// Features that the encoder sees of the column.
  var inputFeatures: Int {
    if case .categorical(let levels) = self { levels } else { 1 }
  }

  /// Whether its likelihood is a mass, not a density.
  public var isDiscrete: Bool {
    if case .gaussian = self { false } else { true }
  }

  /// Checks the numbers.
  ///
  /// - Throws: `EngineError.invalidSetting`.
  public func validate(name: String) throws {
    func require(_ holds: Bool, _ expected: String) throws {
      if !holds { throw EngineError.invalidSetting(name: name, expected: expected, found: "\(self)") }
    }
    switch self {
    case .gaussian(let center, let scale):
      try require(center.isFinite && scale.isFinite && scale > 0, "a finite center and a positive scale")
    case .bernoulli: break
    case .categorical(let levels):
      try require((1...Self.maximumLevels).contains(levels), "1 to \(Self.maximumLevels) levels")
    case .discretized(let lower, let upper, let step, let center, let scale):
      try require(
        center.isFinite && scale.isFinite && scale > 0 && step.isFinite && step > 0,
        "a finite center, a positive scale and step")
      try require(
        lower.map { $0.isFinite } ?? true && upper.map { $0.isFinite } ?? true
          && (lower ?? -.infinity) <= (upper ?? .infinity), "finite ends, lower not above upper")
    }
  }

  /// Levels of a categorical column at most.
  static var maximumLevels: Int { 1 << 16 }

  /// A cell in the model's own coding.
  func code(_ cell: Double) -> Double {
    if cell.isNaN { return Self.missing }
    switch self {
    case .gaussian(let center, let scale), .discretized(_, _, _, let center, let scale): return (cell - center) / scale
    case .bernoulli, .categorical: return cell
    }
  }

  /// Why a cell cannot be one of this column; `nil` when it can.
  ///
  /// A category outside the known ones and a number off the lattice are refused: their mass is zero or meaningless.
  func complaint(_ cell: Double) -> String? {
    if cell.isNaN { return nil }
    switch self {
    case .gaussian: return cell.isFinite ? nil : "a finite number"
    case .bernoulli: return cell == 0 || cell == 1 ? nil : "0 or 1"
    case .categorical(let levels):
      let isLevel = cell >= 0 && cell < Double(levels) && cell == cell.rounded()
      return isLevel ? nil : "a whole number from 0 to \(levels - 1)"
    case .discretized(let lower, _, let step, _, _):
      let steps = (cell - (lower ?? 0)) / step
      return steps.isFinite && abs(steps - steps.rounded()) < 1e-6 * max(1, abs(steps)) ? nil : "a multiple of \(step)"
    }
  }

  /// The kernel's description, with scales at least `floor` of the column's own.
  package func kernelColumn(floor: Double) -> pf_likelihood_column {
    var column = pf_likelihood_column(
      kind: 0, rows: parameterCount, floor: floor, lower: -.infinity, upper: .infinity, half: 0, log_unit: 0)
    switch self {
    case .gaussian(_, let scale):
      column.kind = Int(PF_GAUSSIAN.rawValue)
      column.log_unit = log(scale)
    case .bernoulli: column.kind = Int(PF_BERNOULLI.rawValue)
    case .categorical: column.kind = Int(PF_CATEGORICAL.rawValue)
    case .discretized(let lower, let upper, let step, let center, let scale):
      column.kind = Int(PF_LOGISTIC.rawValue)
      column.half = 0.5 * step / scale
      // Between lattice points, so that rounding decides nothing.
      if let lower { column.lower = (lower - center) / scale + 0.5 * column.half }
      if let upper { column.upper = (upper - center) / scale - 0.5 * column.half }
      // Below a cell's width the scale says nothing more.
      column.floor = 0.1 * column.half
    }
    return column
  }
}

extension ColumnLikelihood {
  /// What is known of a column before its cells are seen.
  public enum Kind: Codable, Sendable, Equatable {
    /// Any real numbers.
    case real
    /// 0 or 1.
    case binary
    /// Categories numbered from 0.
    case categories(Int)
    /// Multiples of a step, with ends where there are known ones.
    case lattice(lower: Double?, upper: Double?, step: Double)
  }

  /// The likelihood of a column of that kind, its center and scale from the cells (NaN: missing).
  ///
  /// A lattice with both ends is counted from -1 to 1; other numbers in standard deviations from the mean. A column
  /// that never varies gets a scale of one.
  public init(_ kind: Kind, cells: [Double]) {
    switch kind {
    case .binary: self = .bernoulli
    case .categories(let levels): self = .categorical(levels: levels)
    case .lattice(let lower?, let upper?, let step):
      let scale = upper > lower ? 0.5 * (upper - lower) : step
      self = .discretized(lower: lower, upper: upper, step: step, center: 0.5 * (lower + upper), scale: scale)
    case .lattice(let lower, let upper, let step):
      let (mean, deviation) = Self.moments(cells)
      self = .discretized(
        lower: lower, upper: upper, step: step, center: mean, scale: deviation > 0 ? deviation : step)
    case .real:
      let (mean, deviation) = Self.moments(cells)
      self = .gaussian(center: mean, scale: deviation > 0 ? deviation : 1)
    }
  }

  /// Mean and standard deviation of the cells that are numbers; a deviation that is rounding error only counts as 0.
  static func moments(_ cells: [Double]) -> (mean: Double, deviation: Double) {
    var (count, mean, squares) = (0.0, 0.0, 0.0)
    for cell in cells where cell.isFinite {
      count += 1
      let difference = cell - mean
      mean += difference / count
      squares += difference * (cell - mean)
    }
    if count == 0 { return (0, 0) }
    let deviation = (squares / count).squareRoot()
    return (mean, deviation.isFinite && deviation > 1e-12 * abs(mean) ? deviation : 0)
  }
}
