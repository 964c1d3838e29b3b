import CKernels
import PushforwardCore

/// A cell drawn from a column's continuous class: a point on z, to be replaced by the cell that it belongs to.
public struct DrawnCell: Sendable, Equatable {
  /// The class; may be changed to an atom's.
  public var code: Int32
  /// Ends of the cell and their distance: equal ends, and 0, for a point.
  public var low: Float
  /// Upper end.
  public var high: Float
  /// Their distance.
  public var width: Float

  /// A cell.
  public init(code: Int32, low: Float, high: Float, width: Float) {
    (self.code, self.low, self.high, self.width) = (code, low, high, width)
  }
}

extension DrawnCell {
  /// The middle of the cell, or its finite end.
  public var middle: Double { Self.middle(low, high) }

  /// The middle of an interval, or its finite end.
  static func middle(_ low: Float, _ high: Float) -> Double {
    !low.isFinite ? Double(high) : !high.isFinite ? Double(low) : (Double(low) + Double(high)) / 2
  }
}

/// Rounds drawn points to the cells that the data have (a rounding step, a whole number, perhaps an atom), so that the
/// columns after see what they saw in training; gets the column's number and some of its cells.
public typealias CellSnap = @Sendable (_ column: Int, _ cells: inout [DrawnCell]) -> Void

/// Draws from a chain in one pass: for each column in order its head, a draw, and the hidden units that it completes,
/// so that every hidden unit is computed once.
///
/// One tile of 64 rows at a time; one sampler a worker.
final class ChainSampler {
  private let network: ChainNetwork<Float>
  private let plan: ChainPlan
  private let parameters: UnsafePointer<Float>
  private let snap: CellSnap?
  private let hints: ChainHints?
  private let starts: [Int]
  private let lanes = Int(PF_LANES)
  /// The cells, as on a tape.
  let cells: AlignedBuffer<Float>
  private let input: AlignedBuffer<Float>
  /// Hidden layers before and after activation: the entry, then each block's inner and outer layer.
  private let before: [AlignedBuffer<Float>]
  private let after: [AlignedBuffer<Float>]
  private let outputs: AlignedBuffer<Float>
  private let direct: AlignedBuffer<Float>
  private let expanded: AlignedBuffer<Float>
  private let scratch: AlignedBuffer<Float>
  private let uniforms: AlignedBuffer<Float>
  private let normals: AlignedBuffer<Float>
  private var drawn: [DrawnCell] = []
  /// Log-probability of what was drawn in each lane of the last tile, given what it was drawn from; nats.
  private(set) var drawnLogProb = [Double](repeating: 0, count: Int(PF_LANES))
  /// Whether `drawnLogProb` is wanted.
  var scoresDraws = false
  /// Draws in its place the columns that it keeps sums of.
  var balance: ChainBalance?

  init(_ network: ChainNetwork<Float>, parameters: UnsafePointer<Float>, snap: CellSnap?, hints: ChainHints?) {
    self.hints = hints
    self.network = network
    self.parameters = parameters
    self.snap = snap
    plan = network.plan
    starts = plan.hiddenStarts
    let units = plan.hiddenDegrees.count
    let heads = plan.columns.map(\.headRows).max() ?? 0
    cells = AlignedBuffer(count: plan.cellFeatures * lanes)
    input = AlignedBuffer(count: plan.inputRows * lanes)
    before = (0..<network.blocks.count + 1).map { _ in AlignedBuffer(count: units * Int(PF_LANES)) }
    after = (0..<2 * network.blocks.count + 1).map { _ in AlignedBuffer(count: units * Int(PF_LANES)) }
    outputs = AlignedBuffer(count: max(heads, network.specification.settings.headRank) * lanes)
    direct = AlignedBuffer(count: outputs.count)
    expanded = AlignedBuffer(count: heads * lanes)
    scratch = AlignedBuffer(count: max((heads + 1) * lanes, 2 * plan.columns.count))
    uniforms = AlignedBuffer(count: 2 * plan.columns.count * lanes)
    normals = AlignedBuffer(count: plan.columns.count * lanes)
  }

  /// Draws the cells of one tile of consecutive rows that are to be drawn.
  func run(seed: UInt64, firstRow: UInt64) {
    let count = plan.columns.count
    Float.uniform(seed, RandomPurpose.discrete.rawValue, firstRow, uniforms.pointer, 2 * count, 1, lanes)
    Float.normal(seed, RandomPurpose.base.rawValue, firstRow, normals.pointer, count, 1, lanes)
    drawCells()
  }

  /// Draws the cells of one tile of the rows of these numbers that are to be drawn; each as `run(seed:firstRow:)` would.
  func run(seed: UInt64, numbers: ArraySlice<UInt64>) {
    let count = plan.columns.count
    let own = scratch.pointer
    for (lane, number) in numbers.enumerated() {
      Float.uniform(seed, RandomPurpose.discrete.rawValue, number, own, 2 * count, 1, 1)
      for index in 0..<2 * count { uniforms.pointer[index * lanes + lane] = own[index] }
      Float.normal(seed, RandomPurpose.base.rawValue, number, own, count, 1, 1)
      for index in 0..<count { normals.pointer[index * lanes + lane] = own[index] }
    }
    drawCells()
  }

  private func drawCells() {
    if scoresDraws { for lane in 0..<lanes { drawnLogProb[lane] = 0 } }
    for column in plan.columns.indices {
      network.encode.apply(
        column: column, cells: cells.pointer, parameters: parameters, out: input.pointer, given: true, later: false)
    }
    let last = plan.order.last { column in isDrawn(column) }
    guard let last else { return }
    if let balance {
      for column in plan.columns.indices where plan.columns[column].position == nil {
        balance.note(column, cells: cells.pointer, except: nil)
      }
    }
    for (place, column) in plan.order.enumerated() {
      updateUnits(degree: place)
      if isDrawn(column) { draw(column) } else { balance?.note(column, cells: cells.pointer, except: nil) }
      if column == last { return }
      network.encode.apply(
        column: column, cells: cells.pointer, parameters: parameters, out: input.pointer, given: false, later: true)
    }
  }

  private func isDrawn(_ column: Int) -> Bool {
    let codes = cells.pointer + plan.codeRow(column) * lanes
    return (0..<lanes).contains { codes[$0] == Float(PF_CHAIN_TO_DRAW) }
  }

  /// Computes the hidden units of one degree in all layers.
  private func updateUnits(degree: Int) {
    let units = starts[degree]..<(degree + 1 < starts.count ? starts[degree + 1] : plan.hiddenDegrees.count)
    if units.isEmpty { return }
    apply(network.entry, units, from: input.pointer, residual: nil, to: before[0].pointer)
    activate(units, from: before[0].pointer, to: after[0].pointer)
    for (index, block) in network.blocks.enumerated() {
      apply(block.inner, units, from: after[2 * index].pointer, residual: nil, to: after[2 * index + 1].pointer)
      apply(
        block.outer, units, from: after[2 * index + 1].pointer, residual: before[index].pointer,
        to: before[index + 1].pointer)
      activate(units, from: before[index + 1].pointer, to: after[2 * index + 2].pointer)
    }
  }

  private func activate(_ units: Range<Int>, from x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>) {
    let start = units.lowerBound * lanes
    Float.unary(UnaryFunction.silu.kernel, x + start, y + start, units.count * lanes)
  }

  /// Some rows of a linear layer; `origin` is the row that `y` and the residual start with.
  private func apply(
    _ layer: LinearOperation<Float>, _ rows: Range<Int>, from x: UnsafePointer<Float>,
    residual: UnsafePointer<Float>?, to y: UnsafeMutablePointer<Float>, origin: Int = 0
  ) {
    let (first, columns) = (rows.lowerBound, layer.weight.columns)
    func call(_ extents: UnsafePointer<Int32>?) {
      Float.linearForward(
        parameters + layer.weight.offset + first * columns, columns,
        layer.bias.map { parameters + $0.offset + first }, x, residual.map { $0 + (first - origin) * lanes },
        y + (first - origin) * lanes, nil, rows.count, columns, extents, 1, lanes, layer.activation.kernel)
    }
    if let mask = layer.mask {
      mask.extents.withUnsafeBufferPointer { call($0.baseAddress! + first) }
    } else {
      call(nil)
    }
  }

  /// Computes a column's head from the hidden units so far, and draws.
  private func draw(_ index: Int) {
    let column = plan.columns[index]
    let top = after[after.count - 1].pointer
    let first = column.outputRows.lowerBound
    if let layer = network.direct {
      apply(layer, column.outputRows, from: input.pointer, residual: nil, to: direct.pointer, origin: first)
    }
    apply(
      network.output, column.outputRows, from: top, residual: network.direct == nil ? nil : direct.pointer,
      to: outputs.pointer, origin: first)
    var head = outputs.pointer
    if column.hasLowRank, let low = network.lowRankHeads.first(where: { $0.column == index }) {
      apply(low.expand, 0..<low.expand.weight.rows, from: outputs.pointer, residual: nil, to: expanded.pointer)
      head = expanded.pointer
    }
    let base = cells.pointer
    if !column.hints.isEmpty {
      plan.writeHints(index, base, by: hints)
      plan.applyHints(index, head: head, cells: base)
    }
    let codes = base + plan.codeRow(index) * lanes
    let wanted = (0..<lanes).map { codes[$0] == Float(PF_CHAIN_TO_DRAW) }
    let uniform = uniforms.pointer + 2 * index * lanes
    if let balance, balance.draws(index) {
      balance.draw(index, head: head, wanted: wanted, uniform: uniform, cells: base)
      balance.note(index, cells: base, except: wanted)
    } else {
      withUnsafePointer(to: column.shape) { shape in
        Float.chainDraw(
          shape, head, uniform, normals.pointer + index * lanes, codes, plan.lowRow(index).map { base + $0 * lanes },
          plan.highRow(index).map { base + $0 * lanes }, plan.widthRow(index).map { base + $0 * lanes }, scratch.pointer
        )
      }
      balance?.note(index, cells: base, except: nil)
    }
    if column.continuous != nil { snapCells(index, wanted) }
    if scoresDraws { score(index, head: head, wanted) }
    guard let other = column.presenceOf else { return }
    let told = base + plan.codeRow(other) * lanes
    for lane in 0..<lanes where wanted[lane] && codes[lane] == 0 && told[lane] == Float(PF_CHAIN_TO_DRAW) {
      told[lane] = Float(PF_CHAIN_MISSING)
    }
  }

  /// Adds the log-probabilities of a column's drawn cells.
  private func score(_ index: Int, head: UnsafePointer<Float>, _ wanted: [Bool]) {
    let base = cells.pointer
    withUnsafePointer(to: plan.columns[index].shape) { shape in
      Float.chainHead(
        shape, head, base + plan.codeRow(index) * lanes, plan.lowRow(index).map { base + $0 * lanes },
        plan.highRow(index).map { base + $0 * lanes }, plan.widthRow(index).map { base + $0 * lanes },
        base + plan.stateRow(index) * lanes, scratch.pointer, nil)
    }
    for lane in 0..<lanes where wanted[lane] { drawnLogProb[lane] += Double(scratch.pointer[lane]) }
  }

  private func snapCells(_ index: Int, _ wanted: [Bool]) {
    guard let snap, let low = plan.lowRow(index), let high = plan.highRow(index), let width = plan.widthRow(index)
    else { return }
    let base = cells.pointer
    let codes = base + plan.codeRow(index) * lanes
    let (lows, highs, widths) = (base + low * lanes, base + high * lanes, base + width * lanes)
    let open = Float(plan.columns[index].shape.atoms)
    let picked = (0..<lanes).filter { wanted[$0] && codes[$0] == open }
    if picked.isEmpty { return }
    drawn.removeAll(keepingCapacity: true)
    for lane in picked {
      drawn.append(DrawnCell(code: Int32(open), low: lows[lane], high: highs[lane], width: widths[lane]))
    }
    snap(index, &drawn)
    for (place, lane) in picked.enumerated() {
      codes[lane] = Float(drawn[place].code)
      lows[lane] = drawn[place].low
      highs[lane] = drawn[place].high
      widths[lane] = drawn[place].width
    }
  }
}
