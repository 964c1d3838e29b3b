import CKernels
import PushforwardCore

/// About where a cell lies, told by other cells: where one column is nearly a function of others.
///
/// A head with a hint has some Gaussians whose means and deviations are relative to it. So a relation that holds to a
/// thousandth of the column's spread takes no learning, where a network would have to learn it to that accuracy. The network
/// still says, row by row, how much the hint is to be trusted. Where an input is missing or not seen there is none.
public struct ChainHint: Sendable, Equatable {
  /// The place on z.
  public var place: Float
  /// What a deviation of 1 stands for there; 0: there is no hint.
  public var width: Float

  /// A hint.
  public init(place: Float, width: Float) { (self.place, self.width) = (place, width) }

  /// None.
  public static let none = ChainHint(place: 0, width: 0)
}

/// Gives a column's hint from the cells of its inputs (`ChainColumn.hintedBy`, in that order), none of them missing.
public typealias ChainHints = @Sendable (_ column: Int, _ inputs: UnsafeBufferPointer<DrawnCell>) -> ChainHint

extension ChainPlan {
  /// Where a column's hint comes from and lies.
  struct Hint: Sendable {
    let inputs: [Int]
    /// Row of the places among the cells; the widths follow.
    let row: Int
    /// Each input's rows of codes and of states.
    let inputRows: [Int32]
  }

  /// Writes a column's hints into a tile whose cells are there.
  func writeHints(_ index: Int, _ cells: UnsafeMutablePointer<Float>, by hints: ChainHints) {
    guard let hint = columns[index].hint else { return }
    let lanes = Int(PF_LANES)
    withUnsafeTemporaryAllocation(of: DrawnCell.self, capacity: hint.inputs.count) { seen in
      for lane in 0..<lanes {
        var found = ChainHint.none
        var areThere = true
        for (place, input) in hint.inputs.enumerated() {
          func value(_ row: Int?) -> Float { row.map { cells[$0 * lanes + lane] } ?? 0 }
          let code = cells[codeRow(input) * lanes + lane]
          areThere = areThere && code >= 0
          seen.initializeElement(
            at: place,
            to: DrawnCell(
              code: Int32(code), low: value(lowRow(input)), high: value(highRow(input)), width: value(widthRow(input))))
        }
        if areThere { found = hints(index, UnsafeBufferPointer(seen)) }
        if !(found.place.isFinite && found.width.isFinite && found.width > 0) { found = .none }
        cells[hint.row * lanes + lane] = found.place
        cells[(hint.row + 1) * lanes + lane] = found.width
      }
    }
  }

  /// Makes a column's relative Gaussians ordinary ones, in the rows of its head.
  func applyHint<Scalar: ChainScalar>(
    _ index: Int, head: UnsafeMutablePointer<Scalar>, cells: UnsafePointer<Scalar>
  ) {
    let column = columns[index]
    guard let hint = column.hint else { return }
    withUnsafePointer(to: column.shape) { shape in
      Scalar.chainHint(
        shape, cells, hint.inputRows, hint.inputs.count, hint.row, head + column.headClasses * Int(PF_LANES))
    }
  }
}
