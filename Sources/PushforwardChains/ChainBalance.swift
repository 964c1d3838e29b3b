import CKernels
import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Draws rows so that counts come out near what the chain expects of them, where independent draws miss by their noise.
///
/// Kept are, for every class of a column (an atom, or a piece of the scale z), alone and together with every class of each
/// column before it, the draws so far less the sum of their probabilities. A class that ran ahead is drawn a little less
/// often, one that fell behind a little more: its probability is multiplied by `exp(-gain * surplus)`, within bounds. What
/// has no probability is never drawn, and over the rows every class is drawn as often as the chain says: errors of counts
/// stay at a few rows, where those of independent draws grow with the square root of the number of rows. Rows are then
/// no longer independent of each other.
///
/// The idea is that of self-balancing walks: Alweiss, Liu, Sawhney (2021), "Discrepancy minimization via a self-balancing
/// walk", arXiv:2006.14009.
final class ChainBalance {
  private struct Column {
    /// Atoms, pieces of the continuous class.
    var atoms: Int
    var pieces: Int
    /// Ends between the pieces.
    var ends: [Double]
    /// Where the column's own sums begin; -1: it has none.
    var sums = -1
    /// Columns before it in the chain whose pair with it is kept, and where the pair's sums begin.
    var pairs: [(column: Int, sums: Int)] = []

    var classes: Int { atoms + pieces }
  }

  /// Pairs of more classes are not kept.
  private static let mostPairs = 1 << 16
  /// Columns of more classes are drawn independently.
  private static let mostClasses = 4096
  /// How strongly a surplus of one row bears, for a column alone; pairs share twice that.
  private static let gain: Float = 0.5
  /// A probability is changed by no more than this factor's logarithm.
  private static let mostChange: Float = 2

  private let plan: ChainPlan
  private var columns: [Column] = []
  private let sums: AlignedBuffer<Float>
  private let lanes = Int(PF_LANES)
  /// The class of each lane's cell of each column; `classes` of the column where it is missing.
  private var places: [Int]
  private var probabilities: [Float]
  private var tilted: [Float]
  private var mixture = CutMixture()

  init(_ network: ChainNetwork<Float>, parameters: UnsafePointer<Float>) {
    plan = network.plan
    var count = 0
    for (index, planned) in plan.columns.enumerated() {
      let shape = planned.shape
      var column = Column(atoms: Int(shape.atoms), pieces: 0, ends: [])
      if shape.continuous != 0, let knots = network.encode.slices[index].knots {
        // Inner knots, quantiles of the training rows; equal ones stand a hair apart.
        let at = (1..<knots.count - 1).map { Double(parameters[knots.offset + $0]) }
        for end in at where end > (column.ends.last ?? -.infinity) + 1e-3 { column.ends.append(end) }
        column.pieces = column.ends.count + 1
      }
      columns.append(column)
    }
    let conditions = network.plan.columns.indices.filter { network.plan.columns[$0].position == nil }
    for (place, index) in plan.order.enumerated() where columns[index].classes <= Self.mostClasses {
      columns[index].sums = count
      count += columns[index].classes
      let before = plan.order.prefix(place) + conditions
      for other in before {
        let size = (columns[other].classes + 1) * columns[index].classes
        if size > Self.mostPairs { continue }
        columns[index].pairs.append((other, count))
        count += size
      }
    }
    sums = AlignedBuffer(count: max(count, 1))
    places = [Int](repeating: 0, count: plan.columns.count * Int(PF_LANES))
    let most = columns.map(\.classes).max() ?? 0
    probabilities = [Float](repeating: 0, count: most)
    tilted = probabilities
  }

  /// Whether it draws a column.
  func draws(_ index: Int) -> Bool { columns[index].sums >= 0 }

  /// Takes note of a column's cells that were not drawn here.
  func note(_ index: Int, cells: UnsafePointer<Float>, except drawn: [Bool]?) {
    let column = columns[index]
    let codes = cells + plan.codeRow(index) * lanes
    for lane in 0..<lanes where !(drawn?[lane] ?? false) {
      let code = Int(codes[lane])
      var place = column.classes
      if code >= 0, code < column.atoms {
        place = code
      } else if code >= 0, let low = plan.lowRow(index), let high = plan.highRow(index) {
        place = column.atoms + piece(DrawnCell.middle(cells[low * lanes + lane], cells[high * lanes + lane]), column)
      }
      places[index * lanes + lane] = place
    }
  }

  private func piece(_ z: Double, _ column: Column) -> Int { column.ends.count { $0 <= z } }

  /// Draws the wanted lanes of a column from its head.
  func draw(
    _ index: Int, head: UnsafePointer<Float>, wanted: [Bool], uniform: UnsafePointer<Float>,
    cells: UnsafeMutablePointer<Float>
  ) {
    let column = columns[index]
    let headClasses = plan.columns[index].headClasses
    for lane in 0..<lanes where wanted[lane] {
      softmax(head + lane, count: headClasses)
      if column.pieces > 0 {
        let open = headClasses > 0 ? probabilities[column.atoms] : 1
        mixture.load(
          head + headClasses * lanes + lane, stride: lanes, shape: plan.columns[index].shape, ends: column.ends)
        for piece in 0..<column.pieces { probabilities[column.atoms + piece] = open * Float(mixture.mass(piece)) }
      } else if headClasses == 0 {
        probabilities[0] = 1
      }
      let picked = pick(column, index: index, lane: lane, uniform: uniform[lane])
      places[index * lanes + lane] = picked
      write(index, column, picked, lane: lane, uniform: uniform[lanes + lane], cells: cells)
    }
  }

  private func softmax(_ logits: UnsafePointer<Float>, count: Int) {
    if count == 0 { return }
    var top = logits[0]
    for k in 1..<count { top = max(top, logits[k * lanes]) }
    var total: Float = 0
    for k in 0..<count {
      probabilities[k] = expf(logits[k * lanes] - top)
      total += probabilities[k]
    }
    for k in 0..<count { probabilities[k] /= total }
  }

  private func pick(_ column: Column, index: Int, lane: Int, uniform: Float) -> Int {
    let classes = column.classes
    let own = sums.pointer + column.sums
    let share = column.pairs.isEmpty ? 0 : 2 * Self.gain / Float(column.pairs.count)
    for k in 0..<classes { tilted[k] = Self.gain * own[k] }
    for pair in column.pairs {
      let row = sums.pointer + pair.sums + places[pair.column * lanes + lane] * classes
      for k in 0..<classes { tilted[k] += share * row[k] }
    }
    var total: Float = 0
    for k in 0..<classes {
      let change = min(max(-tilted[k], -Self.mostChange), Self.mostChange)
      tilted[k] = probabilities[k] > 0 ? probabilities[k] * expf(change) : 0
      total += tilted[k]
    }
    var picked = 0
    var left = uniform * total
    for k in 0..<classes where tilted[k] > 0 {
      picked = k
      left -= tilted[k]
      if left < 0 { break }
    }
    for k in 0..<classes { own[k] -= probabilities[k] }
    own[picked] += 1
    for pair in column.pairs {
      let row = sums.pointer + pair.sums + places[pair.column * lanes + lane] * classes
      for k in 0..<classes { row[k] -= probabilities[k] }
      row[picked] += 1
    }
    return picked
  }

  private func write(
    _ index: Int, _ column: Column, _ picked: Int, lane: Int, uniform: Float, cells: UnsafeMutablePointer<Float>
  ) {
    cells[plan.codeRow(index) * lanes + lane] = Float(min(picked, column.atoms))
    guard let low = plan.lowRow(index), let high = plan.highRow(index), let width = plan.widthRow(index) else { return }
    let z = picked < column.atoms ? 0 : Float(mixture.draw(piece: picked - column.atoms, uniform: Double(uniform)))
    cells[low * lanes + lane] = z
    cells[high * lanes + lane] = z
    cells[width * lanes + lane] = 0
  }
}
