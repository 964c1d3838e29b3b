import CKernels
import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One column's conditional distribution for each of some rows: class probabilities and a mixture of Gaussians on z.
///
/// Everything about it is exact and in `Double`: masses, densities, distribution function, quantiles.
public struct ChainHeads: Sendable {
  /// The column.
  public let column: ChainColumn
  /// Number of rows.
  public let count: Int
  /// `rows x classes`, row-major; the last class is the continuous one, if the column has it.
  public let classProbabilities: [Double]
  /// Gaussians of the continuous class; 0 when there is none.
  public let components: Int
  /// `rows x components`: shares, means and standard deviations on z.
  public let weights: [Double]
  /// Means on z.
  public let means: [Double]
  /// Standard deviations on z.
  public let deviations: [Double]

  /// Probability of a class.
  public func probability(row: Int, class code: Int) -> Double { classProbabilities[row * column.classes + code] }

  /// Probability that the continuous class, where a cell is in it, lies at or below z.
  public func continuousCDF(row: Int, _ z: Double) -> Double {
    (row * components..<(row + 1) * components).reduce(0) {
      $0 + weights[$1] * 0.5 * erfc((means[$1] - z) / deviations[$1] * 0.5.squareRoot())
    }
  }

  /// Density of the continuous class at z, where a cell is in it.
  public func continuousDensity(row: Int, _ z: Double) -> Double {
    (row * components..<(row + 1) * components).reduce(0) {
      let u = (z - means[$1]) / deviations[$1]
      return $0 + weights[$1] * exp(-0.5 * u * u) / (deviations[$1] * (2 * Double.pi).squareRoot())
    }
  }

  /// The z at or below which the continuous class lies with probability p; infinite for p at or beyond 0 and 1.
  ///
  /// Safeguarded Newton steps on the distribution function, to a relative 1e-12 of the bracket.
  public func continuousQuantile(row: Int, _ p: Double) -> Double {
    if !(p > 0) { return p.isNaN ? .nan : -.infinity }
    if p >= 1 { return .infinity }
    let range = row * components..<(row + 1) * components
    // Beyond every component's own quantile lies the mixture's.
    var low = Double.infinity
    var high = -Double.infinity
    let reach = NormalReach.deviations(p)
    for j in range {
      low = min(low, means[j] + deviations[j] * reach)
      high = max(high, means[j] + deviations[j] * reach)
    }
    if low == high { return low }
    low -= 1e-9
    high += 1e-9
    var z = 0.5 * (low + high)
    for _ in 0..<200 {
      let excess = continuousCDF(row: row, z) - p
      if excess == 0 { return z }
      if excess > 0 { high = z } else { low = z }
      if high - low <= 1e-12 * max(1, abs(z)) { break }
      let slope = continuousDensity(row: row, z)
      let next = z - excess / slope
      z = slope > 0 && next > low && next < high ? next : 0.5 * (low + high)
    }
    return z
  }

  /// Probability of a value at or below z, atoms counted where their positions are at or below it.
  ///
  /// For columns whose atoms have positions, or that have no atoms.
  public func cdf(row: Int, _ z: Double) -> Double {
    var total = 0.0
    for (code, position) in (column.positions ?? []).enumerated() where Double(position) <= z {
      total += probability(row: row, class: code)
    }
    if column.hasContinuous {
      total += probability(row: row, class: column.atoms) * continuousCDF(row: row, z)
    }
    return total
  }

  /// A value of the column: an atom, or a place on z.
  public enum Value: Sendable, Equatable {
    /// The atom of that number.
    case atom(Int)
    /// A place in the continuous class.
    case z(Double)
  }

  /// The smallest value whose distribution function reaches p, in the order of z.
  ///
  /// For columns whose atoms have positions, or that have no atoms.
  public func quantile(row: Int, _ p: Double) -> Value {
    let positions = column.positions ?? []
    let order = positions.indices.sorted { positions[$0] < positions[$1] }
    let open = column.hasContinuous ? probability(row: row, class: column.atoms) : 0
    var atomsBelow = 0.0
    for code in order {
      let at = Double(positions[code])
      let under = open > 0 ? open * continuousCDF(row: row, at) : 0
      if atomsBelow + under >= p && open > 0 {
        return .z(continuousQuantile(row: row, (p - atomsBelow) / open))
      }
      atomsBelow += probability(row: row, class: code)
      if atomsBelow + under >= p { return .atom(code) }
    }
    if open > 0 { return .z(continuousQuantile(row: row, min((p - atomsBelow) / open, 1))) }
    return order.last.map { .atom($0) } ?? .z(.nan)
  }
}

/// The standard normal's quantile in `Double`.
enum NormalReach {
  static func deviations(_ p: Double) -> Double {
    var (input, output) = (p, 0.0)
    Double.unary(UnaryFunction.normalQuantile.kernel, &input, &output, 1)
    return output
  }
}

extension Chain {
  /// A column's conditional distribution in each row: given its columns of `given`, and the present cells that come
  /// before it in the chain.
  ///
  /// For p(column | all others), give all others. For the chain's own conditional (probability integral transform), give
  /// none. The column's own cells are not read.
  ///
  /// - Throws: `ChainError`.
  public func heads(
    of index: Int, rows: ChainRows, given: [Int] = [], workers: WorkerPool? = nil
  ) throws -> ChainHeads {
    let plan = network.plan
    guard plan.columns.indices.contains(index), plan.columns[index].position != nil, !given.contains(index) else {
      throw ChainError.column(index: index, expected: "a modelled column that is not given")
    }
    let tiles = try cells(rows, given: given)
    let column = plan.columns[index]
    let headRows = column.headRows
    var raw = Matrix<Float>(rows: rows.count, columns: headRows)
    raw.values.withUnsafeMutableBufferPointer { out in
      guard let out = out.baseAddress else { return }
      run(rows: rows.count, workers: workers) { tape, start in
        let cells = tiles.input(on: tape, start: start)
        let head = network.head(of: index, network.outputs(cells, on: tape), on: tape)
        if !column.hints.isEmpty {
          for tile in 0..<tape.tiles {
            plan.applyHints(
              index, head: tape.pointer(head) + tile * headRows * tape.lanes,
              cells: UnsafePointer(tape.pointer(cells) + tile * plan.cellFeatures * tape.lanes))
          }
        }
        tape.copy(head, toRowMajor: out + start * headRows, stride: headRows)
      }
    }
    return Self.heads(raw, column: specification.columns[index], shape: column.shape, classes: column.headClasses)
  }

  private static func heads(
    _ raw: Matrix<Float>, column: ChainColumn, shape: pf_chain_shape, classes: Int
  ) -> ChainHeads {
    let n = column.hasContinuous ? Int(shape.components) : 0
    var (probabilities, weights, means, deviations): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    func appendSoftmax(_ logits: ArraySlice<Float>, to out: inout [Double]) {
      let top = Double(logits.max() ?? 0)
      let shares = logits.map { exp(Double($0) - top) }
      let total = shares.reduce(0, +)
      out += shares.map { $0 / total }
    }
    for row in 0..<raw.rows {
      let all = raw.values[row * raw.columns..<(row + 1) * raw.columns]
      let mixture = all.startIndex + classes
      if classes > 0 { appendSoftmax(all.prefix(classes), to: &probabilities) } else { probabilities.append(1) }
      if n == 0 { continue }
      appendSoftmax(all[mixture..<mixture + n], to: &weights)
      means += all[mixture + n..<mixture + 2 * n].map { Double($0) }
      deviations += all[mixture + 2 * n..<mixture + 3 * n].map { exp(min(Double($0), 4)) + shape.scale_floor }
    }
    return ChainHeads(
      column: column, count: raw.rows, classProbabilities: probabilities, components: n, weights: weights, means: means,
      deviations: deviations)
  }
}

extension ChainNetwork {
  /// The rows of one column's head, from those of all.
  func head(of index: Int, _ outputs: Variable, on tape: Tape<Scalar>) -> Variable {
    let picked = tape.select(outputs, features: Array(plan.columns[index].outputRows))
    guard let low = lowRankHeads.first(where: { $0.column == index }) else { return picked }
    return tape.record(low.expand, picked, outputFeatures: low.expand.weight.rows)
  }
}
