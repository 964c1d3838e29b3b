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

  /// None where it is no number.
  var sound: ChainHint { place.isFinite && width.isFinite && width > 0 ? self : .none }
}

/// Gives a column's hint of that number from the cells of its inputs (`ChainColumn.hintedBy`, in that order), none missing.
public typealias ChainHints =
  @Sendable (_ column: Int, _ number: Int, _ inputs: UnsafeBufferPointer<DrawnCell>) ->
  ChainHint

extension ChainPlan {
  /// Where a hint of a column comes from and lies.
  struct Hint: Sendable {
    let number: Int
    let inputs: [Int]
    let inputRows: [pf_chain_hint_input]
    /// Row of the places among the cells; the widths follow.
    let row: Int
    /// Gaussians of the head, and those relative to this hint.
    let components: Int
    let first: Int
    let relative: Int

    func withShape(_ body: (UnsafePointer<pf_chain_hint_shape>) -> Void) {
      inputRows.withUnsafeBufferPointer { inputs in
        var shape = pf_chain_hint_shape(
          inputs: inputs.baseAddress, count: Int32(inputs.count), row: Int32(row), components: Int32(components),
          first: Int32(first), relative: Int32(relative))
        body(&shape)
      }
    }
  }

  /// Writes a column's hints into a tile whose cells are there; without a source there are none.
  func writeHints(_ index: Int, _ cells: UnsafeMutablePointer<Float>, by hints: ChainHints?) {
    let lanes = Int(PF_LANES)
    for hint in columns[index].hints {
      let places = cells + hint.row * lanes
      guard let hints else {
        places.update(repeating: 0, count: 2 * lanes)
        continue
      }
      withUnsafeTemporaryAllocation(of: DrawnCell.self, capacity: hint.inputs.count) { seen in
        for lane in 0..<lanes {
          var areThere = true
          for (place, input) in hint.inputs.enumerated() {
            func value(_ row: Int?) -> Float { row.map { cells[$0 * lanes + lane] } ?? 0 }
            let code = cells[codeRow(input) * lanes + lane]
            areThere = areThere && code >= 0
            seen.initializeElement(
              at: place,
              to: DrawnCell(
                code: Int32(code), low: value(lowRow(input)), high: value(highRow(input)), width: value(widthRow(input))
              ))
          }
          let found = areThere ? hints(index, hint.number, UnsafeBufferPointer(seen)).sound : .none
          places[lane] = found.place
          places[lanes + lane] = found.width
        }
      }
    }
  }

  /// Makes a column's relative Gaussians ordinary ones, in the rows of its head.
  func applyHints<Scalar: ChainScalar>(
    _ index: Int, head: UnsafeMutablePointer<Scalar>, cells: UnsafePointer<Scalar>
  ) {
    let column = columns[index]
    for hint in column.hints {
      hint.withShape { Scalar.chainHint($0, cells, head + column.headClasses * Int(PF_LANES)) }
    }
  }
}
