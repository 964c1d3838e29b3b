import PushforwardCore

/// A typed autoregressive chain with its numbers: one exact density or mass over columns of any kind.
///
/// What is exact: the heads' probabilities sum (integrate) to one, so p of a whole row, of a row's leading cells, and
/// every conditional in the chain's order are exact. What is learned: conditionals on cells given out of order, and
/// what a missing cell does to the cells after it; the score of a row with gaps is the product over its present cells,
/// in the chain's order, of p(cell | present cells before it), which training on rows with cells left out at random
/// makes the marginal.
public struct Chain: Sendable {
  /// Columns, order, shape.
  public let specification: ChainSpecification
  /// The network's numbers.
  public let parameters: Parameters<Float>
  /// Where hints come from.
  let hints: ChainHints?
  let network: ChainNetwork<Float>
  /// Rows a piece of work.
  private let piece = 256

  /// A chain with given numbers.
  ///
  /// - Parameters:
  ///   - specification: Columns, order, shape.
  ///   - parameters: The network's numbers.
  ///   - hints: Where the hints of columns that have them come from; without, they have none.
  /// - Throws: `ChainError.setting` when the parameters are not of the specification's layout.
  public init(
    _ specification: ChainSpecification, parameters: Parameters<Float>, hints: ChainHints? = nil
  ) throws {
    try specification.validate()
    self.hints = hints
    network = ChainNetwork(specification)
    guard parameters.layout == network.layout else {
      throw ChainError.setting(
        name: "parameters", expected: "\(network.layout.count) numbers of the chain's layout",
        found: "\(parameters.count)")
    }
    self.specification = specification
    self.parameters = parameters
  }

  init(network: ChainNetwork<Float>, parameters: Parameters<Float>, hints: ChainHints?) {
    self.hints = hints
    self.network = network
    self.parameters = parameters
    specification = network.specification
  }

  /// The layout of the parameters of chains of that specification.
  public static func layout(of specification: ChainSpecification) -> ParameterLayout {
    ChainNetwork<Float>(specification).layout
  }

  /// Log-probability of each row in nats: of its cells that are neither missing nor given, given those that are.
  ///
  /// Density on the scale z where a cell is a point, mass otherwise.
  ///
  /// - Parameters:
  ///   - rows: The rows.
  ///   - given: Numbers of columns that are conditions of this question.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: One number a row.
  /// - Throws: `ChainError`.
  public func logProb(_ rows: ChainRows, given: [Int] = [], workers: WorkerPool? = nil) throws -> [Double] {
    let columns = try columnLogProb(rows, given: given, workers: workers)
    return (0..<columns.rows).map { row in
      (0..<columns.columns).reduce(0) { $0 + Double(columns[row, $1]) }
    }
  }

  /// Log-probability of each cell given the cells before it in the chain, nats; 0 where it is missing or given.
  ///
  /// - Returns: `rows x columns`, in the order of the specification's columns.
  /// - Throws: `ChainError`.
  public func columnLogProb(
    _ rows: ChainRows, given: [Int] = [], workers: WorkerPool? = nil
  ) throws -> Matrix<Float> {
    columnLogProb(try cells(rows, given: given), workers: workers)
  }

  /// Log-probability of the cells that `complete` drew, given those that were present: what they were drawn from.
  ///
  /// - Parameters:
  ///   - filled: Completed rows.
  ///   - rows: The same rows with gaps.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: Nats, one number a row.
  /// - Throws: `ChainError`.
  public func completionLogProb(
    _ filled: ChainRows, of rows: ChainRows, workers: WorkerPool? = nil
  ) throws -> [Double] {
    guard rows.count == filled.count, rows.columns.count == filled.columns.count else {
      throw ChainError.rowCount(what: "rows with gaps", expected: filled.count, found: rows.count)
    }
    var tiles = try cells(filled, given: [])
    if specification.settings.answersQueries { tiles.givenWhere = rows }
    let found = columnLogProb(tiles, workers: workers)
    return (0..<filled.count).map { row in
      specification.order.reduce(0) { sum, index in
        rows.columns[index].codes[row] == ChainCells.missing ? sum + Double(found[row, index]) : sum
      }
    }
  }

  private func columnLogProb(_ tiles: CellTiles, workers: WorkerPool?) -> Matrix<Float> {
    let rows = tiles.rows
    let scored = network.scoredColumns
    let columns = specification.columns.count
    var result = Matrix<Float>(rows: rows.count, columns: columns)
    result.values.withUnsafeMutableBufferPointer { out in
      guard let out = out.baseAddress else { return }
      run(rows: rows.count, workers: workers) { tape, start in
        let value = network.columnLogProb(tiles.input(on: tape, start: start), on: tape)
        let found = tape.pointer(value)
        for row in 0..<tape.rows {
          let (tile, lane) = (row / tape.lanes, row % tape.lanes)
          for (place, column) in scored.enumerated() {
            out[(start + row) * columns + column] = found[(tile * scored.count + place) * tape.lanes + lane]
          }
        }
      }
    }
    return result
  }

  /// Checked cells of a question.
  func cells(_ rows: ChainRows, given: [Int]) throws -> CellTiles {
    try rows.validate(for: specification.columns)
    var isGiven = [Bool](repeating: false, count: specification.columns.count)
    for index in given {
      guard specification.columns.indices.contains(index) else {
        throw ChainError.column(index: index, expected: "0 to \(specification.columns.count - 1)")
      }
      guard network.plan.columns[index].givenRow != nil else {
        throw ChainError.column(index: index, expected: "a column that can be given (the chain answers no queries)")
      }
      isGiven[index] = true
    }
    return CellTiles(plan: network.plan, rows: rows, given: isGiven, hints: hints)
  }

  /// Runs `body` on a tape for each piece of the rows.
  func run(rows: Int, workers: WorkerPool?, _ body: (Tape<Float>, _ start: Int) -> Void) {
    if rows == 0 { return }
    let pieces = (rows + piece - 1) / piece
    let pool = pieces > 1 ? workers : nil
    let tapes = (0..<(pool?.workers ?? 1)).map { _ in Tape<Float>() }
    parameters.withUnsafePointer { numbers in
      func work(_ item: Int, _ worker: Int) {
        let start = item * piece
        let tape = tapes[worker]
        tape.begin(rows: min(piece, rows - start), parameters: numbers, wide: true)
        body(tape, start)
      }
      if let pool {
        pool.run(items: pieces, work)
      } else {
        for item in 0..<pieces { work(item, 0) }
      }
    }
  }
}
