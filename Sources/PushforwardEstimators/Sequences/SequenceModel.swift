import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import PushforwardTables

/// A hidden Markov model of a table whose rows are in the order of time, in one sequence or several.
///
/// The score of a row is log p(row | the rows before it in its sequence), so that the rows of a sequence sum to its
/// log-likelihood. Missing cells are marginalised exactly.
public struct SequenceModel: TableModel {
  /// What stands in a model file for this type.
  public static var family: ModelFamily { .sequences }

  /// What the table's columns are.
  public let schema: Schema
  /// How the model came about.
  public let record: FitRecord
  /// Columns of the table that the model does not see, and why.
  public let leftOut: [Encoder.LeftOut]
  /// The model with normal emissions, on the model's scale; where the states emit by a flow, what that started from.
  public let hidden: ComponentHiddenMarkovModel
  /// The model with flow emissions, if that is what was fitted.
  public let flow: FlowHiddenMarkovModel?
  /// One normal distribution of all rows, without memory, to compare with; `nil` in files of older programs.
  let memoryless: GaussianMixture?
  /// Lengths of training sequences, a thousand at most.
  public let lengths: [Int]
  let encoding: MixedEncoding
  let sequence: SequenceColumn?

  /// The column that names the sequences.
  public var sequenceColumn: String? { sequence?.name }
  /// Names of the modelled columns.
  public var columns: [String] { encoding.modelled }
  /// None.
  public var conditions: [(name: String, storage: Column.Storage)] { [] }
  /// The columns that a table must have to be scored.
  public var requiredColumns: [(name: String, storage: Column.Storage)] {
    (sequence.map { [($0.name, .categories)] } ?? []) + encoding.requiredColumns
  }
  /// Decimals of the columns that have a recording step.
  public var decimals: [String: Int] { encoding.decimals }
  /// The chain of the states.
  public var chain: MarkovChain { flow?.chain ?? hidden.chain }
  /// Exact, also with missing cells (but by draws where a flow's numbers are missing in part); a row's score depends on the
  /// rows before it.
  public var traits: ModelTraits {
    var traits = ModelTraits()
    (traits.acceptsMissing, traits.completes, traits.isSequential) = (true, true, true)
    return traits
  }

  /// log p of each row's present cells given the rows before it in its sequence.
  ///
  /// - Throws: `TableError`, `EstimatorError.badSequences`.
  public func score(_ table: Table, workers: WorkerPool?) throws -> RowScores {
    if table.rowCount == 0 { return RowScores(logProb: [], scoredRows: []) }
    let layout = try SequenceColumn.layout(sequence, of: table)
    let rows = try encoding.rows(table)
    var logProb = try chain.filter(densities(rows.mixture, workers), layout.sequences, workers: workers).rowLogProb
    for row in logProb.indices { logProb[row] += rows.logDet[row] }
    return RowScores(logProb: logProb, scoredRows: Array(0..<table.rowCount))
  }

  /// log p(row | state) on the model's scale.
  func densities(_ rows: MixtureRows, _ workers: WorkerPool?) throws -> StateMatrix {
    try flow?.emission.logDensities(rows, workers: workers) ?? hidden.emission.logDensities(rows, workers: workers)
  }

  /// A sequence on the model's scale.
  private func drawn(length: Int, sequence: Int, seed: UInt64) throws -> MixtureRows {
    guard let flow else { return hidden.sample(length: length, sequence: sequence, seed: seed).rows }
    let path = flow.samplePath(length: length, sequence: sequence, seed: seed)
    return try flow.emission.sample(path, seed: RandomStream(seed: seed, purpose: .base).split(UInt64(sequence)).seed)
  }

  /// The log-likelihood of each sequence of a table.
  ///
  /// - Returns: For each sequence its name (`nil` without a sequence column), its rows and its log-likelihood in nats.
  /// - Throws: as `score`.
  public func scoreSequences(
    _ table: Table, workers: WorkerPool? = nil
  ) throws -> [(name: String?, rows: Range<Int>, logProb: Double)] {
    let scores = try score(table, workers: workers).logProb
    if table.rowCount == 0 { return [] }
    let layout = try SequenceColumn.layout(sequence, of: table)
    return layout.labels.enumerated().map { index, name in
      let rows = layout.sequences.rows(index)
      return (name, rows, rows.reduce(0) { $0 + scores[$1] })
    }
  }

  /// Draws rows: one sequence, or, with a sequence column, sequences as long as those of the training rows, one after the
  /// other, and the column with their numbers.
  ///
  /// - Throws: `EngineError.invalidSetting`, `EstimatorError.conditions`, `TableError`.
  public func sample(
    count: Int, given: Table?, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> Table {
    try checkSampling(count: count, given: given, firstRow: firstRow)
    guard sequence != nil else {
      let rows = try drawn(length: firstRow + count, sequence: 0, seed: seed)
      return try encoding.decode(rows.selecting(Array(firstRow..<firstRow + count)))
    }
    // Whole sequences until there are enough rows.
    var (sequences, rows) = (0, 0)
    while rows < firstRow + count {
      rows += length(ofSequence: sequences, seed: seed)
      sequences += 1
    }
    return try sampleSequences(count: sequences, seed: seed).selecting(rows: firstRow..<firstRow + count)
  }

  /// Draws sequences.
  ///
  /// - Parameters:
  ///   - count: Number of sequences, not negative.
  ///   - length: Rows of each; by default as many as a training sequence, drawn at random, has.
  ///   - seed: Same seed, same sequences; more sequences begin with the fewer.
  /// - Returns: The modelled columns, behind one that numbers the sequences from 1 (named as in the training table, or
  ///   `sequence`).
  /// - Throws: `EngineError.invalidSetting`, `TableError`.
  public func sampleSequences(count: Int, length: Int? = nil, seed: UInt64) throws -> Table {
    for (name, value) in [("number of sequences", count), ("length", length ?? 1)] where value < 0 {
      throw EngineError.invalidSetting(name: name, expected: "not negative", found: "\(value)")
    }
    var numbers: [Double] = []
    var codes: [Int32] = []
    var labels: [Int] = []
    for index in 0..<count {
      let rows = try drawn(
        length: length ?? self.length(ofSequence: index, seed: seed), sequence: index, seed: seed)
      numbers += rows.numbers.values
      codes += rows.codes
      labels += [Int](repeating: index + 1, count: rows.count)
    }
    let rows = try MixtureRows(
      numbers: Matrix(rows: labels.count, columns: encoding.numbers.count, values: numbers), codes: codes,
      levels: encoding.levels)
    let drawn = try encoding.decode(rows)
    let names = Column.categories(CategoryColumn(labels.map { String($0) }))
    return try Table([(sequence?.name ?? "sequence", names)] + drawn.columns.map { ($0, $1) })
  }

  private func length(ofSequence index: Int, seed: UInt64) -> Int {
    let u = RandomStream(seed: seed, purpose: .user).uniform(row: UInt64(index))
    return lengths[min(Int(u * Double(lengths.count)), lengths.count - 1)]
  }

  /// Fills missing cells with draws from their distribution given all present cells of the sequence.
  ///
  /// - Throws: `TableError`, `EstimatorError.badSequences`.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    let rows = try encoding.rows(table, absent: true).mixture
    if table.rowCount == 0 { return try encoding.filled(table, with: encoding.decode(rows)) }
    let layout = try SequenceColumn.layout(sequence, of: table)
    let own = RandomStream(seed: seed, purpose: .user).split(UInt64(draw)).split(UInt64(firstRow)).seed
    let drawn: MixtureRows
    if let flow {
      let densities = try flow.emission.logDensities(rows, workers: workers)
      let path = try flow.chain.drawPath(densities, layout.sequences, seed: own, workers: workers)
      drawn = try flow.emission.completing(rows, path: path, seed: own, workers: workers)
    } else {
      drawn = try hidden.completing(rows, layout.sequences, seed: own, workers: workers)
    }
    return try encoding.filled(table, with: encoding.decode(drawn))
  }
}
