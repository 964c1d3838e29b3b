import CKernels
import PushforwardCore

/// Where everything of a chain lies: rows of the network's input, of its output, of the cells on a tape.
///
/// The cells of a row on a tape are features: the codes of all columns; low, high and width of the columns with a
/// continuous class; place and width of the hints of the columns that have them; the states of all columns (see
/// `pf_chain.h`).
struct ChainPlan: Sendable {
  struct Column: Sendable {
    let shape: pf_chain_shape
    /// Number among the columns with a continuous class.
    let continuous: Int?
    /// First input row of the column as given; nil when it cannot be.
    let givenRow: Int?
    /// First input row of the column as seen by later ones; nil for conditions and the chain's last column.
    let laterRow: Int?
    /// From 1; nil for conditions.
    let position: Int?
    /// The head's rows in the network's output; those of a head of low rank are expanded.
    let outputRows: Range<Int>
    let hasLowRank: Bool
    let hasPositions: Bool
    /// The column whose presence this one tells.
    let presenceOf: Int?
    let hints: [Hint]

    var headRows: Int { position == nil ? 0 : Int(withUnsafePointer(to: shape) { pf_chain_head_rows($0) }) }
    var headClasses: Int { Int(withUnsafePointer(to: shape) { pf_chain_head_classes($0) }) }
    var encodingRows: Int { Int(withUnsafePointer(to: shape) { pf_chain_encoding_rows($0) }) }
  }

  let columns: [Column]
  let order: [Int]
  let continuousCount: Int
  let hintCount: Int
  let inputRows: Int
  let outputRows: Int
  /// Degrees of input rows, hidden units and output rows, each sorted.
  let inputDegrees: [Int]
  let hiddenDegrees: [Int]
  let outputDegrees: [Int]

  /// Features of the cells on a tape.
  var cellFeatures: Int { 2 * columns.count + 3 * continuousCount + 2 * hintCount }
  func codeRow(_ column: Int) -> Int { column }
  func lowRow(_ column: Int) -> Int? { columns[column].continuous.map { self.columns.count + $0 } }
  func highRow(_ column: Int) -> Int? { columns[column].continuous.map { self.columns.count + continuousCount + $0 } }
  func widthRow(_ column: Int) -> Int? {
    columns[column].continuous.map { self.columns.count + 2 * continuousCount + $0 }
  }
  func stateRow(_ column: Int) -> Int { cellFeatures - columns.count + column }

  init(_ specification: ChainSpecification) {
    let settings = specification.settings
    order = specification.order
    let shapes = specification.columns.map { Self.shape($0, settings) }
    let widths = shapes.map { Int(withUnsafePointer(to: $0) { pf_chain_encoding_rows($0) }) }
    var degrees: [Int] = []
    var given = [Int?](repeating: nil, count: shapes.count)
    for (index, column) in specification.columns.enumerated()
    where column.isCondition || (settings.answersQueries && column.presenceOf == nil) {
      given[index] = degrees.count
      degrees += Array(repeating: 0, count: widths[index])
    }
    let hasGiven = !degrees.isEmpty
    var later = [Int?](repeating: nil, count: shapes.count)
    for (place, index) in specification.order.dropLast().enumerated()
    where specification.columns[index].presenceOf == nil {
      later[index] = degrees.count
      degrees += Array(repeating: place + 1, count: widths[index])
    }
    inputDegrees = degrees
    inputRows = degrees.count
    var outputs = [Range<Int>](repeating: 0..<0, count: shapes.count)
    var lowRank = [Bool](repeating: false, count: shapes.count)
    var outputDegrees: [Int] = []
    for (place, index) in specification.order.enumerated() {
      lowRank[index] = specification.columns[index].classes > settings.largestFullHead
      let rows =
        lowRank[index] ? settings.headRank : Int(withUnsafePointer(to: shapes[index]) { pf_chain_head_rows($0) })
      outputs[index] = outputDegrees.count..<outputDegrees.count + rows
      outputDegrees += Array(repeating: place + 1, count: rows)
    }
    self.outputDegrees = outputDegrees
    outputRows = outputDegrees.count
    hiddenDegrees = Self.hiddenDegrees(
      units: settings.hidden, positions: order.count, givenShare: hasGiven ? settings.givenShare : 0)
    let continuousCount = specification.columns.count { $0.hasContinuous }
    let hintCount = specification.columns.reduce(0) { $0 + ($1.hintedBy?.count ?? 0) }
    let firstHint = shapes.count + 3 * continuousCount
    let firstState = firstHint + 2 * hintCount
    let places = specification.columns.indices.map { specification.order.firstIndex(of: $0) ?? -1 }
    var hintRow = firstHint
    var continuous = 0
    columns = specification.columns.indices.map { index in
      let column = specification.columns[index]
      defer { continuous += column.hasContinuous ? 1 : 0 }
      return Column(
        shape: shapes[index], continuous: column.hasContinuous ? continuous : nil, givenRow: given[index],
        laterRow: later[index], position: specification.order.firstIndex(of: index).map { $0 + 1 },
        outputRows: outputs[index], hasLowRank: lowRank[index], hasPositions: column.positions != nil,
        presenceOf: column.presenceOf,
        hints: (column.hintedBy ?? []).enumerated().map { number, inputs in
          defer { hintRow += 2 }
          let relative = settings.relativeComponents(hints: column.hintedBy?.count ?? 0)
          return Hint(
            number: number, inputs: inputs,
            inputRows: inputs.map {
              pf_chain_hint_input(
                code: Int32($0), state: Int32(firstState + $0), is_later: places[$0] > places[index] ? 1 : 0)
            },
            row: hintRow, components: Int(shapes[index].components), first: settings.components + number * relative,
            relative: relative)
        })
    }
    self.continuousCount = continuousCount
    self.hintCount = hintCount
  }

  private static func shape(_ column: ChainColumn, _ settings: ChainSettings) -> pf_chain_shape {
    let hints = column.hintedBy?.count ?? 0
    return pf_chain_shape(
      atoms: Int32(column.atoms), continuous: column.hasContinuous ? 1 : 0,
      components: Int32(settings.components + hints * settings.relativeComponents(hints: hints)),
      embedding: column.atoms == 0 || column.presenceOf != nil
        ? 0 : Int32(min(settings.embedding, max(2, column.classes))),
      pieces: column.hasContinuous || column.positions != nil ? Int32(settings.pieces) : 0,
      scale_floor: settings.scaleFloor)
  }

  /// Degrees 0...positions-1, spread evenly; those that see given columns only get their share.
  private static func hiddenDegrees(units: Int, positions: Int, givenShare: Double) -> [Int] {
    if positions == 1 { return Array(repeating: 0, count: units) }
    let even = units / positions
    let open = min(units, max(Int(Double(units) * givenShare), givenShare > 0 ? even : 0))
    let rest = units - open
    return Array(repeating: 0, count: open) + (0..<rest).map { 1 + $0 * (positions - 1) / rest }
  }

  /// Units of degree m are `starts[m]..<starts[m + 1]`.
  var hiddenStarts: [Int] {
    (0...order.count).map { m in hiddenDegrees.firstIndex { $0 >= m } ?? hiddenDegrees.count }
  }

  /// Row `o` may use the columns whose degree is at most `rows[o]`; both sorted.
  static func mask(rows: [Int], columns: [Int]) -> TriangularMask {
    var extent = 0
    let extents = rows.map { row in
      while extent < columns.count && columns[extent] <= row { extent += 1 }
      return Int32(extent)
    }
    return TriangularMask(extents: extents, columns: columns.count)
  }
}
