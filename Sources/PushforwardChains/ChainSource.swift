import CKernels
import PushforwardCore
import PushforwardTraining

/// Rows of a chain for training: cells packed row by row, and for every pass a fresh draw of what is given.
///
/// Half of the rows of a pass are the plain chain. A quarter have a random part of their columns given; an eighth have
/// a random part of their cells hidden from the columns after them (as missing cells are); an eighth have both. So one
/// network learns p(a cell | any cells given, any earlier cells present). Where cells are hidden, nothing is learned of which
/// cells are missing: what is missing with what shows in the other rows alone.
public struct ChainSource<Scalar: ChainScalar>: RowSource {
  /// See `RowSource`.
  public let rowCount: Int
  /// See `RowSource`.
  public let features: Int
  /// See `RowSource`.
  public let contextFeatures = 0
  /// See `RowSource`.
  public let featureNames: [String]
  /// See `RowSource`.
  public let isWeighted: Bool
  private let packed: AlignedBuffer<Scalar>
  private let weights: [Scalar]
  private let conditions: [Bool]
  /// Columns that are neither given nor hidden at random: conditions, and those that tell of others' presence.
  private let fixed: [Bool]
  /// The latter.
  private let presence: [Int]
  private let answersQueries: Bool
  private let seed: UInt64

  /// A source.
  ///
  /// - Parameters:
  ///   - rows: The rows.
  ///   - specification: Whose rows they are.
  ///   - hints: Where the hints of columns that have them come from.
  ///   - seed: Of the draws of what is given.
  /// - Throws: `ChainError` for cells that are none of the chain's.
  public init(_ rows: ChainRows, specification: ChainSpecification, hints: ChainHints? = nil, seed: UInt64 = 0) throws {
    try rows.validate(for: specification.columns)
    let plan = ChainPlan(specification)
    rowCount = rows.count
    features = plan.cellFeatures
    isWeighted = rows.weights != nil
    weights = rows.weights.map { $0.map { Scalar($0) } } ?? []
    conditions = specification.columns.map(\.isCondition)
    fixed = specification.columns.map { $0.isCondition || $0.presenceOf != nil }
    presence = specification.columns.indices.filter { specification.columns[$0].presenceOf != nil }
    answersQueries = specification.settings.answersQueries
    self.seed = seed
    let stride = plan.cellFeatures - plan.columns.count
    packed = AlignedBuffer(count: rows.count * stride)
    var names = [String](repeating: "", count: plan.cellFeatures)
    for (index, column) in specification.columns.enumerated() {
      let cells = rows.columns[index]
      let out = packed.pointer
      for row in 0..<rows.count { out[row * stride + index] = Scalar(cells.codes[row]) }
      for place in [plan.codeRow(index), plan.stateRow(index)] { names[place] = column.name }
      guard let low = plan.lowRow(index), let high = plan.highRow(index), let width = plan.widthRow(index) else {
        continue
      }
      for place in [low, high, width] { names[place] = column.name }
      for row in 0..<rows.count {
        out[row * stride + low] = Scalar(cells.low[row])
        out[row * stride + high] = Scalar(cells.high[row])
        out[row * stride + width] = Scalar(cells.width[row])
      }
    }
    for (index, column) in plan.columns.enumerated() {
      for hint in column.hints { (names[hint.row], names[hint.row + 1]) = (names[index], names[index]) }
    }
    featureNames = names
    if plan.hintCount > 0, let hints { pack(hints, plan, rows) }
  }

  /// Puts the rows' hints beside their cells.
  private func pack(_ hints: @escaping ChainHints, _ plan: ChainPlan, _ rows: ChainRows) {
    let lanes = Int(PF_LANES)
    let tiles = CellTiles(
      plan: plan, rows: rows, given: [Bool](repeating: false, count: plan.columns.count), hints: hints)
    let tile = AlignedBuffer<Float>(count: plan.cellFeatures * lanes)
    let places = plan.columns.flatMap(\.hints).flatMap { [$0.row, $0.row + 1] }
    for start in stride(from: 0, to: rowCount, by: lanes) {
      tiles.fillToScore(tile.pointer, start: start)
      for lane in 0..<min(lanes, rowCount - start) {
        let out = packed.pointer + (start + lane) * (features - plan.columns.count)
        for place in places { out[place] = Scalar(tile.pointer[place * lanes + lane]) }
      }
    }
  }

  /// See `RowSource`.
  public func load(
    _ rows: UnsafeBufferPointer<Int32>, epoch: Int?, x: UnsafeMutablePointer<Scalar>,
    context: UnsafeMutablePointer<Scalar>, weights out: UnsafeMutablePointer<Scalar>
  ) {
    let columns = conditions.count
    let stride = features - columns
    let stream = RandomStream(seed: seed, purpose: .discrete).split(UInt64(epoch ?? 0))
    for (position, row) in rows.enumerated() {
      let target = x + position * features
      target.update(from: packed.pointer + Int(row) * stride, count: stride)
      let hides = fillStates(target + stride, row: UInt64(row), stream: epoch == nil ? nil : stream)
      if hides { for index in presence { target[index] = Scalar(PF_CHAIN_MISSING) } }
      if isWeighted { out[position] = weights[Int(row)] }
    }
  }

  /// The states of one row's cells, those of the plain chain without a stream; whether some may be hidden.
  private func fillStates(_ states: UnsafeMutablePointer<Scalar>, row: UInt64, stream: RandomStream?) -> Bool {
    let plain = Scalar(PF_CHAIN_PLAIN.rawValue)
    let (given, unseen) = (Scalar(PF_CHAIN_GIVEN.rawValue), Scalar(PF_CHAIN_UNSEEN.rawValue))
    for index in conditions.indices { states[index] = conditions[index] ? given : plain }
    guard let stream, answersQueries else { return false }
    let kind = stream.block(row: row, index: 0)
    if kind.0 >> 31 == 0 { return false }
    // Of the other half: 1/2 given, 1/4 hidden, 1/4 both.
    let part = (kind.0 >> 29) & 3
    let (gives, hides) = (part != 2, part >= 2)
    // A cell is given (hidden) when its word falls below the row's own, so any number of them is as likely.
    for index in conditions.indices where !fixed[index] {
      let words = stream.block(row: row, index: 1 + UInt32(index) / 2)
      let (first, second) = index % 2 == 0 ? (words.0, words.1) : (words.2, words.3)
      if gives && first < kind.1 {
        states[index] = given
      } else if hides && second < kind.2 {
        states[index] = unseen
      }
    }
    return hides
  }
}

/// What training a chain makes large: the log-probability of a row's cells that are neither missing nor given.
struct ChainObjective<Scalar: ChainScalar>: Objective {
  let network: ChainNetwork<Scalar>
  var layout: ParameterLayout { network.layout }

  func value(of x: Variable, context: Variable?, on tape: Tape<Scalar>) throws -> Variable {
    tape.sumFeatures(network.columnLogProb(x, on: tape))
  }
}
