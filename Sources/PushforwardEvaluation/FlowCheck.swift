import PushforwardCore
import PushforwardModels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Checks of what a flow claims about itself: round trips, log-determinants, gradients, normalisation.
///
/// None of them needs data: rows are drawn from the flow. Exact relations are checked in `Double`, round trips in `Float`
/// too, since that is what answers a user.
public struct FlowCheck: Sendable {
  /// One check's outcome.
  public struct Finding: Codable, Sendable, Equatable {
    /// What was checked.
    public var name: String
    /// The largest error found; NaN when something was not finite.
    public var error: Double
    /// The largest error that passes.
    public var limit: Double
    /// Whether `error` is within `limit`.
    public var isPassed: Bool { error <= limit }

    private enum CodingKeys: String, CodingKey {
      case name, error, limit
    }

    /// Makes a finding.
    package init(name: String, error: Double, limit: Double) {
      (self.name, self.error, self.limit) = (name, error, limit)
    }
  }

  private let flow: Flow<Float>
  private let exact: Flow<Double>
  private let seed: UInt64

  /// Prepares checks of a flow; same seed, same findings.
  ///
  /// - Throws: `EngineError`.
  public init(_ flow: Flow<Float>, seed: UInt64 = 0) throws {
    self.init(flow, exact: try flow.converted(), seed: seed)
  }

  /// Checks of two flows that should be the same.
  package init(_ flow: Flow<Float>, exact: Flow<Double>, seed: UInt64) {
    self.flow = flow
    self.exact = exact
    self.seed = seed
  }

  /// Runs all checks that fit the flow; normalisation only in one and two dimensions without conditions.
  ///
  /// - Throws: `EngineError`.
  public func findings() throws -> [Finding] {
    var found = [
      try roundTrip(flow, name: "round trip (32 bits)", limit: 1e-3),
      try roundTrip(exact, name: "round trip (64 bits)", limit: 1e-7),
      try precision(),
      try logDeterminant(),
      try gradient(),
    ]
    let specification = flow.specification
    if specification.features <= 2, specification.contextFeatures == 0 { found.append(try normalization()) }
    return found
  }

  /// Rows drawn from the flow, mapped to base space and back.
  private func roundTrip<Scalar: TileScalar>(
    _ flow: Flow<Scalar>, name: String, limit: Double
  ) throws -> Finding {
    let (x, context) = try draws(flow, count: 256)
    let back = try flow.decode(flow.encode(x, context: context), context: context)
    return Finding(
      name: name, error: largest(zip(x.values, back.values).map { (Double($0), Double($1)) }), limit: limit)
  }

  /// Log-densities in single precision against those in double.
  private func precision() throws -> Finding {
    let (x, context) = try draws(flow, count: 256)
    let single = try flow.logProb(x, context: context)
    let double = try exact.logProb(x.converted(), context: context?.converted())
    return Finding(
      name: "log-density (32 against 64 bits)", error: largest(zip(double, single).map { ($0, Double($1)) }),
      limit: 1e-3)
  }

  /// The log-determinant against that of the Jacobian by central differences.
  private func logDeterminant() throws -> Finding {
    let width = flow.specification.features
    let (x, context) = try draws(exact, count: width > 40 ? 2 : 8)
    let z = try exact.encode(x, context: context)
    let logProb = try exact.logProb(x, context: context)
    var worst = 0.0
    for row in 0..<x.rows {
      let base = z.row(row).reduce(0) { $0 - 0.5 * ($1 * $1 + log(2 * Double.pi)) }
      let given = context.map { $0.selectingRows(Array(repeating: row, count: 2 * width)) }
      let errors = try FlowCheck.steps.map { step in
        var jacobian = try self.jacobian(x.row(row), given: given, step: step)
        return largest([(logProb[row] - base, logAbsDeterminant(&jacobian))])
      }
      worst = larger(worst, smallest(errors))
    }
    return Finding(name: "log-determinant (against differences)", error: worst, limit: 1e-4)
  }

  /// Lengths of differences, of which the best counts: a long one is wrong where the density is steep, a short one rounds.
  private static let steps = [1e-4, 1e-5, 1e-6, 1e-7]

  /// dz/dx by central differences.
  private func jacobian(_ x: [Double], given: Matrix<Double>?, step: Double) throws -> [[Double]] {
    var shifted = Matrix<Double>(Array(repeating: x, count: 2 * x.count))
    let steps = x.map { step * max(1, abs($0)) }
    for column in x.indices {
      shifted[2 * column, column] += steps[column]
      shifted[2 * column + 1, column] -= steps[column]
    }
    let moved = try exact.encode(shifted, context: given)
    return x.indices.map { output in
      x.indices.map { (moved[2 * $0, output] - moved[2 * $0 + 1, output]) / (2 * steps[$0]) }
    }
  }

  /// The parameters' gradient of the summed log-density along random directions against central differences.
  private func gradient() throws -> Finding {
    let (x, context) = try draws(exact, count: 16)
    let layout = exact.network.layout
    var gradients = Parameters<Double>.zeros(layout: layout)
    let tape = Tape<Double>(recordsGradients: true)
    try gradients.withUnsafeMutablePointer { gradientPointer in
      try exact.parameters.withUnsafePointer { parameters in
        tape.begin(rows: x.rows, parameters: parameters, gradients: gradientPointer)
        let value = try exact.network.logProb(tape.input(x), context: context.map { try tape.input($0) }, on: tape)
        tape.backward(from: value.logProb)
      }
    }
    let trained = layout.slices.filter { $0.role == .weight || $0.role == .bias }
    var worst = 0.0
    for round in 0..<(trained.isEmpty ? 0 : 4) {
      let direction = randomParameters(layout, seed: seed &+ UInt64(round), as: Double.self)
      let slope = trained.reduce(0.0) { total, slice in
        total + zip(gradients[slice], direction[slice]).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let errors = try FlowCheck.steps.map { step in
        let ahead = try total(along: direction, step: step, x, context)
        let behind = try total(along: direction, step: -step, x, context)
        return largest([(slope, (ahead - behind) / (2 * step))])
      }
      worst = larger(worst, smallest(errors))
    }
    return Finding(name: "gradient (against differences)", error: worst, limit: 1e-4)
  }

  private func total(
    along direction: Parameters<Double>, step: Double, _ x: Matrix<Double>, _ context: Matrix<Double>?
  ) throws -> Double {
    var moved = exact
    for slice in exact.network.layout.slices where slice.role == .weight || slice.role == .bias {
      moved.parameters[slice] = zip(moved.parameters[slice], direction[slice]).map { $0 + step * $1 }
    }
    return try moved.logProb(x, context: context).reduce(0, +)
  }

  /// The density summed over a grid around where the flow's own rows lie.
  private func normalization() throws -> Finding {
    let width = flow.specification.features
    let (x, _) = try draws(exact, count: 4096)
    let points = width == 1 ? 20_001 : 601
    let axes = (0..<width).map { column -> (start: Double, step: Double) in
      let values = x.column(column)
      let (low, high) = (values.min() ?? 0, values.max() ?? 1)
      let margin = 1.5 * (high - low)
      return (low - margin, (high - low + 2 * margin) / Double(points - 1))
    }
    var grid = Matrix<Double>(rows: width == 1 ? points : points * points, columns: width)
    for row in 0..<grid.rows {
      grid[row, 0] = axes[0].start + axes[0].step * Double(row % points)
      if width == 2 { grid[row, 1] = axes[1].start + axes[1].step * Double(row / points) }
    }
    let cell = axes.reduce(1) { $0 * $1.step }
    let mass = try exact.logProb(grid).reduce(0) { $0 + exp($1) } * cell
    return Finding(name: "total probability (against 1)", error: abs(mass - 1), limit: 0.02)
  }

  /// Rows of the flow, and the random conditions that they were drawn under.
  private func draws<Scalar: TileScalar>(
    _ flow: Flow<Scalar>, count: Int
  ) throws -> (x: Matrix<Scalar>, context: Matrix<Scalar>?) {
    let width = flow.specification.contextFeatures
    let stream = RandomStream(seed: seed, purpose: .test)
    let context: Matrix<Scalar>? = width == 0 ? nil : stream.normal(rows: count, columns: width)
    return (try flow.sample(count: count, context: context, seed: seed), context)
  }

  /// The largest difference relative to one or the first value, NaN if any value is not finite.
  private func largest(_ pairs: [(Double, Double)]) -> Double {
    pairs.reduce(0) { larger($0, abs($1.0 - $1.1) / max(1, abs($1.0))) }
  }

  private func larger(_ a: Double, _ b: Double) -> Double { a.isFinite && b.isFinite ? max(a, b) : .nan }

  private func smallest(_ errors: [Double]) -> Double { errors.filter(\.isFinite).min() ?? .nan }

  /// `log |det|` by elimination with row pivots.
  private func logAbsDeterminant(_ matrix: inout [[Double]]) -> Double {
    var total = 0.0
    for column in matrix.indices {
      let pivot = matrix.indices[column...].max { abs(matrix[$0][column]) < abs(matrix[$1][column]) } ?? column
      matrix.swapAt(column, pivot)
      let head = matrix[column][column]
      total += log(abs(head))
      for row in matrix.indices[(column + 1)...] {
        let factor = matrix[row][column] / head
        for index in column..<matrix.count { matrix[row][index] -= factor * matrix[column][index] }
      }
    }
    return total
  }
}
