import PushforwardCore
import PushforwardLatent
import PushforwardTables

/// The way between a table's columns and a latent-variable model's cells: real columns and dates through an encoder,
/// whole numbers and categories by number.
struct LatentColumns: Codable, Sendable, Equatable {
  /// The real columns, the dates and the conditions.
  let encoder: Encoder
  /// All modelled columns, in the table's order.
  let entries: [LatentColumn]
  /// Columns of the table that are not modelled, and why.
  let leftOut: [Encoder.LeftOut]

  /// A table's rows as cells.
  struct Rows {
    /// Numbers of the table's rows, those with a missing condition left out.
    var keptRows: [Int]
    /// `kept rows x columns`, NaN for missing.
    var cells: Matrix<Double>
    /// The encoder's log-determinant of the cells that are there, less the logarithms of whole numbers' steps, nats, one a row.
    var logDet: [Double]
    /// `kept rows x contextWidth`; `nil` when nothing is given.
    var context: Matrix<Float>?
    /// Rows left out, in words.
    var leftOutNote: String?
    /// Missing cells of the columns conditioned on.
    var missing: [(column: String, count: Int)]
  }

  /// Finds forms for a table's columns.
  ///
  /// - Throws: `TableError`.
  init(_ ready: MixturePreparation) throws {
    entries = try LatentColumn.forms(
      ready.choice.modelled, table: ready.table, likelihood: ready.options.latent.likelihood)
    leftOut = ready.choice.leftOut
    encoder = try Encoder(
      fitting: ready.training, schema: ready.schema,
      modelled: entries.filter { $0.form == .encoded }.map(\.name), conditions: ready.options.given,
      weights: ready.trainingWeights, options: ready.options.encoder)
  }

  /// What the model is told of each column.
  var kinds: [ColumnLikelihood.Kind] { entries.map(\.kind) }

  /// Columns that a table must have to be scored.
  var requiredColumns: [(name: String, storage: Column.Storage)] {
    entries.map { ($0.name, $0.schema.kind.storage) } + encoder.conditions.map { ($0.name, $0.schema.kind.storage) }
  }

  /// The cells of a table's rows; a modelled column that the table does not have is missing in every row.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - jitterSeed: Spreads real cells over their recording steps, for training.
  /// - Returns: The rows whose conditions are all there.
  /// - Throws: `TableError`.
  func rows(of table: Table, jitterSeed: UInt64? = nil) throws -> Rows {
    let given = try encoder.conditions.map { (name: $0.name, column: try table.column($0.name)) }
    let missing = given.filter { $0.column.missingCount > 0 }
    var kept = Array(0..<table.rowCount)
    if !missing.isEmpty { kept.removeAll { row in missing.contains { $0.column.isMissing(row: row) } } }
    let used = kept.count == table.rowCount ? table : table.selecting(rows: kept)
    let encoded = try encoder.encodePartially(used, jitterSeed: jitterSeed)
    let real = encoder.columns.count
    var cells = Matrix<Double>(rows: kept.count, columns: entries.count, repeating: .nan)
    var feature = 0
    var steps = [Double](repeating: 0, count: kept.count)
    for (index, entry) in entries.enumerated() {
      if entry.form == .encoded {
        for row in 0..<kept.count { cells[row, index] = encoded.values[row * real + feature] }
        feature += 1
      } else if let column = used[entry.name] {
        let numbers = try entry.cells(column, place: used.place(ofRow:))
        let logStep = entry.logStep
        for row in 0..<kept.count {
          cells[row, index] = numbers[row]
          if !numbers[row].isNaN { steps[row] += logStep }
        }
      }
    }
    let dropped = table.rowCount - kept.count
    return Rows(
      keptRows: kept, cells: cells,
      logDet: (0..<kept.count).map { row in encoded.logDets[row * real..<(row + 1) * real].reduce(-steps[row], +) },
      context: try context(of: used, encoded: encoded.conditions),
      leftOutNote: dropped == 0
        ? nil : "\(dropped) of \(table.rowCount) rows left out, for missing cells in what the model is conditioned on",
      missing: missing.map { ($0.name, $0.column.missingCount) })
  }

  /// Features of what is given of a row: the encoder's, and an indicator of each value of whole numbers of few values
  /// (a digit, a class), which are as likely names as quantities.
  var contextWidth: Int { encoder.conditionWidth + indicated.reduce(0) { $0 + $1.count } }

  private var indicated: [(schema: ColumnSchema, lower: Double, step: Double, count: Int)] {
    encoder.conditions.compactMap { condition in
      let schema = condition.schema
      guard schema.kind == .wholeNumber, let low = schema.minimum, let high = schema.maximum else { return nil }
      let step = schema.step ?? 1
      guard step > 0, (high - low) / step < LatentColumn.fewPlaces else { return nil }
      return (schema, low, step, Int(((high - low) / step).rounded()) + 1)
    }
  }

  /// What is given of each row of a table, `rows x contextWidth`; `nil` when the model has no conditions.
  ///
  /// - Parameters:
  ///   - table: Rows with all conditions.
  ///   - encoded: The encoder's conditions of these rows, if they are at hand.
  /// - Returns: One row each.
  /// - Throws: `TableError.missingCell`, `.unseenLevel`, `.wrongKind`, `.unknownColumn`.
  func context(of table: Table, encoded: [Double]? = nil) throws -> Matrix<Float>? {
    if encoder.conditions.isEmpty { return nil }
    let (known, width) = (try encoded ?? encoder.conditions(of: table), encoder.conditionWidth)
    var context = Matrix<Float>(rows: table.rowCount, columns: contextWidth)
    for row in 0..<table.rowCount { for i in 0..<width { context[row, i] = Float(known[row * width + i]) } }
    var offset = width
    for (schema, lower, step, count) in indicated {
      let values = try schema.numbers(table.column(schema.name), place: table.place(ofRow:)).values
      for (row, value) in values.enumerated() {
        let place = ((value - lower) / step).rounded()
        if place >= 0 && place < Double(count) { context[row, offset + Int(place)] = 1 }
      }
      offset += count
    }
    return context
  }

  /// Cells as a table in the columns' own units.
  ///
  /// - Throws: `TableError`.
  func table(_ cells: Matrix<Double>) throws -> Table {
    let encoded = entries.indices.filter { entries[$0].form == .encoded }
    let decoded =
      encoded.isEmpty
      ? nil : try encoder.decode((0..<cells.rows).flatMap { row in encoded.map { cells[row, $0] } })
    return try Table(
      entries.enumerated().map { index, entry in
        if let decoded, entry.form == .encoded { return (entry.name, try decoded.column(entry.name)) }
        return (entry.name, try entry.column(cells.column(index)))
      })
  }

  /// Decimals of the columns that have a recording step.
  var decimals: [String: Int] {
    var decimals: [String: Int] = [:]
    for entry in entries { decimals[entry.name] = entry.decimals }
    for column in encoder.columns { decimals[column.name] = column.decimals }
    return decimals
  }

  /// Whether the parts fit each other and the likelihoods (those of a file need not).
  func isConsistent(with likelihoods: [ColumnLikelihood]) -> Bool {
    !entries.isEmpty && entries.count == likelihoods.count && Set(entries.map(\.name)).count == entries.count
      && entries.filter { $0.form == .encoded }.map(\.name) == encoder.columns.map(\.name)
      && zip(entries, likelihoods).allSatisfy { $0.isConsistent(with: $1) }
  }
}
