import PushforwardCore
import PushforwardEvaluation
import PushforwardTables

/// What a fit of a mixture or a kernel density needs first: the columns, the weights, and which rows are held out.
struct MixturePreparation {
  let table: Table
  let options: FitOptions
  let schema: Schema
  let choice: ColumnChoice
  let training: Table
  let heldOut: Table
  /// Numbers of the held-out rows in the table.
  let heldOutRows: [Int]
  /// Numbers of the rows that say something.
  let usableRows: [Int]
  let trainingWeights: [Double]?
  let heldOutWeights: [Double]?

  /// - Throws: `TableError`, `EstimatorError`, `EngineError`.
  init(_ table: Table, options: FitOptions, complete: Bool = false) throws {
    try options.validate()
    (self.table, self.options) = (table, options)
    schema = try Schema(inferring: table, overrides: options.overrides)
    choice = try ColumnChoice(schema, options: options)
    let weights = try Self.weights(table, column: options.weights)
    let names = (choice.modelled + choice.given).map(\.name)
    let columns = try names.map { try table.column($0) }
    // Without weight, or without a single cell, a row says nothing.
    let usable = (0..<table.rowCount).filter { row in
      weights?[row] ?? 1 > 0
        && (complete
          ? !columns.contains { $0.isMissing(row: row) } : columns.contains { !$0.isMissing(row: row) })
    }
    if usable.isEmpty { throw EstimatorError.tooFewRows(expected: 1, found: 0, note: nil) }
    usableRows = usable
    let split = Split(usable: usable, options: options)
    let (first, second) = (split.training.map { usable[$0] }, split.heldOut.map { usable[$0] })
    heldOutRows = second
    training = table.selecting(rows: first)
    heldOut = table.selecting(rows: second)
    trainingWeights = weights.map { weights in first.map { weights[$0] } }
    heldOutWeights = weights.map { weights in second.map { weights[$0] } }
  }

  /// Rows that judge: those held out, or those trained on where there are none.
  var judging: (table: Table, weights: [Double]?) {
    heldOut.rowCount > 0 ? (heldOut, heldOutWeights) : (training, trainingWeights)
  }

  /// The scalings to try: both, unless one was asked for or the columns are all categories.
  var scalings: [EncoderOptions] {
    if options.encoder.transform == .standard || choice.modelled.allSatisfy({ $0.kind == .category }) {
      return [options.encoder]
    }
    var standard = options.encoder
    standard.transform = .standard
    return [standard, options.encoder]
  }

  /// The likelihood of the judging rows, nats in data units.
  func likelihood(_ logProb: (Table) throws -> [Double]) rethrows -> LikelihoodSummary {
    LikelihoodSummary(try logProb(judging.table), weights: judging.weights)
  }

  /// The scores of the judging rows, nats in data units: of those without a missing cell, if that is most of them.
  func scores(_ logProb: (Table) throws -> [Double]) rethrows -> ScoreDistribution {
    ScoreDistribution(
      try logProb(judging.table), of: judging.table, columns: (choice.modelled + choice.given).map(\.name),
      weights: judging.weights)
  }

  static func weights(_ table: Table, column: String?) throws -> [Double]? {
    try column.map { try table.rowWeights(column: $0) }
  }
}

extension Table {
  /// The weights of the rows that a column holds.
  ///
  /// - Parameters:
  ///   - column: Its name.
  ///   - rows: Numbers of the rows that count; `nil`: all.
  ///   - ofWhole: Whether this is all of the table, so that some weight must not be zero.
  /// - Returns: One a row.
  /// - Throws: `TableError.unknownColumn`, `EstimatorError.badWeights` for what is no weight.
  package func rowWeights(column: String, rows: [Int]? = nil, ofWhole: Bool = true) throws -> [Double] {
    guard let numbers = try self.column(column).numbers?.values else {
      throw EstimatorError.badWeights(column: column, detail: "expected numbers, found text")
    }
    let rows = rows ?? Array(0..<rowCount)
    if let row = rows.first(where: { !(numbers[$0] >= 0 && numbers[$0].isFinite) }) {
      throw EstimatorError.badWeights(
        column: column,
        detail: "expected finite numbers, not negative; found \(numbers[row]) in \(place(ofRow: row))")
    }
    let weights = rows.map { numbers[$0] }
    if ofWhole && !weights.contains(where: { $0 > 0 }) {
      throw EstimatorError.badWeights(column: column, detail: "all weights are zero")
    }
    return weights
  }
}

/// A hash of numbers: FNV-1a over their bits, 16 hexadecimal digits.
struct NumberHash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ values: [Double]) {
    for value in values {
      state = (state ^ value.bitPattern) &* 0x100_0000_01b3
      state ^= state >> 32
    }
  }

  var text: String { Self.text(of: state) }

  /// A hash as 16 hexadecimal digits.
  static func text(of value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension ScoreDistribution {
  /// The scores of a table's rows: of those without a missing cell in the columns, if that is most of them.
  init(_ logProb: [Double], of table: Table, columns names: [String], weights: [Double]?) {
    let columns = names.compactMap { table[$0] }
    let whole = logProb.indices.filter { row in !columns.contains { $0.isMissing(row: row) } }
    if 2 * whole.count < logProb.count {
      self.init(logProb, weights: weights, hasGaps: true)
    } else {
      self.init(whole.map { logProb[$0] }, weights: weights.map { weights in whole.map { weights[$0] } })
    }
  }
}
