import CKernels
import PushforwardCore

/// Puts rows of cells on a tape, or in tiles of one's own: lanes innermost, short tiles padded with missing cells.
struct CellTiles {
  let plan: ChainPlan
  let rows: ChainRows
  /// Columns that are given wherever they are present, beside the conditions.
  let given: [Bool]
  /// Where hints come from.
  var hints: ChainHints?
  /// Rows whose cells, where they are present, make the same cells of `rows` given; `nil`: none.
  var givenWhere: ChainRows?
  /// Rows that are drawn in the chain's order, their present cells not given; `nil`: none.
  var isInOrder: [Bool]?

  /// Writes a tile of the cells of rows `start...`, at most 64.
  ///
  /// - Parameters:
  ///   - out: The tile.
  ///   - start: Number of the first row.
  ///   - drawsMissing: Marks missing cells of modelled columns to be drawn.
  ///   - drawsPresence: Those that tell of other columns' presence as well.
  ///   - givesPresent: Present cells are given.
  func fill(
    _ out: UnsafeMutablePointer<Float>, start: Int, drawsMissing: Bool = false, drawsPresence: Bool = false,
    givesPresent: Bool = false
  ) {
    let lanes = Int(PF_LANES)
    let count = min(lanes, rows.count - start)
    for (index, column) in plan.columns.enumerated() {
      let cells = rows.columns[index]
      let codes = out + plan.codeRow(index) * lanes
      let states = out + plan.stateRow(index) * lanes
      let modelled = column.position != nil
      let draws = drawsMissing && modelled && (drawsPresence || column.presenceOf == nil)
      for lane in 0..<lanes {
        let code = lane < count ? cells.codes[start + lane] : Int32(PF_CHAIN_MISSING)
        let isDrawn = draws && lane < count && code == Int32(PF_CHAIN_MISSING)
        codes[lane] = isDrawn ? Float(PF_CHAIN_TO_DRAW) : Float(code)
        let isAnswered =
          givesPresent && code >= 0 && column.givenRow != nil
          && !(lane < count && isInOrder?[start + lane] ?? false)
        let isAsked = lane < count && givenWhere?.columns[index].codes[start + lane] ?? ChainCells.missing >= 0
        let isGiven = !modelled || given[index] || isAnswered || isAsked
        states[lane] = Float(isGiven ? PF_CHAIN_GIVEN.rawValue : PF_CHAIN_PLAIN.rawValue)
      }
      guard let low = plan.lowRow(index), let high = plan.highRow(index), let width = plan.widthRow(index) else {
        continue
      }
      for (row, values) in [(low, cells.low), (high, cells.high), (width, cells.width)] {
        for lane in 0..<lanes { out[row * lanes + lane] = lane < count ? values[start + lane] : 0 }
      }
    }
  }

  /// Writes a tile of the cells of rows `start...` to be scored, hints included.
  func fillToScore(_ out: UnsafeMutablePointer<Float>, start: Int) {
    fill(out, start: start)
    for index in plan.columns.indices { plan.writeHints(index, out, by: hints) }
  }

  /// Puts rows `start...` of a pass on the tape.
  func input(on tape: Tape<Float>, start: Int) -> Variable {
    let value = tape.makeValue(features: plan.cellFeatures)
    let out = tape.pointer(value)
    for tile in 0..<tape.tiles {
      fillToScore(out + tile * plan.cellFeatures * tape.lanes, start: start + tile * tape.lanes)
    }
    return value
  }
}
