import PushforwardCore
import PushforwardTables
import PushforwardTraining

/// The rows of a fit: those that train, those that judge, and those that the encoders are fitted to, wherever they are.
struct FitRows {
  /// Rows of the table.
  let tableRows: Int
  /// Rows left out for missing cells, in words.
  let leftOutNote: String?
  /// Rows held out; 0: the training rows judge.
  let heldOutCount: Int
  /// Training rows without missing cells: all of them, or a sample of a table that is not in memory.
  let known: Table
  let knownWeights: [Double]?
  /// The rows that judge.
  let judged: Table
  let judgedWeights: [Double]?
  /// The training rows on an encoder's scale.
  let source: (Encoder) throws -> any RowSource<Float>

  /// The rows of a table in memory.
  ///
  /// - Throws: `TableError`, `EstimatorError`.
  init(_ table: Table, schema: Schema, modelled: [String]?, options: FitOptions) throws {
    let (usable, missing) = try Encoder.completeRows(
      of: table, schema: schema, modelled: modelled, conditions: options.given)
    let note = PreparedRows.leftOutNote(table.rowCount - usable.count, of: table.rowCount, missing: missing)
    guard usable.count >= DensityModel.minimumRows else {
      throw EstimatorError.tooFewRows(expected: DensityModel.minimumRows, found: usable.count, note: note)
    }
    let split = Split(usable: usable, options: options)
    let weights = try options.weights.map { try table.rowWeights(column: $0, rows: usable) }
    // Rows without weight say nothing, of the columns' scales neither.
    let weighty = split.training.filter { weights?[$0] ?? 1 > 0 }
    let training = weighty.isEmpty ? split.training : weighty
    (tableRows, leftOutNote, heldOutCount) = (table.rowCount, note, split.heldOut.count)
    known = table.selecting(rows: training.map { usable[$0] })
    knownWeights = weights.map { weights in training.map { weights[$0] } }
    judged = split.heldOut.isEmpty ? known : table.selecting(rows: split.heldOut.map { usable[$0] })
    judgedWeights = split.heldOut.isEmpty ? knownWeights : weights.map { weights in split.heldOut.map { weights[$0] } }
    source = { encoder in
      EncodedSource(
        encoder: encoder, rows: try encoder.prepare(table), indices: training, weights: weights,
        seed: options.seed)
    }
  }

  /// The rows of a table that is not in memory.
  ///
  /// A row is held out by its key, which depends on the seed and the row's number alone.
  ///
  /// - Throws: `TableError`, `EstimatorError`.
  init(_ cache: TableCache, schema: Schema, modelled: [String]?, options: FitOptions) throws {
    let heldOutShare =
      cache.rowCount < 20 ? 0 : min(options.heldOutFraction, Double(Split.mostHeldOut) / Double(cache.rowCount))
    func complete(_ part: (table: Table, rows: [Int]), where isWanted: (Double) -> Bool) throws -> Table {
      let (usable, _) = try Encoder.completeRows(
        of: part.table, schema: schema, modelled: modelled, conditions: options.given)
      return part.table.selecting(
        rows: usable.filter { isWanted(RowKey.value(seed: cache.seed, row: part.rows[$0])) })
    }
    try Self.checkWeights(cache, column: options.weights)
    func weights(_ table: Table) throws -> [Double]? {
      try options.weights.map { try table.numbers($0) }
    }
    let known = try complete(cache.sample) { $0 >= heldOutShare }
    let heldOut = try complete(cache.lowest) { $0 < heldOutShare }
    self.known = known
    knownWeights = try weights(known)
    judged = heldOut.rowCount == 0 ? known : heldOut
    judgedWeights = try weights(judged)
    tableRows = cache.rowCount
    heldOutCount = heldOut.rowCount
    let names = try Encoder.columnNames(schema: schema, modelled: modelled, conditions: options.given)
    let missing = cache.columns.filter { names.contains($0.name) && $0.missingCount > 0 }
    leftOutNote =
      missing.isEmpty
      ? nil
      : "rows left out for missing cells: \(missing.map { "\($0.name) (\($0.missingCount))" }.joined(separator: ", "))"
    if known.rowCount + heldOut.rowCount < DensityModel.minimumRows {
      throw EstimatorError.tooFewRows(
        expected: DensityModel.minimumRows, found: known.rowCount + heldOut.rowCount, note: leftOutNote)
    }
    source = { encoder in
      try CachedSource(
        cache, encoder: encoder, weights: options.weights, lowestKey: heldOutShare, seed: options.seed,
        workers: options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool())
    }
  }

  private static func checkWeights(_ cache: TableCache, column name: String?) throws {
    guard let name else { return }
    let column = cache.columns[try cache.index(ofColumn: name)]
    func bad(_ detail: String) -> EstimatorError { .badWeights(column: name, detail: detail) }
    if column.storage == .categories { throw bad("expected numbers, found text") }
    if column.missingCount > 0 { throw bad("\(column.missingCount) cells are missing") }
    if column.minimum < 0 { throw bad("expected finite numbers, not negative; found \(column.minimum)") }
    if !(column.maximum > 0) { throw bad("all weights are zero") }
  }
}
